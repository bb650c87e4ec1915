"""The target lies within the normal operating range, and it is a value that can be recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram
from bpmn.expressions import ExpressionError, parse
from bpmn.vocabulary import Parameter

RULE = "targets"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses targets outside of NOR or PAR, and those that nobody could record."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            problem = _problem(parameter) if parameter.target else ""
            if problem:
                message = f"{parameter.id}: target {shown(parameter.target)} {problem}"
                yield at(element, RULE, message, "correct the target, or the limits", property="target")


def _problem(parameter: Parameter) -> str:
    if parameter.type == "choice":
        return "" if parameter.target in {choice.value for choice in parameter.choices} else "is none of the choices"
    if parameter.type == "bool":
        return "" if parameter.target in ("true", "false") else "is not true or false"
    if parameter.type not in ("num", "int", "date_time"):
        return ""
    target = _value(parameter.target)
    if parameter.type == "int" and isinstance(target, Decimal) and target != target.to_integral_value():
        return "is no whole number"
    for name in ("nor_low", "nor_high", "par_low", "par_high"):
        bound = _value(getattr(parameter, name))
        if target is None or bound is None or type(target) is not type(bound):
            continue
        beyond = target < bound if name.endswith("low") else target > bound  # type: ignore[operator]
        if beyond or (target == bound and name in parameter.exclusive):
            return f"is outside of {name.replace('_', ' ')} {getattr(parameter, name)}"
    return ""


def _value(text: str) -> Decimal | datetime | None:
    try:
        expression = parse(text) if text else None
    except ExpressionError:
        return None  # refused by `expressions`
    value = expression.try_evaluate({}) if expression is not None and not expression.names else None
    return value if isinstance(value, (Decimal, datetime)) else None
