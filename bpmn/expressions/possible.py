"""Can conditions come true together? Said without a value recorded, from what they compare with what.

Comparisons of one name with constants are understood (`S04.viab >= 80`, `2 * x - 1 < y` is not: two names), words and
truth values by their equality. Everything else is taken for something that may be true or false, the same wherever it
is written alike; so "impossible" is always right, and "possible" may be too kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from bpmn.expressions import Expression, nodes

_MOST = 64  # alternatives looked at; beyond them everything is possible
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Range:
    """What a name may be: between two numbers, each perhaps left out, or one of some words. None is without bound."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False
    words: frozenset[str] | None = None
    not_words: frozenset[str] = frozenset()

    def meet(self, other: Range) -> Range | None:
        """What both allow; None for nothing."""
        low, low_open = max(((r.low, r.low_open) for r in (self, other) if r.low is not None), default=(None, False))
        highs = [(r.high, not r.high_open) for r in (self, other) if r.high is not None]
        high, closed = min(highs, default=(None, True))
        if low is not None and high is not None and (low > high or (low == high and (low_open or not closed))):
            return None
        words = other.words if self.words is None else self.words if other.words is None else self.words & other.words
        not_words = self.not_words | other.not_words
        if words is not None and not words - not_words:
            return None
        return Range(low, high, low_open, not closed, words, not_words)


Case = Mapping[str, Range]
TRUE, FALSE = Range(words=frozenset({"true"})), Range(words=frozenset({"false"}))


def possible(true: Iterable[Expression], false: Iterable[Expression] = (), within: Case | None = None) -> bool:
    """True when the first can all be true while the others are all false, each name within what it may be."""
    cases: list[Case] = [within or {}]
    try:
        for expression, outcome in [*((e, True) for e in true), *((e, False) for e in false)]:
            cases = _both(cases, _cases(expression._root, outcome))
    except _TooManyError:
        return True
    return bool(cases)


class _TooManyError(Exception):
    """There are more alternatives than are looked at."""


def _both(left: list[Case], right: Iterable[Case]) -> list[Case]:
    """Each alternative of one side together with each of the other, where both can hold."""
    found = list(_pairs(left, list(right)))
    if len(found) > _MOST:
        raise _TooManyError
    return found


def _pairs(left: list[Case], right: list[Case]) -> Iterator[Case]:
    for one in left:
        for other in right:
            together: dict[str, Range] | None = dict(one)
            for name, allowed in other.items():
                met = allowed.meet(together[name]) if together is not None and name in together else allowed
                if met is None:
                    together = None
                    break
                assert together is not None
                together[name] = met
            if together is not None:
                yield together


def _cases(node: nodes.Node, outcome: bool) -> Iterator[Case]:
    """The alternatives under which a condition has this outcome."""
    match node:
        case nodes.Literal(constant) if type(constant) is bool:
            yield from [{}] if constant == outcome else []
        case nodes.Name(name):
            yield {name: TRUE if outcome else FALSE}
        case nodes.Not(operand):
            yield from _cases(operand, not outcome)
        case nodes.AllOf(operands) if outcome:
            yield from _all((operand, True) for operand in operands)
        case nodes.AnyOf(operands) if not outcome:
            yield from _all((operand, False) for operand in operands)
        case nodes.AllOf(operands) | nodes.AnyOf(operands):
            for operand in operands:
                yield from _cases(operand, outcome)
        case nodes.Comparison(first, rest):
            pairs = list(zip([first, *(operand for _, operand in rest)], rest, strict=False))
            if outcome:
                cases: list[Case] = [{}]
                for left, (symbol, right) in pairs:
                    cases = _both(cases, _compared(left, symbol, right))
                yield from cases
            else:
                for left, (symbol, right) in pairs:
                    yield from _compared(left, _OPPOSITE[symbol], right)
        case _:
            yield {repr(node): TRUE if outcome else FALSE}


def _all(parts: Iterable[tuple[nodes.Node, bool]]) -> list[Case]:
    cases: list[Case] = [{}]
    for node, outcome in parts:
        cases = _both(cases, _cases(node, outcome))
    return cases


def _compared(left: nodes.Node, symbol: str, right: nodes.Node) -> Iterator[Case]:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, nodes.Name) and isinstance(other, nodes.Literal) and type(other.constant) in (str, bool):
            word = str(other.constant).lower() if type(other.constant) is bool else str(other.constant)
            met = Range(words=frozenset({word})) if symbol == "==" else Range(not_words=frozenset({word}))
            if type(other.constant) is bool:
                met = TRUE if (word == "true") == (symbol == "==") else FALSE
            yield {one.name: met}
            return
    first, second = _linear(left), _linear(right)
    if first is not None and second is not None and len({first[0], second[0]} - {""}) == 1:
        name, slope, rest = first[0] or second[0], first[1] - second[1], second[2] - first[2]
        if slope:
            yield from ({name: r} for r in _ranges(symbol if slope > 0 else _TURNED[symbol], rest / slope))
            return
    if symbol in ("<=", "!=", ">="):  # said the other way, so that opposites are one thing
        yield {repr((left, _OPPOSITE[symbol], right)): FALSE}
    else:
        yield {repr((left, symbol, right)): TRUE}


def _ranges(symbol: str, bound: Fraction) -> list[Range]:
    below, above = Range(high=bound, high_open=True), Range(low=bound, low_open=True)
    return {
        "<": [below],
        "<=": [replace(below, high_open=False)],
        ">": [above],
        ">=": [replace(above, low_open=False)],
        "==": [Range(low=bound, high=bound)],
        "!=": [below, above],
    }[symbol]


def _linear(node: nodes.Node) -> tuple[str, Fraction, Fraction] | None:
    """A name times a number plus a number, as (name, factor, rest); None for everything else."""
    match node:
        case nodes.Literal(constant) if type(constant) is Decimal:
            return "", Fraction(0), Fraction(constant)
        case nodes.Name(name):
            return name, Fraction(1), Fraction(0)
        case nodes.Negation(operand):
            found = _linear(operand)
            return (found[0], -found[1], -found[2]) if found else None
        case nodes.Calculation(first, rest):
            found = _linear(first)
            for symbol, operand in rest:
                other = _linear(operand)
                found = _joined(found, symbol, other) if found and other else None
            return found
    return None


def _joined(
    one: tuple[str, Fraction, Fraction], symbol: str, other: tuple[str, Fraction, Fraction]
) -> tuple[str, Fraction, Fraction] | None:
    if symbol in "+-":
        sign = 1 if symbol == "+" else -1
        if one[0] and other[0] and one[0] != other[0]:
            return None
        return one[0] or other[0], one[1] + sign * other[1], one[2] + sign * other[2]
    if symbol == "*" and not (one[0] and other[0]):
        factor, of = (one[2], other) if not one[0] else (other[2], one)
        return of[0], factor * of[1], factor * of[2]
    if symbol == "/" and not other[0] and other[2]:
        return one[0], one[1] / other[2], one[2] / other[2]
    return None
