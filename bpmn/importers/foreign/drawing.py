"""Places for the shapes that a file lacks: what was added stands beside what it belongs to, everything else stays put."""

from __future__ import annotations

from lxml import etree

from bpmn.checks.schema import FLOW_NODES
from bpmn.diagram import BPMN
from bpmn.importers.foreign.repair import Workbench, bpmn, local
from bpmn.layout import DC, DD, DI, lay_out

_SIZES = {"event": (36, 36), "gateway": (50, 50), "task": (100, 80)}
_GAP = 45
Box = tuple[float, float, float, float]


def repair(bench: Workbench) -> None:
    """Offer a whole new drawing where there is none, or places for what has none."""
    shapes = _shapes(bench.root)
    wanted = {str(element.get("id")): element for element in (*bench.nodes(), *bench.flows())}
    missing = {key: element for key, element in wanted.items() if key not in shapes}
    if not missing or not _connected(bench):
        return
    process = bench.root.find(bpmn("process"))
    whole = bench.root if process is None else process

    def draw() -> None:
        lay_out(bench.root)

    def add() -> None:
        _add(bench, shapes, missing)

    drawn = next(bench.root.iter(f"{{{DI}}}BPMNPlane"), None) is not None and any(key in shapes for key in wanted)
    if not drawn:
        bench.offer("layout", whole, "the diagram is drawn", "no drawing", "every element has a place", draw)
    else:
        before = f"{len(missing)} elements without a place"
        bench.offer(
            "shapes", whole, "what has no place on the drawing gets one", before, "places beside what they belong to", add
        )


def _connected(bench: Workbench) -> bool:
    """True where every flow joins two nodes of its scope; what hangs in the air can't be drawn, and is told by the checks."""
    scopes: dict[etree._Element | None, set[str]] = {}
    for node in bench.nodes():
        scopes.setdefault(node.getparent(), set()).add(str(node.get("id")))
    drawn = sum(map(len, scopes.values()))
    nodes = sum(1 for element in bench.root.iter(f"{{{BPMN}}}*") if local(element) in FLOW_NODES)
    flows = list(bench.root.iter(bpmn("sequenceFlow")))
    return drawn == nodes and all(
        flow.get("id") and {flow.get("sourceRef"), flow.get("targetRef")} <= scopes.get(flow.getparent(), set()) for flow in flows
    )


def _shapes(root: etree._Element) -> dict[str, etree._Element]:
    return {str(s.get("bpmnElement")): s for s in root.iter(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge")}


def _add(bench: Workbench, shapes: dict[str, etree._Element], missing: dict[str, etree._Element]) -> None:
    plane = next(bench.root.iter(f"{{{DI}}}BPMNPlane"))
    waiting = {key: node for key, node in missing.items() if local(node) != "sequenceFlow"}
    lowest = max((box[1] + box[3] for shape in shapes.values() if (box := _box(shape))), default=0.0)
    while waiting:
        placed = [key for key, node in waiting.items() if _beside(bench, plane, shapes, node)]
        if not placed:  # nothing that is drawn leads to it: below everything, to be moved by a person
            key, node = next(iter(waiting.items()))
            _shape(bench, plane, shapes, node, 160, lowest + _GAP)
            lowest += 80 + _GAP
            placed = [key]
        for key in placed:
            del waiting[key]
    for flow in bench.flows():
        ends = [_box(shapes.get(flow.get(name, ""))) for name in ("sourceRef", "targetRef")]
        if ends[0] is None or ends[1] is None:
            continue
        edge = shapes.get(flow.get("id", ""))
        if edge is None:
            edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge", id=bench.new_id(f"{flow.get('id')}_di"))
            edge.set("bpmnElement", flow.get("id", ""))
        elif flow.get("sourceRef") not in missing:
            continue
        _lead(edge, ends[0], ends[1])


def _beside(bench: Workbench, plane: etree._Element, shapes: dict[str, etree._Element], node: etree._Element) -> bool:
    """Right of what leads to it, or left of what it leads to."""
    width, height = _size(node)
    for flow in bench.incoming(node):
        box = _box(shapes.get(flow.get("sourceRef", "")))
        if box is not None:
            _shape(bench, plane, shapes, node, box[0] + box[2] + _GAP, box[1] + (box[3] - height) / 2)
            return True
    for flow in bench.outgoing(node):
        box = _box(shapes.get(flow.get("targetRef", "")))
        if box is not None:
            _shape(bench, plane, shapes, node, box[0] - _GAP - width, box[1] + (box[3] - height) / 2)
            return True
    return False


def _shape(
    bench: Workbench, plane: etree._Element, shapes: dict[str, etree._Element], node: etree._Element, x: float, y: float
) -> None:
    width, height = _size(node)
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", id=bench.new_id(f"{node.get('id')}_di"))
    shape.set("bpmnElement", node.get("id", ""))
    bounds = {"x": f"{x:.0f}", "y": f"{y:.0f}", "width": str(width), "height": str(height)}
    etree.SubElement(shape, f"{{{DC}}}Bounds", bounds)
    shapes[str(node.get("id"))] = shape


def _size(node: etree._Element) -> tuple[int, int]:
    kind = local(node)
    return _SIZES["event" if kind.endswith("Event") else "gateway" if kind.endswith("Gateway") else "task"]


def _box(shape: etree._Element | None) -> Box | None:
    bounds = shape.find(f"{{{DC}}}Bounds") if shape is not None else None
    if bounds is None:
        return None
    try:
        x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
    except ValueError:
        return None  # refused by the check of the drawing
    return x, y, width, height


def _lead(edge: etree._Element, source: Box, target: Box) -> None:
    """A straight line from the right of one shape to the left of the other."""
    for old in edge.findall(f"{{{DD}}}waypoint"):
        edge.remove(old)
    points = ((source[0] + source[2], source[1] + source[3] / 2), (target[0], target[1] + target[3] / 2))
    for place, (x, y) in enumerate(points):
        edge.insert(place, etree.Element(f"{{{DD}}}waypoint", x=f"{x:.0f}", y=f"{y:.0f}"))
