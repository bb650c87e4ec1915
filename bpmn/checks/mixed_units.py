"""What is added, compared or taken for one another is in one unit: formulas compute with the numbers as they were recorded."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.expression_places import ExpressionPlace, expression_places
from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.in_units import Units, put_together, unit_of
from bpmn.units import UNITS

RULE = "mixed_units"

_OF_THE_PARAMETER = ("formula", "target", "norLow", "norHigh", "parLow", "parHigh")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of sums and comparisons of values in different units, and of results that are not in the unit they have."""
    units = _units(diagram)
    for place in expression_places(diagram):
        try:
            expression = parse(place.text)
        except ExpressionError:
            continue
        known = _here(diagram, place.node_id, units)
        for one, other in put_together(expression, known):
            yield _finding(place, f"{place.what} {shown(place.text)} puts {one} and {other} together")
        uom = place.element.get("uom", "") if place.property in _OF_THE_PARAMETER else ""
        found = unit_of(expression, known)
        if found and uom in UNITS and uom not in ("1", found):
            yield _finding(place, f"{place.what} {shown(place.text)} is in {found}, and its value in {uom}")


def _finding(place: ExpressionPlace, message: str) -> Finding:
    return at(place.element, RULE, message, "convert one of them with its factor", "warning", property=place.property)


def _units(diagram: Diagram) -> dict[str, str]:
    """The unit of each number that is recorded or ordered, by its full name. Of a plain number nothing is known."""
    found = {f"order.{field.name}": field.uom for field in diagram.recipe.order_fields if field.type in ("num", "int")}
    for step_id, step in diagram.steps.items():
        found |= {f"{step_id}.{p.id}": p.uom for p in step.parameters if p.type in ("num", "int")}
    return {name: uom for name, uom in found.items() if uom in UNITS and uom != "1"}


def _here(diagram: Diagram, node_id: str, units: dict[str, str]) -> Units:
    """With the short names that a step has for its own values."""
    step = diagram.steps.get(node_id)
    own = {p.id: units[f"{node_id}.{p.id}"] for p in step.parameters if f"{node_id}.{p.id}" in units} if step else {}
    return ChainMap(own, {f"previous.{name}": uom for name, uom in own.items()}, units) if own else units
