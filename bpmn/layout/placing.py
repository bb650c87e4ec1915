"""Places for what came into a drawing that people made: what was there stays where it is, or makes room.

A new node stands behind the one it follows; what is right of it moves along, or what is below where the flow runs downwards.
Frames grow. Lines whose ends stay together are kept, the others run at right angles. The same input always gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

from lxml import etree

from bpmn.layout.graph import EVENT, Graph
from bpmn.layout.scene import Point, Rect, Scene

_MOST_MOVES = 200
_GAP, _MARGIN, _FRAME_TOP, _TOUCH, _LINE = 40, 30, 45, 3.0, 24
Frame = Callable[[etree._Element], Scene]


class Placing:
    """One process whose nodes stand at `shapes`; its lines run along `lines`. Afterwards every node has a place.

    `frame` draws a subprocess that is wholly new.
    """

    def __init__(self, process: etree._Element, shapes: dict[str, Rect], lines: dict[str, list[Point]], frame: Frame) -> None:
        self._frame = frame
        self._root = process.get("id", "")
        self.graphs: dict[str, Graph] = {}
        self._read(process)
        self._scope_of = {node: scope for scope, graph in self.graphs.items() for node in graph.nodes}
        self.shapes = {key: rect for key, rect in shapes.items() if key in self._scope_of}
        self.shifts: dict[str, Point] = dict.fromkeys(self.shapes, (0.0, 0.0))
        self.lines: dict[str, list[Point]] = {}
        self._place_all(self._root)
        for graph in self.graphs.values():
            for flow in graph.flows:
                self.lines[flow.id] = self._line(flow.source, flow.target, lines.get(flow.id, []))

    def _read(self, scope: etree._Element) -> None:
        graph = self.graphs[scope.get("id", "")] = Graph.read(scope)
        for node in graph.nodes.values():
            if "ubProcess" in node.kind or node.kind == "transaction":
                self._read(node.element)

    # nodes

    def _place_all(self, scope: str) -> None:
        graph = self.graphs[scope]
        for node in graph.nodes:
            if node in self.graphs and (node in self.shapes or any(inner in self.shapes for inner in self._inside(node))):
                self._place_all(node)
                self._fit(node)
        satellites = [node for node in graph.nodes if node in graph.satellites]
        for node in [*graph.order(), *satellites]:
            if node not in self.shapes:
                self._place(graph, scope, node)
        for _ in range(_MOST_MOVES):
            if not self._apart(graph, scope):
                break

    def _apart(self, graph: Graph, scope: str) -> bool:
        """Move the lower one of two nodes that cover each other, with all below it; whether there were two."""
        names = [n.id for n in graph.nodes.values() if n.kind != "boundaryEvent" and n.id in self.shapes]
        pairs = combinations(sorted(names, key=lambda name: (self.shapes[name].y, name)), 2)
        covering = next(((one, other) for one, other in pairs if _overlap(self.shapes[one], self.shapes[other])), None)
        if covering is None:
            return False
        upper, lower = (self.shapes[name] for name in covering)
        down = upper.bottom + _LINE - lower.y
        if covering[1] in graph.satellites:
            self._move(covering[1], 0, down)
        else:
            self._shift(scope, lambda rect: rect is not upper and rect.y >= lower.y, 0, down)
        return True

    def _inside(self, scope: str) -> Iterator[str]:
        for node in self.graphs[scope].nodes:
            yield node
            if node in self.graphs:
                yield from self._inside(node)

    def _place(self, graph: Graph, scope: str, node: str) -> None:
        """Give a node a place, with all that is in it."""
        scene = self._frame(graph.nodes[node].element) if node in self.graphs else None
        width, height = graph.nodes[node].size if scene is None else (scene.width, scene.up + scene.down)
        self.shapes[node] = rect = self._free(graph, scope, node, width, height)
        self.shifts[node] = (0.0, 0.0)
        if scene is not None:
            own = scene.shapes[node]
            for inner, place in scene.shapes.items():
                self.shapes[inner] = place.moved(rect.x - own.x, rect.y - own.y)
                self.shifts.setdefault(inner, (0.0, 0.0))

    def _free(self, graph: Graph, scope: str, node: str, width: float, height: float) -> Rect:
        host = graph.nodes[node].element.get("attachedToRef", "")
        if host in self.shapes:
            at = self.shapes[host]
            taken = sum(event in self.shapes for event, _ in graph.nodes[host].boundaries)
            return Rect(at.right - 1.5 * EVENT - taken * 60, at.bottom - EVENT / 2, EVENT, EVENT)
        before = next((self.shapes[f.source] for f in reversed(graph.incoming[node]) if f.source in self.shapes), None)
        after = next((self.shapes[f.target] for f in graph.outgoing[node] if f.target in self.shapes), None)
        if before is None and after is None:
            all_of_it = [self.shapes[other] for other in graph.nodes if other in self.shapes]
            left = min((rect.x for rect in all_of_it), default=_MARGIN)
            return Rect(left, max((rect.bottom for rect in all_of_it), default=_MARGIN) + _GAP, width, height)
        if before is None:
            assert after is not None
            rect = Rect(after.x, after.cy - height / 2, width, height)
            self._shift(scope, lambda other: other.x >= after.x, width + _GAP, 0)
            return rect
        if after is not None and after.y >= before.bottom and after.x < before.right:
            rect = Rect(before.cx - width / 2, before.bottom + _GAP, width, height)
            self._shift(scope, lambda other: other.y >= before.bottom, 0, max(0, rect.bottom + _GAP - after.y))
        else:
            rect = Rect(before.right + _GAP, before.cy - height / 2, width, height)
            if after is not None and after.x >= before.right:
                self._shift(scope, lambda other: other.x >= before.right, max(0, rect.right + _GAP - after.x), 0)
        return self._below_others(graph, rect)

    def _below_others(self, graph: Graph, rect: Rect) -> Rect:
        others = [self.shapes[n.id] for n in graph.nodes.values() if n.id in self.shapes and n.kind != "boundaryEvent"]
        while covered := [other for other in others if _overlap(rect, other)]:
            rect = replace(rect, y=max(other.bottom for other in covered) + _LINE)
        return rect

    def _shift(self, scope: str, which: Callable[[Rect], bool], dx: float, dy: float) -> None:
        """Move nodes of a scope, with what is in them and what is attached to them."""
        graph = self.graphs[scope]
        if not dx and not dy:
            return
        moved = [n for n in graph.nodes if n in self.shapes and which(self.shapes[graph.satellites.get(n, n)])]
        for node in moved:
            for one in (node, *(self._inside(node) if node in self.graphs else ())):
                if one in self.shapes:
                    self._move(one, dx, dy)

    def _move(self, node: str, dx: float, dy: float) -> None:
        self.shapes[node] = self.shapes[node].moved(dx, dy)
        x, y = self.shifts[node]
        self.shifts[node] = (x + dx, y + dy)

    def _fit(self, node: str) -> None:
        """A frame around all that is in it; what stands beside or below it makes room."""
        inner = [self.shapes[one] for one in self.graphs[node].nodes if one in self.shapes]
        if not inner:
            return
        right, bottom = max(rect.right for rect in inner) + _LINE, max(rect.bottom for rect in inner) + _LINE
        if node not in self.shapes:
            x, y = min(rect.x for rect in inner) - _MARGIN, min(rect.y for rect in inner) - _FRAME_TOP
            self.shapes[node], self.shifts[node] = Rect(x, y, right - x, bottom - y), (0.0, 0.0)
            return
        was = self.shapes[node]
        now = replace(was, width=max(was.width, right - was.x), height=max(was.height, bottom - was.y))
        scope = self._scope_of[node]
        self.shapes[node] = now
        for event in [one for one, host in self.graphs[scope].satellites.items() if host == node and one in self.shapes]:
            if self.shapes[event].bottom > was.bottom:
                self._move(event, 0, now.bottom - was.bottom)
        self._shift(
            scope, lambda other: other.x >= was.right and other.y < now.bottom and other.bottom > now.y, now.right - was.right, 0
        )
        self._shift(
            scope, lambda other: other.y >= was.bottom and other.x < now.right and other.right > now.x, 0, now.bottom - was.bottom
        )

    # lines

    def _line(self, source: str, target: str, points: list[Point]) -> list[Point]:
        start, end = self.shapes[source], self.shapes[target]
        if len(points) > 1 and self.shifts.get(source) == self.shifts.get(target):
            dx, dy = self.shifts[source]
            kept = [(x + dx, y + dy) for x, y in points]
            if _touches(start, kept[0]) and _touches(end, kept[-1]):
                return kept
        return _route(start, end)


def _overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def _touches(rect: Rect, point: Point) -> bool:
    """Whether a line that begins or ends there is joined to the shape."""
    x, y = point
    return rect.x - _TOUCH <= x <= rect.right + _TOUCH and rect.y - _TOUCH <= y <= rect.bottom + _TOUCH


def _route(start: Rect, end: Rect) -> list[Point]:
    """A line at right angles: to the right where it can, else down or up, else around below."""
    if end.x >= start.right:
        middle = (start.right + end.x) / 2
        bend = [] if abs(start.cy - end.cy) < 1 else [(middle, start.cy), (middle, end.cy)]
        return [(start.right, start.cy), *bend, (end.x, end.cy)]
    if end.y >= start.bottom or end.bottom <= start.y:
        first, last = (start.bottom, end.y) if end.y >= start.bottom else (start.y, end.bottom)
        middle = (first + last) / 2
        bend = [] if abs(start.cx - end.cx) < 1 else [(start.cx, middle), (end.cx, middle)]
        return [(start.cx, first), *bend, (end.cx, last)]
    below = max(start.bottom, end.bottom) + _LINE
    return [(start.cx, start.bottom), (start.cx, below), (end.cx, below), (end.cx, end.bottom)]
