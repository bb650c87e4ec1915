"""What a change belongs to: the least of a recipe that can be taken over, or left, by itself.

`S20.moi` is a parameter, `S20` a step with all else that it says, `hold:H02` a hold time, `header` what the recipe as a
whole says, `flow:<scope>` the structure of a process or subprocess: its nodes, flows, decisions, loops and events, with the
steps that come or go. Scopes between which something moved are one subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bpmn.diagram import BPMN
from bpmn.diff.matching import SCOPES, Match, Side
from bpmn.diff.ways import home

HEADER, HOLD, FLOW = "header", "hold:", "flow:"
EVENT_CODES = {"message": "name", "escalation": "escalationCode"}
"""What stands beside the processes and only means something where an event refers to it; known by this attribute."""


class Structure:
    """Which scopes of two diagrams can only be taken over together, by the names that the new diagram has for them."""

    def __init__(self, old: Side, new: Side, match: Match, moved: Iterable[set[str]]) -> None:
        self._sides, self._match = (old, new), match
        self._joined: dict[str, str] = {}
        self._rank: dict[str, int] = {}
        common = [scope for scope in new.diagram.scopes if scope in match.old_of]
        for number, scope in enumerate([*new.processes, *common, *new.diagram.scopes, *old.diagram.scopes]):
            self._rank.setdefault(self._named(scope, scope in new.diagram.scopes), number + (scope not in match.old_of) * 10**6)
        for is_old, side in ((True, old), (False, new)):
            for scope in side.diagram.scopes:
                self._join_stranger(side, scope, is_old)
        for old_id, new_id in match.new_of.items():
            if old_id in old.diagram.nodes and new_id in new.diagram.nodes:
                self._join(self._holder(old_id, True), self._holder(new_id, False))
        for group in moved:
            scopes = [self._holder(match.old_of[node], True) for node in sorted(group)]
            for scope in scopes:
                self._join(scopes[0], scope)

    def subject(self, scope: str, *, is_old: bool = False) -> str:
        """The subject of a scope's structure."""
        return FLOW + self._of(self._named(scope, not is_old))

    def around(self, node_id: str, *, is_old: bool = False) -> str:
        """The subject of the structure that a node stands in."""
        return FLOW + self._of(self._holder(node_id, is_old))

    def _named(self, scope: str, is_new: bool) -> str:
        return scope if is_new else self._match.new_of.get(scope, f"old/{scope}")

    def _holder(self, node_id: str, is_old: bool) -> str:
        side = self._sides[0 if is_old else 1]
        return self._named(side.diagram.nodes[node_id].scope, not is_old)

    def _join_stranger(self, side: Side, scope: str, is_old: bool) -> None:
        """A scope that only one side has comes and goes with what is around it, or with what calls it."""
        known = self._match.new_of if is_old else self._match.old_of
        if scope in known:
            return
        name = self._named(scope, not is_old)
        if scope in side.diagram.nodes:
            self._join(name, home(side, self._match, scope, is_old=is_old) or self._holder(scope, is_old))
        for node in side.diagram.nodes.values():
            if node.type == "callActivity" and node.element.get("calledElement") == scope:
                self._join(name, self._holder(node.id, is_old))

    def _of(self, scope: str) -> str:
        while scope in self._joined:
            scope = self._joined[scope]
        return scope

    def _join(self, one: str, other: str) -> None:
        """The outermost scope that both diagrams have gives the subject its name."""
        first, second = sorted((self._of(one), self._of(other)), key=lambda name: (self._rank.get(name, 10**9), name))
        if first != second:
            self._joined[second] = first


def events_at(side: Side, structure: Structure, *, is_old: bool) -> Iterator[tuple[str, str]]:
    """What each message and escalation belongs to: its code, and the subject of the first event that refers to it."""
    for name, code in EVENT_CODES.items():
        codes = {e.get("id", ""): e.get(code, "") for e in side.diagram.root.findall(f"{{{BPMN}}}{name}")}
        for node in side.diagram.nodes.values() if codes else ():
            for definition in node.element.findall(f"{{{BPMN}}}{name}EventDefinition"):
                subject = node.id if node.step is not None else structure.around(node.id, is_old=is_old)
                yield f"{name} {codes.get(definition.get(f'{name}Ref', ''), '')}", subject


def is_scope_of_both(old: Side, new: Side, old_id: str, new_id: str) -> bool:
    """Whether a node is a block in both diagrams."""
    return old.diagram.nodes[old_id].type in SCOPES and new.diagram.nodes[new_id].type in SCOPES
