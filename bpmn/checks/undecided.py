"""The recipe is simple enough for the token game to be played to its end; nothing is believed unproven."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.soundness import faults

RULE = "undecided"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses scopes with too many ways to follow them all."""
    for fault in faults(diagram):
        if fault.kind == RULE:
            element = diagram.nodes[fault.node_id].element
            yield at(
                element,
                RULE,
                fault.message,
                "draw the parallel parts as blocks, each in a subprocess of its own",
                path=fault.path,
            )
