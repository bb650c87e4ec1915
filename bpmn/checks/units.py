"""Every unit of measure is one of our list, so a value converts and prints as everybody understands it."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.units import UnknownUnitError, unit
from bpmn.vocabulary import NAMESPACE

RULE = "units"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses units that are not in the list, and numbers that name no unit at all (`1` is one)."""
    for element in diagram.root.iter(*(f"{{{NAMESPACE}}}{name}" for name in ("parameter", "orderField", "holdTime"))):
        code = element.get("uom", "")
        if not code:
            if element.get("type") in ("num", "int") and element.tag.endswith("parameter"):
                yield at(
                    element, RULE, f"{element.get('id')} is a number without a unit", 'write its unit, or "1"', property="uom"
                )
            continue
        try:
            unit(code)
        except UnknownUnitError as error:
            advice = f"write {' or '.join(error.near)}" if error.near else "use a unit of the list"
            yield at(
                element, RULE, f"{element.get('id', '')}: {shown(code)} is not a known unit of measure", advice, property="uom"
            )
