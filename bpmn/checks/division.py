"""Nothing is divided by zero, and no logarithm or root is taken of what has none: the ranges of what is recorded see to that.

Or the formula does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places
from bpmn.expressions import Expression, ExpressionError, nodes, parse
from bpmn.expressions.bounds import Range, Ranges, bounds
from bpmn.expressions.reads import calls, divisors
from bpmn.vocabulary import Parameter

RULE = "division"

_MAY_FAIL = re.compile(r"/|\b(?:ln|sqrt)\b")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses formulas that never have a value; warns of those that may have none within the limits of what they use."""
    limits = {f"{step}.{p.id}": known for step, found in diagram.steps.items() for p in found.parameters if (known := _range(p))}
    for place in expression_places(diagram):
        if not _MAY_FAIL.search(place.text):
            continue
        try:
            expression = parse(place.text)
        except ExpressionError:
            continue
        used = {name: limits[full] for name in expression.names for full in (f"{place.node_id}.{name}", name) if full in limits}
        for problem, severity in _problems(expression, used):
            if severity == "error" or not _guarded(place.text):
                advice = "correct it" if severity == "error" else "keep that out of the PAR, or write a if b > 0 else c"
                yield at(place.element, RULE, f"{shown(place.text)} {problem}", advice, severity, property=place.property)


def _problems(expression: Expression, limits: Ranges) -> Iterator[tuple[str, Literal["error", "warning"]]]:
    for part in divisors(expression):
        known = bounds(part, limits)
        if known is not None and known[0] <= 0 <= known[1]:
            certain = known[0] == known[1]
            by = part.name if isinstance(part, nodes.Name) else "a value"
            yield ("divides by 0", "error") if certain else (f"divides by {by}, which may be 0 within its limits", "warning")
    for call in calls(expression):
        known = bounds(call.arguments[0], limits) if call.function in ("ln", "sqrt") else None
        if known is None:
            continue
        fails = known[1] <= 0 if call.function == "ln" else known[1] < 0
        may_fail = known[0] <= 0 if call.function == "ln" else known[0] < 0
        of = "0 or less" if call.function == "ln" else "less than 0"
        if fails:
            yield f"takes {call.function} of {of}, which has no value", "error"
        elif may_fail:
            yield f"takes {call.function} of what may be {of} within its limits, which has no value", "warning"


def _guarded(text: str) -> bool:
    """Whoever wrote a condition has thought of it."""
    return any(isinstance(token, str) and token in ("if", "and", "or", "max", "min") for token in text.replace("(", " ").split())


def _range(parameter: Parameter) -> Range | None:
    """From PAR, or NOR where that is all there is; None where a side is open."""
    low, high = parameter.par_low or parameter.nor_low, parameter.par_high or parameter.nor_high
    try:
        found = [parse(text).try_evaluate({}) for text in (low, high)]
    except ExpressionError:
        return None
    numbers = [value for value in found if isinstance(value, Decimal)]
    if len(numbers) != 2 or (numbers[0] == 0 and {"par_low", "nor_low"} & set(parameter.exclusive)):
        return None
    return numbers[0], numbers[1]
