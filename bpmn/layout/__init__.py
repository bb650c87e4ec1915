"""Places for the shapes of a recipe diagram, so that a person can read it in any BPMN modeler.

Unit procedures stand one per row, from top to bottom; inside, steps run from left to right, the usual way on one
straight line, other branches below it. Flows run at right angles. The same diagram always gets the same places.
"""

from __future__ import annotations

from lxml import etree

from bpmn.diagram import BPMN
from bpmn.layout.graph import Graph, name_of
from bpmn.layout.rows import rows_scene, stands_in_rows
from bpmn.layout.scene import Rect, Scene
from bpmn.layout.sequence import sequence_scene

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
_MARGIN = 40
_FRAME_LEFT, _FRAME_RIGHT, _FRAME_TOP, _FRAME_BOTTOM, _MARKER = 30, 30, 45, 24, 20

__all__ = ["lay_out"]


def lay_out(root: etree._Element) -> None:
    """Give every shape and flow its place, in one diagram for each process; earlier places are dropped."""
    for old in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(old)
    for process in root.findall(f"{{{BPMN}}}process"):
        scene = _scope(process)
        left = min((rect.x for rect in scene.shapes.values()), default=0)
        scene.shift(_MARGIN - min(left, scene.left), _MARGIN + scene.up)
        _write(root, process, scene)


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
        shape.set("id", f"{shape_id}_shape")
        shape.set("bpmnElement", shape_id)
        kind = etree.QName(elements[shape_id]).localname
        if kind in _FRAMES:
            shape.set("isExpanded", "true")
        if kind == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
        _bounds(shape, rect)
        _label(shape, scene.labels.get(shape_id))
    for flow_id, points in scene.lines.items():
        edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge")
        edge.set("id", f"{flow_id}_edge")
        edge.set("bpmnElement", flow_id)
        for x, y in points:
            point = etree.SubElement(edge, f"{{{DD}}}waypoint")
            point.set("x", str(round(x)))
            point.set("y", str(round(y)))
        if name_of(elements[flow_id]):
            _label(edge, scene.labels.get(flow_id))


def _label(parent: etree._Element, rect: Rect | None) -> None:
    if rect is not None:
        _bounds(etree.SubElement(parent, f"{{{DI}}}BPMNLabel"), rect)


def _bounds(parent: etree._Element, rect: Rect) -> None:
    bounds = etree.SubElement(parent, f"{{{DC}}}Bounds")
    for name, value in (("x", rect.x), ("y", rect.y), ("width", rect.width), ("height", rect.height)):
        bounds.set(name, str(round(value)))
