"""A timer is due after the event it is counted from, and that event comes before the timer, or beside it.

One that is due before fires at once, always; one whose event comes only behind it never fires, and the batch stands still.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram, Node, mes_elements
from bpmn.expressions import ExpressionError, parse
from bpmn.flow_order import FlowOrder

RULE = "due_times"

_THEN = datetime(2026, 1, 1, tzinfo=UTC)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses due times that have always passed, such as `S01.end - hours(2)`, and those whose event can't have come."""
    order = FlowOrder(diagram)
    for node in diagram.nodes.values():
        if node.timer is None or not node.timer.due:
            continue
        try:
            due = parse(node.timer.due)
        except ExpressionError:
            continue
        yield from _never(diagram, order, node, due.names)
        events = {f"{step_id}.{name}" for step_id in diagram.steps for name in ("start", "end")}
        if len(due.names) != 1 or not due.names <= events:
            continue  # an instant of the order or a recorded one may lie ahead
        value = due.try_evaluate(dict.fromkeys(due.names, _THEN))
        if isinstance(value, datetime) and value < _THEN:
            timer = mes_elements(node.element, "timer")[0]
            advice = "count forward from the event"
            yield at(timer, RULE, f"{shown(node.timer.due)} has always passed already", advice, property="due")


def _never(diagram: Diagram, order: FlowOrder, node: Node, names: frozenset[str]) -> Iterator[Finding]:
    """Events of steps that no batch comes to before this timer, while it waits, or in the step it is attached to."""
    waits_at = node.attached_to or node.id
    for name in sorted(names):
        step, _, event = name.partition(".")
        if step not in diagram.steps or order.meet(waits_at, step) is None or order.in_one_loop(waits_at, step):
            continue
        if step == waits_at or waits_at in diagram.ancestors(step):
            comes = step != waits_at or event != "end"
        else:
            comes = order.reaches(step, waits_at) or order.side_by_side(step, waits_at)
        if not comes:
            timer = mes_elements(node.element, "timer")[0]
            message = f"{shown(node.timer.due if node.timer else '')} is counted from {name}, and no batch has that here"
            yield at(timer, RULE, message, "count from an event that comes before", property="due")
