"""Only gateways split a path: a step with two flows out of it would run both at once without saying so."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.checks.schema import GATEWAYS
from bpmn.diagram import Diagram

RULE = "split"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses several flows out of a step or event, and the same way drawn twice."""
    for node in diagram.nodes.values():
        flows = diagram.outgoing[node.id]
        if node.type not in GATEWAYS and len(flows) > 1:
            yield at(node.element, RULE, f"{len(flows)} flows lead out of one {node.type}", "split at a gateway")
