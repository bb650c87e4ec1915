"""Every step can be reached from the start of its scope, and from it an end can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram

RULE = "reachability"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses steps that no path reaches and steps from which no path leads to an end event."""
    for members in diagram.scopes.values():
        starts = [member for member in members if diagram.nodes[member].type == "startEvent"]
        ends = [member for member in members if diagram.nodes[member].type == "endEvent"]
        ahead: dict[str, list[str]] = {member: [] for member in members}
        back: dict[str, list[str]] = {member: [] for member in members}
        for source, target in _edges(diagram, members):
            ahead[source].append(target)
            back[target].append(source)
        reached = _closure(starts, ahead)
        ending = _closure(ends, back)
        for member in members:
            element = diagram.nodes[member].element
            if starts and member not in reached:
                yield at(element, RULE, "no path from the start leads here", "connect it or remove it")
            if member not in ending:
                yield at(element, RULE, "no path leads from here to an end event", "draw a flow to an end event")


def _edges(diagram: Diagram, members: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    inside = set(members)
    for member in members:
        node = diagram.nodes[member]
        if node.attached_to in inside:
            yield node.attached_to, member
        for flow in diagram.outgoing[member]:
            if flow.target in inside:
                yield member, flow.target


def _closure(beginning: list[str], neighbours: dict[str, list[str]]) -> set[str]:
    found, waiting = set(beginning), list(beginning)
    while waiting:
        for neighbour in neighbours[waiting.pop()]:
            if neighbour not in found:
                found.add(neighbour)
                waiting.append(neighbour)
    return found
