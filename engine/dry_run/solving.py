"""Find what has to be entered so that a calculation comes out as wanted: a limit exactly, or one digit beyond it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise

Function = Callable[[Decimal], Fraction | None]

_DIGITS = 28
_TURNS = 160
_NEAR = Fraction(1, 10**15)
_NARROW = Fraction(1, 10**24)
_FACTORS = (
    "1.1", "0.9", "1.25", "0.8", "1.5", "0.7", "2", "0.5", "3", "0.3", "4.5", "0.2", "7", "0.15", "10", "0.1", "15", "25", "40",
    "65", "100", "0.01", "1000", "0.001", "1e5", "1e7", "1e9", "1e-5", "1e-8", "-1",
)  # fmt: skip


def solve(function: Function, goal: Fraction, start: Decimal, *, whole: bool = False) -> Decimal | None:
    """An input for which the function gives the goal (to 15 digits where no decimal gives it exactly), or None.

    A straight line is solved at once, anything else by closing in from two inputs on either side of the goal.
    """
    points = list(_points(function, start))
    for (a, fa), (b, fb) in pairwise(points):
        if fa != fb:
            found = _tidy(function, goal, Fraction(a) + (goal - fa) * (Fraction(b) - Fraction(a)) / (fb - fa), whole)
            if found is not None:
                return found
    ordered = sorted(points)
    for (a, fa), (b, fb) in pairwise(ordered):
        if (fa - goal) * (fb - goal) <= 0 and fa != fb:
            found = _narrowed(function, goal, (Fraction(a), fa), (Fraction(b), fb), whole)
            if found is not None:
                return found
    return None


def _points(function: Function, start: Decimal) -> Iterator[tuple[Decimal, Fraction]]:
    tried = [start, *(start * Decimal(f) for f in _FACTORS), Decimal(0), Decimal(1), start + 1, start - 1]
    for x in dict.fromkeys(tried):
        y = function(x)
        if y is not None:
            yield x, y


def _narrowed(
    function: Function, goal: Fraction, low: tuple[Fraction, Fraction], high: tuple[Fraction, Fraction], whole: bool
) -> Decimal | None:
    """Between two points on either side of the goal: in turn where a straight line meets it, and in the middle."""
    x = low[0]
    for turn in range(_TURNS):
        rise = high[1] - low[1]
        x = low[0] + (goal - low[1]) * (high[0] - low[0]) / rise if turn % 2 == 0 and rise else (low[0] + high[0]) / 2
        x = Fraction(_decimal(x, _DIGITS))
        value = function(_decimal(x, _DIGITS))
        if value is None:
            return None
        if _close(value, goal) or abs(high[0] - low[0]) <= _NARROW * max(abs(low[0]), abs(high[0])):
            break
        if (value - goal) * (low[1] - goal) > 0:
            low = x, value
        else:
            high = x, value
    return _tidy(function, goal, x, whole)


def _tidy(function: Function, goal: Fraction, x: Fraction, whole: bool) -> Decimal | None:
    """The input with the fewest digits that still gives the goal."""
    if whole:
        near = Decimal(round(x))
        return near if function(near) == goal else None
    if not _close(function(_decimal(x, _DIGITS)), goal):
        return None
    close = None
    for digits in (*range(1, 13), 15, 18, 21, 24, _DIGITS):
        candidate = _decimal(x, digits)
        value = function(candidate)
        if value == goal:
            return candidate
        if close is None and _close(value, goal):
            close = candidate
    return close


def _close(value: Fraction | None, goal: Fraction) -> bool:
    return value is not None and abs(value - goal) <= _NEAR * max(abs(goal), _NEAR)


def _decimal(x: Fraction, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(x.numerator), Decimal(x.denominator))
