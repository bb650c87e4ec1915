"""The order carries what the recipe uses, each field once."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram, mes_elements
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.tokens import KEYWORDS

RULE = "order_fields"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses order fields of one name or of none that can be asked for; warns of those that nothing uses."""
    process = diagram.root.find(f"{{{BPMN}}}process")
    recipes = mes_elements(process, "recipe") if process is not None else []
    elements = recipes[0].iterchildren("{*}orderField") if recipes else iter(())
    used = _used(diagram)
    seen: set[str] = set()
    for element, field in zip(elements, diagram.recipe.order_fields, strict=False):
        if field.name in seen:
            yield at(element, RULE, f"the order has two fields {shown(field.name)}", "rename or remove one", property="name")
        elif not _can_be_asked(field.name):
            advice = "begin with a letter, use A-Z a-z 0-9 _"
            yield at(element, RULE, f"{shown(field.name)} can't be the name of an order field", advice, property="name")
        elif not field.identifier and f"order.{field.name}" not in used:
            message = f"nothing uses order.{field.name}"
            yield at(element, RULE, message, "remove the field, or use it", "warning", property="name")
        seen.add(field.name)


def _used(diagram: Diagram) -> set[str]:
    found: set[str] = set()
    for hold in diagram.recipe.hold_times:
        found |= {hold.from_event, *hold.to_events}
    for place in expression_places(diagram):
        try:
            found |= parse(place.text).names
        except ExpressionError:
            continue
    return found


def _can_be_asked(name: str) -> bool:
    try:
        return parse(f"order.{name}").names == {f"order.{name}"} and name not in KEYWORDS
    except ExpressionError:
        return False
