"""Limits make sense: the normal operating range lies within the proven acceptable range, low before high.

For true/false, choices and texts a limit is the one expected value, the same on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from lxml import etree

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram, camel
from bpmn.expressions import ExpressionError, parse
from bpmn.vocabulary import Parameter

RULE = "limits"

_ORDER = ("par_low", "nor_low", "nor_high", "par_high")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses limits out of order, where both are plain numbers, and expected values that can't be recorded."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        elements = step_elements(node, "parameter")
        for element, parameter in zip(elements, node.step.parameters, strict=True):
            if parameter.type in ("num", "int", "date_time"):
                yield from _ordered(element, parameter)
                yield from _reachable(element, parameter)
                yield from _whole(element, parameter)
            else:
                yield from _expected(element, parameter)


def _ordered(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    known: list[tuple[str, Decimal | datetime]] = []
    for name in _ORDER:
        value = _literal(getattr(parameter, name))
        if value is not None:
            known.append((name, value))
    for (low, lower), (high, higher) in pairwise(known):
        if type(lower) is type(higher) and lower > higher:  # type: ignore[operator]
            names = f"{low.replace('_', ' ')} {lower} is above {high.replace('_', ' ')} {higher}"
            advice = "order them: PAR low, NOR low, NOR high, PAR high"
            yield at(element, RULE, f"{parameter.id}: {names}", advice, property=camel(low))


def _reachable(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    """A limit that must not be reached leaves a value between the limits, and stands on a limit that is there."""
    for name in parameter.exclusive:
        if not getattr(parameter, name):
            message = f"{parameter.id}: {name.replace('_', ' ')} is exclusive but empty"
            yield at(element, RULE, message, "write the limit", property="exclusive")
    for low, high in (*pairwise(_ORDER), ("par_low", "par_high")):
        excluded = {low, high} & set(parameter.exclusive)
        inner = {("par_low", "nor_low"): high, ("nor_high", "par_high"): low}.get((low, high))  # its own edge is inside the outer
        if not excluded or inner in excluded:
            continue
        value, other = _literal(getattr(parameter, low)), _literal(getattr(parameter, high))
        if value is not None and type(value) is type(other) and value == other:
            names = f"{low.replace('_', ' ')} and {high.replace('_', ' ')} are both {value}"
            message = f"{parameter.id}: {names}, which must not be reached"
            yield at(element, RULE, message, "make both exclusive, or move one", property=camel(low))


def _whole(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    """A limit of whole numbers is one: nobody can record what lies at 2.5."""
    for name in _ORDER if parameter.type == "int" else ():
        value = _literal(getattr(parameter, name))
        if isinstance(value, Decimal) and value != value.to_integral_value():
            message = f"{parameter.id} is a whole number, and its {name.replace('_', ' ')} is {value}"
            yield at(element, RULE, message, "write a whole number, or make it a number", property=camel(name))


def _literal(text: str) -> Decimal | datetime | None:
    """The value of a limit that needs no recorded value; None for one that does, or that `expressions` refuses."""
    if not text:
        return None
    try:
        expression = parse(text)
    except ExpressionError:
        return None
    value = expression.try_evaluate({}) if not expression.names else None
    return value if isinstance(value, (Decimal, datetime)) else None


def _expected(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    given = {name: text for name in _ORDER if (text := getattr(parameter, name))}
    if len(set(given.values())) > 1:
        message = f"{parameter.id}: several expected values {shown(', '.join(sorted(set(given.values()))))}"
        yield at(element, RULE, message, "keep one", property=camel(next(iter(given))))
    allowed = {"bool": {"true", "false"}, "choice": {choice.value for choice in parameter.choices}}.get(parameter.type)
    told: set[str] = set()
    for name, value in given.items():
        if allowed is not None and value not in allowed | told:
            told.add(value)
            choices = " or ".join(sorted(allowed)) or "a choice of the parameter"
            message = f"{parameter.id}: {shown(value)} can't be recorded"
            yield at(element, RULE, message, f"write {choices}", property=camel(name))
