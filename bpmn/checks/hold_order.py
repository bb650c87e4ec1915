"""A hold time begins before it ends, in the order drawn, and what is waited for in between leaves room for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bpmn.checks.report import Finding, at
from bpmn.diagram import BPMN, Diagram, Node, mes_elements
from bpmn.expressions import ExpressionError, parse
from bpmn.flow_order import FlowOrder
from bpmn.units import UnitMismatchError, UnknownUnitError, duration
from bpmn.vocabulary import HoldTime

RULE = "hold_order"

_THEN = datetime(2026, 1, 1, tzinfo=UTC)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses hold times that end before they begin, that no batch ever runs, or that a timer between makes impossible."""
    process = diagram.root.find(f"{{{BPMN}}}process")
    recipes = mes_elements(process, "recipe") if process is not None else []
    elements = recipes[0].iterchildren("{*}holdTime") if recipes else iter(())
    order = FlowOrder(diagram)
    for element, hold in zip(elements, diagram.recipe.hold_times, strict=False):
        for event in hold.to_events:
            if not _possible(diagram, order, hold, event):
                message = f"{hold.id}: {event} never comes after {hold.from_event}"
                yield at(element, RULE, message, "turn the two events around, or name others", property="to")
            elif timer := _wait_between(diagram, order, hold, event):
                message = f"{hold.id}: every batch waits longer than {hold.par} {hold.uom} at {timer.id}"
                yield at(element, RULE, message, "lengthen the hold time, or shorten the wait", property="par")


def _possible(diagram: Diagram, order: FlowOrder, hold: HoldTime, to: str) -> bool:
    first, _, began = hold.from_event.partition(".")
    last, _, ended = to.partition(".")
    if last == "order":
        return False
    if first not in diagram.steps or last not in diagram.steps:
        return True  # the order comes before everything; what does not exist is refused by `hold_times`
    if order.in_one_loop(first, last):
        return True
    if first == last:
        return hold.from_event != to and (began, ended) != ("end", "start")
    if order.meet(first, last) is None:
        return True
    return order.reaches(first, last) or order.side_by_side(first, last)


def _wait_between(diagram: Diagram, order: FlowOrder, hold: HoldTime, to: str) -> Node | None:
    """The timer that no batch gets around, counted from the same event and longer than the hold time."""
    longest = _duration(hold)
    first, last = hold.from_event.partition(".")[0], to.partition(".")[0]
    if hold.kind != "max" or longest is None or first not in diagram.steps or last not in diagram.steps:
        return None
    for node in diagram.nodes.values():
        if node.type != "intermediateCatchEvent" or node.timer is None or hold.from_event not in node.timer.due:
            continue
        in_one_scope = len({diagram.nodes[one].scope for one in (first, node.id, last)}) == 1
        if in_one_scope and _waits(node.timer.due, hold.from_event) > longest and _always_between(order, first, node.id, last):
            return node
    return None


def _always_between(order: FlowOrder, first: str, between: str, last: str) -> bool:
    """True when every way from the first node to the last leads through the one between."""
    seen, waiting = {first, between}, [first]
    for current in waiting:
        ahead = [target for target in order.following(current) if target not in seen]
        seen.update(ahead)
        waiting += ahead
    return last not in seen and order.reaches(first, between) and order.reaches(between, last)


def _duration(hold: HoldTime) -> timedelta | None:
    try:
        value = parse(hold.par).try_evaluate({})
        return duration(value, hold.uom) if isinstance(value, Decimal) else None
    except (ExpressionError, UnknownUnitError, UnitMismatchError, OverflowError):
        return None


def _waits(due: str, event: str) -> timedelta:
    """How long after the event the timer is due, where it is counted from nothing else."""
    try:
        value = parse(due).try_evaluate({event: _THEN})
    except ExpressionError:
        return timedelta(0)
    return value - _THEN if isinstance(value, datetime) else timedelta(0)
