"""No step is done twice by accident: parallel branches meet at a parallel join before they go on."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.soundness import faults

RULE = "lack_of_synchronisation"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses places that two branches of one run pass one after the other, with the path that leads there."""
    for fault in faults(diagram):
        if fault.kind == RULE:
            element = diagram.nodes[fault.node_id].element
            yield at(element, RULE, fault.message, "join the branches at a parallel gateway", path=fault.path)
