"""What has to be entered so that a calculation comes out as wanted."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from engine.dry_run.solving import solve


@pytest.mark.parametrize(
    ("function", "goal", "found"),
    [
        (lambda x: Fraction(x) * 3 - 7, Fraction(8), "5"),
        (lambda x: Fraction(x) / 2 + Fraction(1, 10), Fraction(6, 10), "1"),
        (lambda x: Fraction(100) / Fraction(x) if x else None, Fraction(8), "12.5"),
        (lambda x: max(Fraction(0), min(Fraction(x), 1000 - Fraction(x))), Fraction(1), "1"),
    ],
)
def test_straight_lines_curves_and_corners_are_met_exactly(function, goal: Fraction, found: str) -> None:
    assert solve(function, goal, Decimal(4)) == Decimal(found)


def test_what_no_decimal_meets_is_met_to_fifteen_digits() -> None:
    found = solve(lambda x: Fraction(x) * 3, Fraction(1), Decimal(1))
    assert found is not None
    assert abs(Fraction(found) * 3 - 1) <= Fraction(1, 10**15)


def test_whole_numbers_stay_whole_and_what_is_out_of_reach_is_not_found() -> None:
    assert solve(lambda x: Fraction(x) * 2, Fraction(10), Decimal(1), whole=True) == 5
    assert solve(lambda x: Fraction(x) * 2, Fraction(5), Decimal(1), whole=True) is None
    assert solve(lambda x: Fraction(7), Fraction(5), Decimal(1)) is None
