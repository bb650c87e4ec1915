"""Every unit of measure is one of our list, so a value converts and prints as everybody understands it."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.units import UnknownUnitError, unit
from bpmn.vocabulary import NAMESPACE

RULE = "units"

_WITHOUT = ("bool", "choice", "text", "date_time")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses units that are not in the list, and numbers without one (`1` is one); warns of units of what is no number."""
    for element in diagram.root.iter(*(f"{{{NAMESPACE}}}{name}" for name in ("parameter", "orderField", "holdTime"))):
        code = element.get("uom", "")
        if not code:
            if element.get("type") in ("num", "int") and element.tag.endswith("parameter"):
                yield at(
                    element, RULE, f"{element.get('id')} is a number without a unit", 'write its unit, or "1"', property="uom"
                )
            continue
        if element.tag.endswith("parameter") and element.get("type") in _WITHOUT:
            message = f"{element.get('id')} is no number, and has the unit {shown(code)}"
            yield at(element, RULE, message, "remove the unit, or make it a number", "warning", property="uom")
        try:
            unit(code)
        except UnknownUnitError as error:
            advice = f"write {' or '.join(error.near)}" if error.near else "use a unit of the list"
            yield at(
                element, RULE, f"{element.get('id', '')}: {shown(code)} is not a known unit of measure", advice, property="uom"
            )
