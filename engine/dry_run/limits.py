"""What a limit means, read a second time: with fractions, from the recipe's text, without a line of the rules.

The rules judge what is recorded; a dry run compares that with what is expected here. Whoever changes the meaning of a
limit has to change it in both places, or every dry run fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, ExpressionError, Scope, Value, parse

Place = Literal["inside", "at", "outside", "unbounded", "below", "above", "right", "wrong"]
Bound = Any  # Fraction, datetime, bool or str; UNKNOWN where the recipe has a limit without a value

BOUNDS: tuple[v.LimitName, ...] = ("nor_low", "nor_high", "par_low", "par_high")
ORDERED = ("num", "int", "date_time")
UNKNOWN = object()
_FAR = 1000
_COMPUTED_DIGITS = 3


def edge_in_words(edge: str) -> str:
    """An edge as people read it: `nor_high outside` is "outside the upper NOR"; others are words already."""
    bound, _, place = edge.partition(" ")
    if bound not in BOUNDS or not place:
        return edge
    level, side = bound.split("_")
    if place in ("right", "wrong"):
        return f"the {place} answer for {level.upper()}"
    far = "far out where there is no" if place == "unbounded" else f"{place} the"
    return f"{far} {'lower' if side == 'low' else 'upper'} {level.upper()}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must come of a value: the outcome that is recorded with it, and whether the step may go on."""

    outcome: str
    blocks: bool = False
    stops: bool = False

    def __str__(self) -> str:
        return self.outcome + (" and stops" if self.stops else " and blocks" if self.blocks else "")


@dataclass(frozen=True, slots=True)
class Edge:
    """One value that has to be tried: where it lies at which bound, and as it is typed."""

    bound: str
    place: Place
    text: str
    value: Value
    qualifier: str = ""

    @property
    def name(self) -> str:
        """The edge as the report names it: `nor_high outside`."""
        return f"{self.bound} {self.place}"


def bounds_of(parameter: v.Parameter, scope: Scope) -> dict[str, Bound]:
    """The limits that the recipe has, as they stand now."""
    found: dict[str, Bound] = {}
    for name in BOUNDS:
        text = getattr(parameter, name)
        if text:
            found[name] = _bound(parameter, text, scope)
    return found


def _bound(parameter: v.Parameter, text: str, scope: Scope) -> Bound:
    if parameter.type in ("choice", "text") and text[:1] not in ("'", '"'):
        return text
    try:
        value = parse(text).evaluate(scope)
    except (ExpressionError, EvaluationError):
        return UNKNOWN
    wanted = {"num": Decimal, "int": Decimal, "date_time": datetime, "bool": bool}.get(parameter.type, str)
    if type(value) is not wanted:
        return UNKNOWN
    return Fraction(value) if isinstance(value, Decimal) else value


def verdict(parameter: v.Parameter, bounds: Mapping[str, Bound], value: Value | None, qualifier: str = "") -> Verdict:
    """What must be recorded of a value. None: a calculation without a value, which this reading leaves to its rule."""
    if parameter.limit_action == "none" or not bounds or value is None:
        return Verdict("recorded")
    if not _kept(parameter, bounds, "par", value, qualifier):
        acts = parameter.limit_action
        return Verdict(parameter.severity, acts in ("block", "stop"), acts == "stop")
    if not _kept(parameter, bounds, "nor", value, qualifier):
        return Verdict("minor")
    return Verdict("ok")


def _kept(parameter: v.Parameter, bounds: Mapping[str, Bound], level: str, value: Any, qualifier: str) -> bool:
    low, high = bounds.get(f"{level}_low"), bounds.get(f"{level}_high")
    if UNKNOWN in (low, high):
        return False
    if parameter.type not in ORDERED:
        return all(bound is None or value == bound for bound in (low, high))
    worth = Fraction(value) if isinstance(value, Decimal) else value
    for name, bound, other in ((f"{level}_low", low, "<"), (f"{level}_high", high, ">")):
        if bound is None:
            continue
        if qualifier == other:
            return False  # "<5" may be anything below 5: no lower bound is proven
        beyond = worth < bound if name.endswith("low") else worth > bound
        if beyond or (worth == bound and name in parameter.exclusive and not qualifier):
            return False
    return True


def edges(parameter: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Edge]:
    """Every value that has to be tried: inside, at and one digit outside each bound, and far out where there is none."""
    if parameter.type in ORDERED:
        yield from _ordered(parameter, bounds)
    else:
        yield from _expected(parameter, bounds)


def _ordered(parameter: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Edge]:
    for name, bound in bounds.items():
        if bound is UNKNOWN:
            continue
        away = -1 if name.endswith("low") else 1
        if isinstance(bound, datetime):
            step: Any = timedelta(seconds=1)
            near: dict[Place, Any] = {"inside": bound - away * step, "at": bound, "outside": bound + away * step}
        else:
            level, unit = _digits(getattr(parameter, name), bound)
            near = {"inside": level - away * unit, "at": level, "outside": level + away * unit}
        for place, value in near.items():
            yield Edge(name, place, typed_text(value), value)
        if parameter.qualifier and isinstance(near["at"], Decimal):
            yield Edge(name, "below", "<" + typed_text(near["at"]), near["at"], "<")
            yield Edge(name, "above", ">" + typed_text(near["at"]), near["at"], ">")
    yield from _unbounded(bounds)


def _unbounded(bounds: Mapping[str, Bound]) -> Iterator[Edge]:
    """Beside a level's only bound there is none: a value far out on that side."""
    for level in ("nor", "par"):
        low, high = bounds.get(f"{level}_low"), bounds.get(f"{level}_high")
        if (low is None) == (high is None):
            continue
        bound = high if low is None else low
        if not isinstance(bound, Fraction):
            continue
        far = abs(bound) * _FAR + _FAR
        value = bound - far if low is None else bound + far
        yield Edge(f"{level}_{'low' if low is None else 'high'}", "unbounded", *_written(value))


def _written(value: Fraction) -> tuple[str, Decimal]:
    number = Decimal(value.numerator) / Decimal(value.denominator)
    return typed_text(number), number


def _digits(text: str, bound: Fraction) -> tuple[Decimal, Decimal]:
    """A limit with the digits that the recipe gives, and one in the last of them; of a computed limit one in its third."""
    try:
        level = Decimal(text.strip())
        exponent = int(level.as_tuple().exponent)
    except ArithmeticError:
        level = Decimal(bound.numerator) / Decimal(bound.denominator)
        exponent = level.adjusted() - _COMPUTED_DIGITS + 1
    return level, Decimal(1).scaleb(exponent)


def _expected(parameter: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Edge]:
    """A bool, a choice or a text has the one right answer, and others."""
    answers = list(_answers(parameter, bounds))
    for name, bound in bounds.items():
        for value in answers:
            place: Place = "right" if value == bound else "wrong"
            yield Edge(name, place, typed_text(value), value)


def _answers(parameter: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Value]:
    if parameter.type == "bool":
        yield from (True, False)
    elif parameter.type == "choice":
        yield from (c.value for c in parameter.choices)
    else:
        right = [b for b in dict.fromkeys(bounds.values()) if isinstance(b, str)]
        yield from right
        yield "another answer"


def typed_text(value: Any) -> str:
    """A value as a person types it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f") if -12 < value.adjusted() < 9 else str(value).replace("E+", "e").replace("E", "e")
    return str(value)
