"""Steps from left to right: the usual way on one straight line, other branches below it."""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.layout.graph import BOUNDARY_GAP, EVENT, Flow, Graph, Node
from bpmn.layout.scene import LABEL_WIDTH, Point, Rect, Scene, label_at, label_size

GAP, LABEL_GAP, LANE_GAP = 40, LABEL_WIDTH + 20, 24
_DROP = 34  # from a boundary event down to its end event


@dataclass(slots=True)
class _Layouter:
    """Places the nodes of one scope, each once."""

    graph: Graph
    frames: dict[str, Scene]
    main: set[str]
    meetings: dict[str, str]
    placed: set[str]

    def sequence(self, node: str, stop: str) -> Scene:
        """Node after node until `stop`, a node that has its place already, or an end."""
        scene = Scene()
        while node and node != stop and node not in self.placed:
            self.placed.add(node)
            if scene.shapes:
                scene.width += GAP
            ways = self.graph.successors(node)
            part = self._node(node)
            following = ways[0].target if len(ways) == 1 else ""
            if len(ways) > 1 or (ways and ways[0].source != node):
                following = self._fork(node, ways, part)
            scene.add(part, scene.width, 0)
            scene.width += part.width
            node = following
        return scene

    def _node(self, node: str) -> Scene:
        """One shape with the events at its lower edge."""
        found = self.graph.nodes[node]
        scene = self.frames.get(node)
        if scene is None:
            width, height = found.size
            scene = Scene({node: Rect(0, -height / 2, width, height)}, width=width, up=height / 2, down=height / 2)
        _name(scene, found)
        place_boundaries(self.graph, found, scene)
        return scene

    def _fork(self, node: str, ways: list[Flow], scene: Scene) -> str:
        """The branches behind a node; answers the node at which the straight line goes on."""
        inside = [way for way in ways if way.target in self.main] or ways
        meeting = self.meetings[node] if len(inside) > 1 else inside[0].target
        indent = scene.width + (LABEL_GAP if any(way.name for way in ways) else GAP)
        bottom = scene.down
        for way in [inside[0], *(way for way in ways if way is not inside[0])]:
            branch = self.sequence(way.target, meeting)
            branch.up = max(branch.up, label_size(way.name)[1] + 8 if way.name else 10)
            straight = way is inside[0] and way.source == node
            y = 0.0 if straight else bottom + LANE_GAP + branch.up
            scene.lanes[way.id] = y
            scene.add(branch, indent, y)
            scene.width = max(scene.width, indent + branch.width)
            bottom = max(scene.down, y + 6)
        scene.down = bottom
        return meeting


def _name(scene: Scene, node: Node) -> None:
    """The name of a gateway above it, of an event below it."""
    if not node.name or not (node.is_gateway or node.is_event):
        return
    rect, (_, height) = scene.shapes[node.id], label_size(node.name)
    reach = rect.height / 2 + 4 + height
    if node.is_gateway:
        scene.labels[node.id] = label_at(node.name, -reach, cx=rect.cx)
        scene.up = max(scene.up, reach)
    else:
        scene.labels[node.id] = label_at(node.name, rect.bottom + 4, cx=rect.cx)
        scene.down = max(scene.down, reach)


def place_boundaries(graph: Graph, node: Node, scene: Scene) -> None:
    """Boundary events on the lower edge, from the right; each with its end event below it."""
    rect = scene.shapes[node.id]
    for index, (boundary, end) in enumerate(reversed(node.boundaries)):
        cx = rect.right - (2 * LABEL_WIDTH if "ubProcess" in node.kind else EVENT) / 2 - index * BOUNDARY_GAP
        event = Rect(cx - EVENT / 2, rect.bottom - EVENT / 2, EVENT, EVENT)
        scene.shapes[boundary] = event
        name = graph.nodes[boundary].name
        size, height = label_size(name, 0)
        scene.labels[boundary] = Rect(cx - size - 6, event.bottom + 4, size, height)
        if end:
            below = event.moved(0, EVENT + _DROP)
            scene.shapes[end] = below
            scene.labels[end] = label_at(graph.nodes[end].name, below.bottom + 4, cx=cx)
            scene.down = max(scene.down, scene.labels[end].bottom)


def sequence_scene(graph: Graph, frames: dict[str, Scene]) -> Scene:
    """The whole scope; a part that nothing leads to stands on a line of its own, below."""
    order = graph.order()
    main = graph.main(order)
    layouter = _Layouter(graph, frames, main, graph.meetings(order, main), set())
    scene = Scene()
    for node in order:
        if node in layouter.placed:
            continue
        part = layouter.sequence(node, "")
        width = max(scene.width, part.width)
        scene.add(part, 0, scene.down + LANE_GAP + part.up if scene.shapes else 0)
        scene.width = width
    for flow in graph.flows:
        draw_flow(graph, flow, scene)
    return scene


def draw_flow(graph: Graph, flow: Flow, scene: Scene) -> None:
    """The line of a flow between its shapes, and the place of its name."""
    source, target = scene.shapes[flow.source], scene.shapes[flow.target]
    anchor = _anchor(graph, flow.source, scene)
    goal = _anchor(graph, flow.target, scene)
    lane = scene.lanes.get(flow.id, goal)
    points: list[Point]
    if flow.source in graph.satellites:
        points = [(source.cx, source.bottom), (source.cx, target.y)]
        if flow.target not in graph.satellites:
            points = [(source.cx, source.bottom), (source.cx, lane), *_arrive(target, lane, goal)]
    elif anchor == goal == lane:
        points = [(source.right, anchor), (target.x, goal)]
    elif graph.nodes[flow.source].is_gateway and lane > anchor:
        points = [(source.cx, source.bottom), (source.cx, lane), *_arrive(target, lane, goal)]
    else:
        points = [(source.right, anchor), *_arrive(target, anchor, goal)]
    scene.lines[flow.id] = points
    if flow.name:
        left = source.right + 8 if lane == anchor else source.cx + 8
        scene.labels[flow.id] = label_at(flow.name, lane - label_size(flow.name)[1] - 4, left=left)


def _arrive(target: Rect, y: float, goal: float) -> list[Point]:
    """The last part of a line that runs at height y: straight in, or up into the lower edge."""
    if y == goal:
        return [(target.x, goal)]
    return [(target.cx, y), (target.cx, target.bottom if y > goal else target.y)]


def _anchor(graph: Graph, node: str, scene: Scene) -> float:
    """The height at which flows enter and leave a shape: its middle; of a subprocess, the line its steps stand on."""
    start = next((n for n in _starts(graph.nodes[node]) if n in scene.shapes), "")
    return scene.shapes[start or node].cy


def _starts(node: Node) -> list[str]:
    return [str(e.get("id")) for e in node.element if str(e.tag).endswith("}startEvent")] if node.kind != "startEvent" else []
