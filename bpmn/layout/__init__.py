"""Places for the shapes of a recipe diagram, so that a person can read it in any BPMN modeler.

Unit procedures stand one per row, from top to bottom; inside, steps run from left to right, the usual way on one
straight line, other branches below it. Flows run at right angles. The same diagram always gets the same places.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from bpmn.diagram import BPMN
from bpmn.layout.graph import Graph, name_of
from bpmn.layout.placing import Placing
from bpmn.layout.rows import rows_scene, stands_in_rows
from bpmn.layout.scene import Point, Rect, Scene, label_at
from bpmn.layout.sequence import sequence_scene

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
_MARGIN = 40
_FRAME_LEFT, _FRAME_RIGHT, _FRAME_TOP, _FRAME_BOTTOM, _MARKER = 30, 30, 45, 24, 20

__all__ = ["drawn_by_us", "lay_out", "place_new"]


def lay_out(root: etree._Element) -> None:
    """Give every shape and flow its place, in one diagram for each process; earlier places are dropped."""
    for old in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(old)
    for process in root.findall(f"{{{BPMN}}}process"):
        _draw(root, process)


def _draw(root: etree._Element, process: etree._Element) -> None:
    scene = _scope(process)
    left = min((rect.x for rect in scene.shapes.values()), default=0)
    scene.shift(_MARGIN - min(left, scene.left), _MARGIN + scene.up)
    _write(root, process, scene)


def drawn_by_us(root: etree._Element) -> bool:
    """Whether every shape and line stands where `lay_out` puts it, so that drawing it anew loses nobody's work."""
    again = deepcopy(root)
    lay_out(again)
    return _places(root) == _places(again)


def place_new(root: etree._Element) -> None:
    """Give what has no place one, and keep the places of all else; what is drawn and does not exist is dropped.

    A diagram without any drawing gets one.
    """
    if root.find(f".//{{{DI}}}BPMNShape") is None:
        lay_out(root)
        return
    planes = {plane.get("bpmnElement", ""): plane for plane in root.iter(f"{{{DI}}}BPMNPlane")}
    processes = {str(process.get("id")): process for process in root.findall(f"{{{BPMN}}}process")}
    for name, plane in planes.items():
        diagram = plane.getparent()
        if name not in processes and diagram is not None and root.find(f"{{{BPMN}}}collaboration") is None:
            root.remove(diagram)
    for name, process in processes.items():
        if name in planes:
            _complete(root, process, planes[name])
        elif root.find(f"{{{BPMN}}}collaboration") is None:
            _draw(root, process)


def _complete(root: etree._Element, process: etree._Element, plane: etree._Element) -> None:
    """The plane of a process again, around what it has already."""
    drawn: dict[str, etree._Element] = {}
    for element in list(plane):
        if isinstance(element.tag, str) and element.get("bpmnElement"):
            drawn.setdefault(element.get("bpmnElement", ""), element)
    rects = {key: rect for key, e in drawn.items() if (rect := _rect(e.find(f"{{{DC}}}Bounds"))) is not None}
    lines = {key: _points(e) for key, e in drawn.items() if e.tag == f"{{{DI}}}BPMNEdge"}
    placing = Placing(process, rects, lines, _frame)
    elements = {str(e.get("id")): e for e in process.iter() if isinstance(e.tag, str) and e.get("id")}
    for key, element in drawn.items():
        if key not in elements:
            plane.remove(element)
    ids = {e.get("id") for e in root.iter(etree.Element)}
    for key, rect in placing.shapes.items():
        shape = drawn.get(key)
        if shape is None:
            _new_shape(plane, elements[key], rect, ids)
        elif rect != rects[key]:
            _move(shape, rects[key], rect)
    for key, points in placing.lines.items():
        if points != lines.get(key):
            _new_edge(plane, elements[key], points, drawn.get(key), ids)


def _new_shape(plane: etree._Element, element: etree._Element, rect: Rect, ids: set[str | None]) -> None:
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape")
    _shape(shape, element, rect, _free_id(f"{element.get('id')}_shape", ids))
    if name_of(element) and rect.width == rect.height:
        _label(shape, label_at(name_of(element), rect.bottom + 4, cx=rect.cx))


def _new_edge(
    plane: etree._Element, element: etree._Element, points: list[Point], edge: etree._Element | None, ids: set[str | None]
) -> None:
    flow_id = str(element.get("id"))
    if edge is None:
        edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge", id=_free_id(f"{flow_id}_edge", ids), bpmnElement=flow_id)
    for child in list(edge):
        edge.remove(child)
    _waypoints(edge, points)
    if name_of(element):
        (x, y), (next_x, _) = points[0], points[1]
        _label(edge, label_at(name_of(element), y + 4, cx=(x + next_x) / 2))


def _free_id(wanted: str, ids: set[str | None]) -> str:
    name, number = wanted, 2
    while name in ids:
        name, number = f"{wanted}_{number}", number + 1
    ids.add(name)
    return name


def _move(shape: etree._Element, was: Rect, now: Rect) -> None:
    for bounds in shape.iter(f"{{{DC}}}Bounds"):
        rect = _rect(bounds)
        if rect is None:
            continue
        own = bounds.getparent() is shape
        new = now if own else rect.moved(now.x - was.x, now.y - was.y)
        for name, value in (("x", new.x), ("y", new.y), ("width", new.width), ("height", new.height)):
            bounds.set(name, f"{round(value, 2):.10g}")


def _rect(bounds: etree._Element | None) -> Rect | None:
    """The rectangle of a shape; None where it is none."""
    try:
        return Rect(*(float(bounds.get(name, "")) for name in ("x", "y", "width", "height"))) if bounds is not None else None
    except ValueError:
        return None


def _points(edge: etree._Element) -> list[Point]:
    try:
        return [(float(e.get("x", "")), float(e.get("y", ""))) for e in edge.findall(f"{{{DD}}}waypoint")]
    except ValueError:
        return []


def _places(root: etree._Element) -> dict[str, tuple[object, ...]]:
    """Where each thing stands."""
    drawn = [e for plane in root.iter(f"{{{DI}}}BPMNPlane") for e in plane if isinstance(e.tag, str)]
    return {e.get("bpmnElement", ""): (_rect(e.find(f"{{{DC}}}Bounds")), tuple(_points(e))) for e in drawn}


def _scope(element: etree._Element) -> Scene:
    """The shapes and flows of a process or subprocess, around its centre line."""
    graph = Graph.read(element)
    frames = {node.id: _frame(node.element) for node in graph.nodes.values() if node.kind in _FRAMES}
    return rows_scene(graph, frames) if stands_in_rows(graph) else sequence_scene(graph, frames)


_FRAMES = {"subProcess", "transaction", "adHocSubProcess"}


def _frame(element: etree._Element) -> Scene:
    """A subprocess with everything in it; its centre line is that of its content."""
    scene = _scope(element)
    scene.shift(_FRAME_LEFT - scene.left, 0)
    width = scene.width + _FRAME_LEFT + _FRAME_RIGHT
    repeated = any(str(child.tag).endswith("LoopCharacteristics") for child in element)
    up, down = scene.up + _FRAME_TOP, scene.down + _FRAME_BOTTOM + (_MARKER if repeated else 0)
    shapes = {str(element.get("id")): Rect(0, -up, width, up + down), **scene.shapes}
    return Scene(shapes, scene.lines, scene.labels, {}, width, up, down)


def _write(root: etree._Element, process: etree._Element, scene: Scene) -> None:
    process_id = str(process.get("id"))
    names = {"bpmndi": DI, "dc": DC, "di": DD}
    diagram = etree.SubElement(root, f"{{{DI}}}BPMNDiagram", nsmap=names)
    diagram.set("id", f"{process_id}_diagram")
    plane = etree.SubElement(diagram, f"{{{DI}}}BPMNPlane")
    plane.set("id", f"{process_id}_plane")
    plane.set("bpmnElement", process_id)
    elements = {str(e.get("id")): e for e in process.iter() if isinstance(e.tag, str) and e.get("id")}
    for shape_id, rect in scene.shapes.items():
        shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape")
        _shape(shape, elements[shape_id], rect, f"{shape_id}_shape")
        _label(shape, scene.labels.get(shape_id))
    for flow_id, points in scene.lines.items():
        edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge")
        edge.set("id", f"{flow_id}_edge")
        edge.set("bpmnElement", flow_id)
        _waypoints(edge, points)
        if name_of(elements[flow_id]):
            _label(edge, scene.labels.get(flow_id))


def _shape(shape: etree._Element, element: etree._Element, rect: Rect, shape_id: str) -> None:
    shape.set("id", shape_id)
    shape.set("bpmnElement", str(element.get("id")))
    kind = etree.QName(element).localname
    if kind in _FRAMES:
        shape.set("isExpanded", "true")
    if kind == "exclusiveGateway":
        shape.set("isMarkerVisible", "true")
    _bounds(shape, rect)


def _waypoints(edge: etree._Element, points: list[Point]) -> None:
    for x, y in points:
        point = etree.SubElement(edge, f"{{{DD}}}waypoint")
        point.set("x", str(round(x)))
        point.set("y", str(round(y)))


def _label(parent: etree._Element, rect: Rect | None) -> None:
    if rect is not None:
        _bounds(etree.SubElement(parent, f"{{{DI}}}BPMNLabel"), rect)


def _bounds(parent: etree._Element, rect: Rect) -> None:
    bounds = etree.SubElement(parent, f"{{{DC}}}Bounds")
    for name, value in (("x", rect.x), ("y", rect.y), ("width", rect.width), ("height", rect.height)):
        bounds.set(name, str(round(value)))
