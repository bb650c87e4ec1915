"""Every hold time runs between two events that happen, in a unit of time, and its limits are in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from lxml import etree

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram, mes_elements
from bpmn.expressions import ExpressionError, parse
from bpmn.units import UNITS, convert
from bpmn.vocabulary import HoldTime

RULE = "hold_times"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses hold times between events that don't exist, doubled ids, wrong units and limits out of order."""
    process = diagram.root.find(f"{{{BPMN}}}process")
    recipes = mes_elements(process, "recipe") if process is not None else []
    elements = recipes[0].iterchildren("{*}holdTime") if recipes else iter(())
    events = _events(diagram)
    seen: set[str] = set()
    by_id: dict[str, etree._Element] = {}
    for element, hold in zip(elements, diagram.recipe.hold_times, strict=False):
        if hold.id in seen or not hold.id:
            yield at(
                element, RULE, f"the hold time id {shown(hold.id)} is missing or used twice", "give it its own id", property="id"
            )
        seen.add(hold.id)
        for place, event in (("from", hold.from_event), *(("to", event) for event in hold.to_events or ("",))):
            if event not in events:
                advice = "write order.<field>, <step>.start, <step>.end or <step>.<date_time parameter>"
                yield at(element, RULE, f"{hold.id}: {shown(event)} is no event of the recipe", advice, property=place)
        if hold.select != "last" and len(hold.to_events) > 1:
            yield at(element, RULE, f"{hold.id} ends at several events", 'set select="last"', property="select")
        yield from _limits(element, hold)
        by_id.setdefault(hold.id, element)
    yield from _contradictions(by_id, diagram.recipe.hold_times)


def _events(diagram: Diagram) -> set[str]:
    events = {f"order.{field.name}" for field in diagram.recipe.order_fields if field.type == "date_time"}
    for step_id, step in diagram.steps.items():
        events |= {f"{step_id}.start", f"{step_id}.end"}
        events |= {f"{step_id}.{parameter.id}" for parameter in step.parameters if parameter.type == "date_time"}
    return events


def _limits(element: etree._Element, hold: HoldTime) -> Iterator[Finding]:
    unit = UNITS.get(hold.uom)
    if unit is None or unit.dimension != "time":
        yield at(element, RULE, f"{hold.id} is in {shown(hold.uom)}, no unit of time", "write min, h or d", property="uom")
    nor, par = _number(hold.nor), _number(hold.par)
    if nor is None or par is None:
        yield at(
            element,
            RULE,
            f"{hold.id} needs two limits, numbers from 0 on",
            "write nor and par",
            property="nor" if nor is None else "par",
        )
    elif (nor > par) if hold.kind == "max" else (nor < par):
        side = "above" if hold.kind == "max" else "below"
        yield at(element, RULE, f"{hold.id}: NOR {nor} is {side} PAR {par}", "PAR is the wider limit", property="nor")
    elif par == 0:
        problem = "no batch can keep" if hold.kind == "max" else "every batch keeps"
        yield at(element, RULE, f"{hold.id}: PAR is 0, which {problem}", "write how long it may be", property="par")


def _contradictions(elements: Mapping[str, etree._Element], holds: Sequence[HoldTime]) -> Iterator[Finding]:
    """Two hold times between the same events, of which no batch can keep both."""
    for least in (hold for hold in holds if hold.kind == "min"):
        for most in (hold for hold in holds if hold.kind == "max" and hold.from_event == least.from_event):
            shortest, longest = _seconds(least), _seconds(most)
            if most.to_events != least.to_events or shortest is None or longest is None:
                continue
            if shortest > longest:
                message = f"{most.id} allows {most.par} {most.uom} where {least.id} asks for at least {least.par} {least.uom}"
                yield at(elements[most.id], RULE, message, "correct one of the two", property="par")


def _seconds(hold: HoldTime) -> Decimal | None:
    number, uom = _number(hold.par), UNITS.get(hold.uom)
    return None if number is None or uom is None or uom.dimension != "time" else convert(number, hold.uom, "s")


def _number(text: str) -> Decimal | None:
    try:
        value = parse(text).try_evaluate({})
    except ExpressionError:
        return None
    return value if isinstance(value, Decimal) and value >= 0 else None
