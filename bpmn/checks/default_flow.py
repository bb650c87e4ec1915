"""At every decision one way is the default, so a batch never stands still because no condition held."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram, Flow

RULE = "default_flow"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses an exclusive gateway that splits without a default, or has a way with neither condition nor default."""
    for node in diagram.nodes.values():
        flows = diagram.outgoing[node.id]
        if node.type != "exclusiveGateway" or len(flows) < 2:
            continue
        if not node.default:
            yield at(node.element, RULE, "the decision has no default flow", "mark one flow as default", property="default")
        for flow in flows:
            if flow.id == node.default and flow.condition:
                yield _on(flow, f"the default flow {flow.id} has a condition", "remove the condition")
            if flow.id != node.default and not flow.condition:
                yield _on(flow, f"the flow {flow.id} has no condition", "write its condition, or make it the default")


def _on(flow: Flow, message: str, what_to_do: str) -> Finding:
    return Finding(RULE, message, what_to_do, flow.id[:100], flow.line, property="condition")
