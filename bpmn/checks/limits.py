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
from bpmn.diagram import Diagram
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
            yield at(element, RULE, f"{parameter.id}: {names}", "order them: PAR low, NOR low, NOR high, PAR high")


def _reachable(element: etree._Element, parameter: Parameter) -> Iterator[Finding]:
    """A limit that must not be reached leaves a value between the limits, and stands on a limit that is there."""
    for name in parameter.exclusive:
        if not getattr(parameter, name):
            yield at(element, RULE, f"{parameter.id}: {name.replace('_', ' ')} is exclusive but empty", "write the limit")
    for low, high in (*pairwise(_ORDER), ("par_low", "par_high")):
        excluded = {low, high} & set(parameter.exclusive)
        inner = {("par_low", "nor_low"): high, ("nor_high", "par_high"): low}.get((low, high))  # its own edge is inside the outer
        if not excluded or inner in excluded:
            continue
        value, other = _literal(getattr(parameter, low)), _literal(getattr(parameter, high))
        if value is not None and type(value) is type(other) and value == other:
            names = f"{low.replace('_', ' ')} and {high.replace('_', ' ')} are both {value}"
            yield at(element, RULE, f"{parameter.id}: {names}, which must not be reached", "make both exclusive, or move one")


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
    given = {getattr(parameter, name) for name in _ORDER} - {""}
    if len(given) > 1:
        yield at(element, RULE, f"{parameter.id}: several expected values {shown(', '.join(sorted(given)))}", "keep one")
    allowed = {"bool": {"true", "false"}, "choice": {choice.value for choice in parameter.choices}}.get(parameter.type)
    for value in sorted(given):
        if allowed is not None and value not in allowed:
            choices = " or ".join(sorted(allowed)) or "a choice of the parameter"
            yield at(element, RULE, f"{parameter.id}: {shown(value)} can't be recorded", f"write {choices}")
