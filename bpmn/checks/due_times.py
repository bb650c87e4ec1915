"""A timer is due after the event it is counted from: one that is due before fires at once, always."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram, mes_elements
from bpmn.expressions import ExpressionError, parse

RULE = "due_times"

_THEN = datetime(2026, 1, 1, tzinfo=UTC)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses due times that have passed whenever their one event has happened, such as `S01.end - hours(2)`."""
    for node in diagram.nodes.values():
        if node.timer is None or not node.timer.due:
            continue
        try:
            due = parse(node.timer.due)
        except ExpressionError:
            continue
        events = {f"{step_id}.{name}" for step_id in diagram.steps for name in ("start", "end")}
        if len(due.names) != 1 or not due.names <= events:
            continue  # an instant of the order or a recorded one may lie ahead
        value = due.try_evaluate(dict.fromkeys(due.names, _THEN))
        if isinstance(value, datetime) and value < _THEN:
            timer = mes_elements(node.element, "timer")[0]
            advice = "count forward from the event"
            yield at(timer, RULE, f"{shown(node.timer.due)} has always passed already", advice, property="due")
