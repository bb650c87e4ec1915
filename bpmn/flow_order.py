"""What comes before what in a diagram: order of nodes, side-by-side branches, ways around a node.

Two nodes of different subprocesses are compared where their scopes meet. A diagram with a flow back has no order; it is
refused by `bpmn.checks.cycle`, and nothing is said about it here.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.diagram import Diagram
from bpmn.known_names import is_loop


class FlowOrder:
    """The order of one diagram, worked out where it is asked for."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._beside: dict[str, list[str]] = {}
        for node in diagram.nodes.values():
            if node.attached_to:
                self._beside.setdefault(node.attached_to, []).append(node.id)
        self._reached: dict[str, frozenset[str]] = {}

    def topological(self, scope: str) -> tuple[str, ...]:
        """The nodes of a scope, each after all that lead to it; empty where a flow leads back."""
        members = self._diagram.scopes.get(scope, ())
        missing = dict.fromkeys(members, 0)
        for member in members:
            for target in self.following(member):
                missing[target] += 1
        ready = [member for member in members if missing[member] == 0]
        for member in ready:
            for target in self.following(member):
                missing[target] -= 1
                if missing[target] == 0:
                    ready.append(target)
        return tuple(ready) if len(ready) == len(members) else ()

    def following(self, node_id: str) -> Iterator[str]:
        """What a node leads to in its scope: the targets of its flows, and the events attached to it."""
        scope = self._diagram.nodes[node_id].scope
        for target in (*(flow.target for flow in self._diagram.outgoing[node_id]), *self._beside.get(node_id, ())):
            if target in self._diagram.nodes and self._diagram.nodes[target].scope == scope:
                yield target

    def reaches(self, first: str, second: str) -> bool:
        """True when a way leads from the first node to the second, or they are one, in the scope where they meet."""
        meeting = self.meet(first, second)
        return meeting is not None and (meeting[0] == meeting[1] or meeting[1] in self._ahead(meeting[0]))

    def meet(self, first: str, second: str) -> tuple[str, str] | None:
        """The nodes of one scope that the two are, or are inside of; None where they are in different processes."""
        one = self._around(first)
        for other in (second, *self._diagram.ancestors(second)):
            if other in self._diagram.nodes and self._diagram.nodes[other].scope in one:
                return one[self._diagram.nodes[other].scope], other
        return None

    def in_one_loop(self, first: str, second: str) -> bool:
        """True when both are repeated together."""
        nodes = self._diagram.nodes
        shared = set(self._diagram.ancestors(first)) & set(self._diagram.ancestors(second))
        return any(scope in nodes and is_loop(nodes[scope]) for scope in shared)

    def side_by_side(self, first: str, second: str) -> bool:
        """True when the two can run at the same time, in branches of one parallel gateway."""
        meeting = self.meet(first, second)
        if meeting is None or self.reaches(first, second) or self.reaches(second, first):
            return False
        one, other = meeting
        for node_id in self._diagram.scopes[self._diagram.nodes[one].scope]:
            if self._diagram.nodes[node_id].type != "parallelGateway":
                continue
            ways = [{way, *self._ahead(way)} for way in self.following(node_id)]
            # behind the join both lie ahead of every way: only what one way has for itself runs beside the other
            if any(one in way - beside and other in beside - way for way in ways for beside in ways):
                return True
        return False

    def around(self, avoided: str, reader: str) -> tuple[str, ...]:
        """A way from the start of the scope to one node that doesn't lead through another; empty where none does."""
        meeting = self.meet(avoided, reader)
        if meeting is None:
            return ()
        closed, wanted = meeting
        starts = [n for n in self._diagram.scopes[self._diagram.nodes[wanted].scope] if self._is_start(n)]
        came: dict[str, str] = dict.fromkeys(starts, "")
        waiting = list(came)
        for current in waiting:
            for target in self.following(current) if current != closed else ():
                if target not in came:
                    came[target] = current
                    waiting.append(target)
        path, step = list[str](), wanted if wanted in came else ""
        while step:
            path.append(step)
            step = came[step]
        return tuple(reversed(path))

    def _is_start(self, node_id: str) -> bool:
        return self._diagram.nodes[node_id].type == "startEvent"

    def _around(self, node_id: str) -> dict[str, str]:
        """The node, and the subprocesses around it, by the scope that holds each."""
        nodes = self._diagram.nodes
        return {nodes[n].scope: n for n in (node_id, *self._diagram.ancestors(node_id)) if n in nodes}

    def _ahead(self, node_id: str) -> frozenset[str]:
        if node_id not in self._reached:
            found: set[str] = set()
            waiting = [node_id]
            while waiting:
                for target in self.following(waiting.pop()):
                    if target not in found:
                        found.add(target)
                        waiting.append(target)
            self._reached[node_id] = frozenset(found)
        return self._reached[node_id]
