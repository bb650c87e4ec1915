"""Every step of the recipe can happen in some batch."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.soundness import faults

RULE = "dead_step"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses steps behind a join that can never be passed, with the way there."""
    for fault in faults(diagram):
        if fault.kind == RULE:
            element = diagram.nodes[fault.node_id].element
            yield at(element, RULE, fault.message, "mend the join before it", path=fault.path)
