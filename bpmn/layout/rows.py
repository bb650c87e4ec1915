"""Unit procedures one per row: flows go straight down, or past other rows in the margins."""

from __future__ import annotations

from bpmn.layout.graph import Flow, Graph
from bpmn.layout.scene import LABEL_WIDTH, Point, Rect, Scene, label_at, label_size
from bpmn.layout.sequence import place_boundaries

_SPINE, _ROW_GAP, _TRACK, _FIRST_TRACK, _CORNER = 60, 44, 16, 28, 10


def stands_in_rows(graph: Graph) -> bool:
    """Whether a scope consists of subprocesses rather than of steps."""
    frames = sum("ubProcess" in node.kind for node in graph.nodes.values())
    return frames > 1 and frames >= sum("ask" in node.kind for node in graph.nodes.values())


def rows_scene(graph: Graph, frames: dict[str, Scene]) -> Scene:
    """The whole scope, its first row on the centre line."""
    scene = Scene()
    order = graph.order()
    reaches: dict[str, float] = {}
    bottom = 0.0
    for index, node in enumerate(order):
        row = _row(graph, node, frames)
        y = bottom + _ROW_GAP + row.up if index else 0.0
        reaches[node] = max(rect.right for rect in [*row.shapes.values(), *row.labels.values()])
        scene.add(row, 0, y)
        bottom = y + row.down
        scene.width = max(scene.width, reaches[node])
    _draw(graph, order, reaches, scene)
    return scene


def _row(graph: Graph, node: str, frames: dict[str, Scene]) -> Scene:
    found = graph.nodes[node]
    row = frames.get(node)
    if row is None:
        width, height = found.size
        row = Scene({node: Rect(_SPINE - width / 2, -height / 2, width, height)}, up=height / 2, down=height / 2)
        row.width = _SPINE + width / 2
        if found.name and width == height:
            row.labels[node] = label_at(found.name, -label_size(found.name)[1] - 6, left=row.width + 6)
            row.width += LABEL_WIDTH + 6
    place_boundaries(graph, found, row)
    return row


def _draw(graph: Graph, order: list[str], reach: dict[str, float], scene: Scene) -> None:
    """Straight lines first, then the others from the inner track of a margin to the outer ones, short ones inside."""
    rank = {node: index for index, node in enumerate(order)}
    aside: list[Flow] = []
    for flow in graph.flows:
        source, target = scene.shapes[flow.source], scene.shapes[flow.target]
        if flow.source in graph.satellites and flow.target in graph.satellites:
            scene.lines[flow.id] = [(source.cx, source.bottom), (target.cx, target.y)]
        elif rank.get(flow.source, -2) + 1 == rank.get(flow.target):
            scene.lines[flow.id] = [(_SPINE, source.bottom), (_SPINE, target.y)]
            _name(flow, scene, _SPINE, source.bottom + 2)
        else:
            aside.append(flow)
    aside.sort(key=lambda flow: abs(rank.get(flow.target, 0) - rank.get(flow.source, 0)))
    tracks: dict[bool, list[list[tuple[float, float]]]] = {True: [], False: []}
    for flow in aside:
        at_left = graph.nodes[flow.source].is_gateway
        y1, y2 = _height(graph, flow.source, scene), _height(graph, flow.target, scene)
        track = _free_track(tracks[at_left], min(y1, y2), max(y1, y2))
        ends = sorted((rank[graph.satellites.get(flow.source, flow.source)], rank[flow.target]))
        passed = order[ends[0] : ends[1] + 1]
        aside_by = _FIRST_TRACK + track * _TRACK
        left = min(0.0, *(scene.shapes[node].x for node in passed))
        x = left - aside_by if at_left else max(reach[node] for node in passed) + aside_by
        scene.lines[flow.id] = _past(graph, scene, flow, x, y1, y2, at_left)
        _name(flow, scene, x, y1 + 4)
        scene.left = min(scene.left, x - 10)
        scene.width = max(scene.width, x + 10)
    scene.width -= scene.left


def _name(flow: Flow, scene: Scene, x: float, y: float) -> None:
    if flow.name:
        scene.labels[flow.id] = label_at(flow.name, y, left=x + 6)


def _past(graph: Graph, scene: Scene, flow: Flow, x: float, y1: float, y2: float, at_left: bool) -> list[Point]:
    source, target = scene.shapes[flow.source], scene.shapes[flow.target]
    if flow.source in graph.satellites:  # from the lower edge, so round the corner of its shape
        below = source.bottom + _CORNER
        return [(source.cx, source.bottom), (source.cx, below), (x, below), (x, y2), (target.right, y2)]
    if at_left:
        return [(source.x, y1), (x, y1), (x, y2), (target.x, y2)]
    return [(source.right, y1), (x, y1), (x, y2), (target.right, y2)]


def _free_track(tracks: list[list[tuple[float, float]]], top: float, bottom: float) -> int:
    """The innermost track on which nothing runs between these heights."""
    for index, taken in enumerate(tracks):
        if all(bottom < other_top or top > other_bottom for other_top, other_bottom in taken):
            taken.append((top, bottom))
            return index
    tracks.append([(top, bottom)])
    return len(tracks) - 1


def _height(graph: Graph, node: str, scene: Scene) -> float:
    """Where a flow from the margin meets a shape: a subprocess on the line its steps stand on."""
    starts = [e.get("id") for e in graph.nodes[node].element if str(e.tag).endswith("}startEvent")]
    return scene.shapes[str(starts[0]) if starts and starts[0] in scene.shapes else node].cy
