"""The ways through a diagram, with steps that came or went taken out: what is left to compare is order and choice.

A subprocess is opened up: the way leads into it, through its steps, and out of it. So drawing a frame around steps, or
removing one, changes no way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from bpmn.diff.matching import SCOPES, Match, Side

Edge = tuple[str, str]
OUT = "/out"  # of a subprocess: where the way leaves it; no id has a slash
LEAST_GAIN = 3  # a step that moves leaves one gap and fills another; a way that leads elsewhere is no move
MOST_TRIALS = 2000  # a diagram drawn anew has thousands of moves; what is left then is said flow by flow


@dataclass(slots=True)
class Ways:
    """What comes after what, by the names that both diagrams share."""

    after: dict[str, set[str]] = field(default_factory=dict)
    before: dict[str, set[str]] = field(default_factory=dict)

    def add(self, source: str, target: str) -> None:
        """One more way."""
        self.after.setdefault(source, set()).add(target)
        self.before.setdefault(target, set()).add(source)

    def take_out(self, node: str) -> None:
        """Leave out a node; what came before it is then followed by what came after it."""
        after, before = self.after.pop(node, set()) - {node}, self.before.pop(node, set()) - {node}
        for target in after:
            self.before[target].discard(node)
        for source in before:
            self.after[source].discard(node)
            for target in after:
                self.add(source, target)

    def edges(self) -> set[Edge]:
        """Every way from one node to the next."""
        return {(source, target) for source, targets in self.after.items() for target in targets}

    def around(self, nodes: Collection[str]) -> Ways:
        """Only what begins or ends at one of these nodes."""
        part = Ways()
        for node in nodes:
            for target in self.after.get(node, ()):
                part.add(node, target)
            for source in self.before.get(node, ()):
                part.add(source, node)
        return part


def ways(side: Side, name: Callable[[str], str]) -> Ways:
    """The ways of one diagram. `name` gives a node the name it shares with the other one."""
    found, diagram = Ways(), side.diagram

    def leaving(node_id: str) -> str:
        node = diagram.nodes.get(node_id)
        return name(node_id) + (OUT if node is not None and node.type in SCOPES else "")

    for flow in diagram.flows.values():
        found.add(leaving(flow.source), name(flow.target))
    for node in diagram.nodes.values():
        if node.type in SCOPES:
            inside = [diagram.nodes[inner] for inner in diagram.scopes.get(node.id, ())]
            for inner in inside:
                if not diagram.incoming.get(inner.id) and not inner.attached_to:
                    found.add(name(node.id), name(inner.id))
                if not diagram.outgoing.get(inner.id):
                    found.add(leaving(inner.id), leaving(node.id))
    return found


def moved(old: Ways, new: Ways, both_names: Callable[[str], tuple[str, ...]]) -> list[set[str]]:
    """The fewest groups of nodes whose taking out makes the ways alike; they are taken out of both.

    `both_names` gives the order in which equal proposals are tried, the same in both directions.
    """
    found: list[set[str]] = []
    trials = 0
    while trials <= MOST_TRIALS:
        ours, theirs = old.edges(), new.edges()
        touched = {node for edge in ours ^ theirs for node in edge}
        half = len({*old.after, *old.before}) / 2
        best: tuple[tuple[int, int, tuple[str, ...]], set[str]] | None = None
        for group in _groups(ours & theirs, touched):
            if not group & touched or len(group) > half:
                continue
            trials += 1
            gain = _gain(group, old, new)
            key = (-gain, len(group), min(both_names(node) for node in group))
            if gain >= LEAST_GAIN and (best is None or key < best[0]):
                best = key, group
        if best is None:
            break
        found.append(best[1])
        for node in best[1]:
            old.take_out(node)
            new.take_out(node)
    return found


def _groups(common: Iterable[Edge], nodes: Iterable[str]) -> list[set[str]]:
    """Nodes that hang together in both diagrams: they would move together."""
    neighbours: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in common:
        neighbours.setdefault(source, set()).add(target)
        neighbours.setdefault(target, set()).add(source)
    groups, seen = [], set()
    for start in neighbours:
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            fresh = neighbours[waiting.pop()] - group
            group |= fresh
            waiting.extend(fresh)
        seen |= group
        groups.append(group)
    return groups


def _gain(group: set[str], old: Ways, new: Ways) -> int:
    """By how many the differing ways become fewer when a group is taken out of both diagrams."""
    sides = []
    for side in (old, new):
        part = side.around(group)
        touching = part.edges()
        for node in group:
            part.take_out(node)
        sides.append((touching, part.edges(), side))
    (ours, our_new, _), (theirs, their_new, _) = sides
    gone = len(ours ^ theirs)
    come = 0
    for edge in our_new | their_new:
        was = [edge[1] in side.after.get(edge[0], ()) for side in (old, new)]
        will = [was[0] or edge in our_new, was[1] or edge in their_new]
        come += (will[0] != will[1]) - (was[0] != was[1])
    return gone - come


def home(side: Side, match: Match, node_id: str, *, is_old: bool) -> str:
    """The innermost scope around a node that both diagrams have, by its new name."""
    known = match.new_of if is_old else match.old_of
    for scope in side.diagram.ancestors(node_id):
        if scope in known:
            return known[scope] if is_old else scope
    return ""
