"""Nothing is divided by zero: the ranges of what is recorded keep it away, or the formula does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, nodes, parse
from bpmn.expressions.reads import divisors
from bpmn.vocabulary import Parameter

RULE = "division"

Range = tuple[Decimal, Decimal]


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses dividing by 0; warns of dividing by what may be 0 within its own proven acceptable range."""
    parameters = {f"{step}.{p.id}": p for step, found in diagram.steps.items() for p in found.parameters}
    for place in expression_places(diagram):
        try:
            parts = list(divisors(parse(place.text))) if "/" in place.text else []
        except ExpressionError:
            continue
        for part in parts:
            if isinstance(part, nodes.Literal) and part.constant == 0:
                yield at(place.element, RULE, f"{shown(place.text)} divides by 0", "correct it", property=place.property)
            elif isinstance(part, nodes.Name):
                parameter = parameters.get(part.name, parameters.get(f"{place.node_id}.{part.name}"))
                known = _range(parameter) if parameter is not None else None
                if known is not None and known[0] <= 0 <= known[1] and not _guarded(place.text):
                    message = f"{shown(place.text)} divides by {part.name}, which may be 0 within its limits"
                    advice = f"keep 0 out of the PAR of {part.name}, or write a if {part.name} > 0 else b"
                    yield at(place.element, RULE, message, advice, "warning", property=place.property)


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
