"""Conditions stand only where a decision is taken: on the flows out of an exclusive gateway that splits.

The engine takes a condition on a flow out of a task for something else than BPMN says.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram
from bpmn.expressions import ExpressionError, parse

RULE = "conditions"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses conditions elsewhere, and decisions that are no choice: conditions that never look at anything."""
    for element in diagram.root.iter(f"{{{BPMN}}}conditionExpression"):
        parent = element.getparent()
        flow = diagram.flows.get(parent.get("id", "")) if parent is not None else None
        source = diagram.nodes.get(flow.source) if flow else None
        if source is None:
            continue
        if source.type != "exclusiveGateway":
            yield at(
                element,
                RULE,
                f"a condition on a flow out of a {source.type}",
                "decide at an exclusive gateway",
                property="condition",
            )
        elif len(diagram.outgoing[source.id]) < 2:
            yield at(
                element,
                RULE,
                "a condition on the only way out",
                "remove the condition or add the other way",
                property="condition",
            )
        elif flow is not None and _looks_at_nothing(flow.condition):
            yield at(
                element,
                RULE,
                f"{shown(flow.condition)} is always the same",
                "compare something that is recorded",
                property="condition",
            )


def _looks_at_nothing(text: str) -> bool:
    try:
        return not parse(text).names
    except ExpressionError:
        return False  # refused by `expressions`
