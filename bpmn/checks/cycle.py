"""Repetition is drawn as a repeated subprocess, never as a flow back: each iteration then has its own records.

Source: a flow back would write a step's records twice under one name, and the engine's parallel joins fire early in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram

RULE = "cycle"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses every flow that closes a circle, with the circle as its path."""
    ahead: dict[str, list[str]] = {node_id: [] for node_id in diagram.nodes}
    for node in diagram.nodes.values():
        if node.attached_to in ahead:
            ahead[node.attached_to].append(node.id)
        ahead[node.id] += [flow.target for flow in diagram.outgoing[node.id] if flow.target in ahead]
    done: set[str] = set()
    for start in ahead:
        yield from _search(diagram, start, ahead, done)


def _search(diagram: Diagram, start: str, ahead: dict[str, list[str]], done: set[str]) -> Iterator[Finding]:
    """Depth-first, without recursion: a recipe may be thousands of steps long."""
    if start in done:
        return
    trail, places = [start], {start: 0}
    iterators = [iter(ahead[start])]
    while trail:
        following = next(iterators[-1], None)
        if following is None:
            iterators.pop()
            gone = trail.pop()
            del places[gone]
            done.add(gone)
        elif following in places:
            circle = (*trail[places[following] :], following)
            yield at(
                diagram.nodes[trail[-1]].element, RULE, f"a flow leads back to {following}",
                "draw the repeated part as a subprocess with a loop", path=circle,
            )  # fmt: skip
        elif following not in done:
            places[following] = len(trail)
            trail.append(following)
            iterators.append(iter(ahead[following]))
