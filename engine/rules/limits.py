"""The two levels of limits and what it means to keep them; the rules `limit`, `balance` and `specification` share it.

A value keeps a level only when that is proven. Bounds are inclusive, but for those that the recipe calls exclusive:
10 is not "below 10". A bound that the recipe does not have is unbounded; a bound that the recipe has but that can't be
evaluated is kept by no value. A reported `<0.25` stands for every number below 0.25: it keeps `<= 0.5` and also "below
0.25", `<0.6` does not, and it never keeps a lower bound.

Source: the recipe's limits (NOR, PAR); ICH Q8(R2) for the two ranges.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bpmn.expressions import EvaluationError, ExpressionError, Scope, Value, kind, parse
from bpmn.vocabulary import Parameter
from engine.rules.facts import LimitProblem, Limits, ValueFacts
from engine.rules.finding import Finding
from engine.rules.wording import format_range, format_value

Level = Literal["NOR", "PAR"]

BOUNDS = ("nor_low", "nor_high", "par_low", "par_high")
KINDS: dict[str, type] = {
    "num": Decimal, "int": Decimal, "date_time": datetime, "bool": bool, "choice": str, "text": str,
}  # fmt: skip
JUDGES = ("limit", "balance", "specification")
ORDERED = ("num", "int", "date_time")
_LITERAL = re.compile(r"[-+0-9.eE]*")  # a limit written as a number is shown as written
NAMES = {"nor_low": "lower NOR", "nor_high": "upper NOR", "par_low": "lower PAR", "par_high": "upper PAR"}


def evaluate_limits(parameter: Parameter, scope: Scope) -> Limits:
    """The limits that hold for a value now. Never raises for a bad limit: it becomes a problem, and so a finding.

    A limit of a number, an instant or a bool is an expression over the scope; of a text or a choice it is the expected
    text itself, or an expression in quotes.
    """
    values: dict[str, Value] = {}
    problems: list[LimitProblem] = []
    for name in BOUNDS:
        text = getattr(parameter, name)
        if not text:
            continue
        try:
            value = _evaluate(parameter, text, scope)
        except (ExpressionError, EvaluationError) as error:
            problems.append(LimitProblem(name, error.message))
            continue
        if _is_of_kind(parameter.type, value):
            values[name] = value
        else:
            problems.append(LimitProblem(name, f"{text} is {kind(value)}, which {parameter.name} can't be"))
    return Limits(
        nor_low=values.get("nor_low"), nor_high=values.get("nor_high"),
        par_low=values.get("par_low"), par_high=values.get("par_high"), problems=tuple(problems),
    )  # fmt: skip


def has_limits(facts: ValueFacts) -> bool:
    """Whether anything bounds this value: without a bound no value could depart."""
    return any(getattr(facts.parameter, name) or getattr(facts.limits, name) is not None for name in BOUNDS)


def is_judged(facts: ValueFacts, judge: str) -> bool:
    """Whether the rule of that name judges this value. A calculation without a value is left to its own rule.

    A judge that no rule answers to, which no checked recipe names, is not a way around the limits.
    """
    parameter = facts.parameter
    without_value = parameter.source == "calc" and (facts.value is None or bool(facts.undefined))
    named = parameter.judge if parameter.judge in JUDGES else "limit"
    return named == judge and parameter.limit_action != "none" and has_limits(facts) and not without_value


def keeps(facts: ValueFacts, level: Level) -> bool:
    """Whether the value is proven to keep this level of its limits."""
    if not _is_of_kind(facts.parameter.type, facts.value):
        return False
    return all(_keeps_bound(facts, f"{level.lower()}_{side}") for side in ("low", "high"))


def exclusive_sides(parameter: Parameter, level: Level) -> tuple[bool, bool]:
    """Whether a value must not reach the low limit of a level, and the high one. Only ordered values can come close."""
    ordered = parameter.type in ORDERED
    low, high = (ordered and f"{level.lower()}_{side}" in parameter.exclusive for side in ("low", "high"))
    return low, high


def unkept_level(facts: ValueFacts) -> Level | None:
    """The graver level that the value does not keep: PAR, else NOR, else None."""
    if not keeps(facts, "PAR"):
        return "PAR"
    return None if keeps(facts, "NOR") else "NOR"


def find_departure(facts: ValueFacts, rule: str, beyond: int) -> list[Finding]:
    """What the limit semantics say about a value: nothing, 17, or the number `beyond` for a value outside PAR."""
    level = unkept_level(facts)
    if level is None:
        return []
    parameter = facts.parameter
    expected = f"{level} {_range(facts, level)}"
    actual = facts.qualifier + format_value(
        facts.value, parameter.uom, calculated=parameter.source == "calc", apart_from=_bounds(facts)
    )
    message = _message(facts, level, actual, expected)
    if level == "NOR":
        return [Finding(17, rule, "minor", message, needs_comment=True, expected=expected, actual=actual)]
    blocks = parameter.limit_action not in ("flag", "none")
    stops = parameter.limit_action == "stop"
    return [Finding(beyond, rule, parameter.severity, message, blocks, stops, expected=expected, actual=actual)]


def _evaluate(parameter: Parameter, text: str, scope: Scope) -> Value:
    if parameter.type in ("text", "choice") and not (text[0] == text[-1] and text[0] in "\"'"):
        return text
    return parse(text).evaluate(scope)


def _is_of_kind(parameter_type: str, value: object) -> bool:
    """Whether a value is what its parameter's type says; a bool is no number, NaN and infinity are none either."""
    if type(value) is not KINDS.get(parameter_type):
        return False
    if isinstance(value, Decimal):
        return value.is_finite() and (parameter_type == "num" or value == value.to_integral_value())
    return not isinstance(value, datetime) or value.utcoffset() is not None


def _keeps_bound(facts: ValueFacts, name: str) -> bool:
    bound = getattr(facts.limits, name)
    if bound is None:
        return not getattr(facts.parameter, name)
    if not _is_of_kind(facts.parameter.type, bound):
        return False
    value: Value | None = facts.value
    if facts.parameter.type not in ORDERED:
        return facts.qualifier == "" and value == bound
    reaches = {"low": ("", ">"), "high": ("", "<")}[name[4:]]
    if facts.qualifier not in reaches:
        return False
    if value == bound:  # all that `<0.25` stands for lies below 0.25
        return name not in facts.parameter.exclusive or facts.qualifier != ""
    return bool(bound < value if name.endswith("low") else value < bound)


def _bounds(facts: ValueFacts) -> list[Value | None]:
    return [getattr(facts.limits, name) for name in BOUNDS]


def _range(facts: ValueFacts, level: Level) -> str:
    names = [f"{level.lower()}_{side}" for side in ("low", "high")]
    low, high = (getattr(facts.limits, name) for name in names)
    computed = any(_LITERAL.fullmatch(getattr(facts.parameter, name)) is None for name in names)
    sides = exclusive_sides(facts.parameter, level)
    return format_range(low, high, facts.parameter.uom, calculated=computed, apart_from=(facts.value,), exclusive=sides)


def written_range(parameter: Parameter, level: Level) -> str:
    """A level of limits in words, as the recipe writes them; "" where it has none."""
    low, high = (getattr(parameter, f"{level.lower()}_{side}") for side in ("low", "high"))
    if parameter.type not in ORDERED:
        return low or high
    sides = exclusive_sides(parameter, level)
    return format_range(low or None, high or None, parameter.uom, exclusive=sides) if low or high else ""


def _message(facts: ValueFacts, level: Level, actual: str, expected: str) -> str:
    parameter = facts.parameter
    if not _is_of_kind(parameter.type, facts.value):
        return f"{parameter.name} {actual} can't be judged: it is not of the parameter's type, {parameter.type}."
    unknown = [
        name for name in BOUNDS
        if name.startswith(level.lower()) and getattr(parameter, name) and getattr(facts.limits, name) is None
    ]  # fmt: skip
    if unknown:
        why = {problem.bound: problem.message for problem in facts.limits.problems}
        reasons = "; ".join(
            f"the {NAMES[name]} limit {getattr(parameter, name)} has no value: {why.get(name, 'it was not evaluated')}"
            for name in unknown
        )
        return f"{parameter.name} {actual} can't be judged: {reasons}."
    if facts.qualifier:
        return f"{parameter.name} {actual} does not prove {expected}."
    return f"{parameter.name} {actual} is outside {expected}."
