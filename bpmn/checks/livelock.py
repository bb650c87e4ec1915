"""From everywhere a batch can come to an end."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.soundness import faults

RULE = "livelock"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses circles without a way out, with the path that leads there."""
    for fault in faults(diagram):
        if fault.kind == RULE:
            element = diagram.nodes[fault.node_id].element
            yield at(element, RULE, fault.message, "draw a way to an end event", path=fault.path)
