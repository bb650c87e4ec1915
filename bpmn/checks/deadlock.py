"""No batch stands still: nothing waits at a parallel join for a branch that was never taken."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.soundness import faults

RULE = "deadlock"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses joins that can wait forever, with the path that leads there."""
    for fault in faults(diagram):
        if fault.kind == RULE:
            element = diagram.nodes[fault.node_id].element
            yield at(
                element,
                RULE,
                fault.message,
                "join a decision at an exclusive gateway, parallel branches at a parallel one",
                path=fault.path,
            )
