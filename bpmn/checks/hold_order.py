"""A hold time begins before it ends: the event it starts at can come before one that ends it, in the order drawn."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import BPMN, Diagram, mes_elements
from bpmn.flow_order import FlowOrder
from bpmn.vocabulary import HoldTime

RULE = "hold_order"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses hold times that end before they begin, or that no batch ever runs."""
    process = diagram.root.find(f"{{{BPMN}}}process")
    recipes = mes_elements(process, "recipe") if process is not None else []
    elements = recipes[0].iterchildren("{*}holdTime") if recipes else iter(())
    order = FlowOrder(diagram)
    for element, hold in zip(elements, diagram.recipe.hold_times, strict=False):
        for event in hold.to_events:
            if not _possible(diagram, order, hold, event):
                message = f"{hold.id}: {event} never comes after {hold.from_event}"
                yield at(element, RULE, message, "turn the two events around, or name others", property="to")


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
