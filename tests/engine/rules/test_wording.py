"""How values are written for people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import format_duration, format_range, format_value
from engine.rules.limits import written_range
from tests.engine.rules.samples import changed


@pytest.mark.parametrize("text", ["7.20", "0.0", "-80", "8.99e9", "6.0e8", "100", "0.00000012300", "-0", "1e-9"])
def test_recorded_number_keeps_its_digits(text: str) -> None:
    shown = format_value(Decimal(text))
    assert Decimal(shown).as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2733948900.0000", "2.734e9"), ("183.3333333333", "183.3"), ("48.50", "48.5"), ("9", "9"), ("0.000", "0"),
        ("26666666.66666666", "2.667e7"), ("123456.789", "123457"), ("-12.3456", "-12.35"),
        ("0.00001234567", "1.235e-5"),
        ("1000000", "1e6"), ("999999.99", "1e6"), ("0.75", "0.75"),
    ],
)  # fmt: skip
def test_computed_number_shows_what_matters(value: str, shown: str) -> None:
    assert format_value(Decimal(value), calculated=True) == shown


def test_rounding_never_hides_a_departure() -> None:
    assert format_value(Decimal("36.0001"), "h", calculated=True, apart_from=[Decimal(36)]) == "36.0001 h"
    assert format_value(Decimal("36.0001"), "h", calculated=True) == "36 h"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000, max_value=1000),
       st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000))  # fmt: skip
def test_what_is_shown_lies_on_the_same_side_of_the_limit(value: Decimal, bound: Decimal) -> None:
    shown = Decimal(format_value(value, calculated=True, apart_from=[bound, None, "text"]))
    assert (shown > bound, shown < bound) == (value > bound, value < bound)


@pytest.mark.parametrize(
    ("value", "uom", "shown"),
    [
        (True, "", "yes"), (False, "%", "no"), (None, "%", "no value"), ("no growth", "text", "no growth"),
        (Decimal("1.5"), "1", "1.5"), (Decimal(3), "labels", "3 labels"),
        (datetime(2026, 3, 1, 20, tzinfo=UTC), "", "2026-03-01 20:00 UTC"),
        (datetime(2026, 3, 1, 20, 0, 5, tzinfo=UTC), "", "2026-03-01 20:00:05 UTC"),
        (timedelta(minutes=125), "", "2 h 5 min"),
    ],
)  # fmt: skip
def test_other_kinds(value: object, uom: str, shown: str) -> None:
    assert format_value(value, uom) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        ("80", "100", "80 to 100 %"), ("80.0", None, "at least 80.0 %"), (None, "1e2", "at most 1e2 %"),
        ("3", "3", "exactly 3 %"), (None, None, "no limit"),
    ],
)  # fmt: skip
def test_ranges(low: str | None, high: str | None, shown: str) -> None:
    first, last = (None if text is None else Decimal(text) for text in (low, high))
    assert format_range(first, last, "%") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59.5, "59.5 s"), (60, "1 min"), (3600, "1 h"), (97445, "1 d 3 h 4 min 5 s"), (-60, "-1 min"),
     (1e-6, "0.000001 s")],
)  # fmt: skip
def test_durations(seconds: float, shown: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ({"nor_low": "7.20", "nor_high": "7.50", "exclusive": ()}, "7.20 to 7.50 %"),
        ({"nor_low": "70", "nor_high": "", "exclusive": ("nor_low",)}, "above 70 %"),
        ({"nor_low": "", "nor_high": "0.25", "exclusive": ("nor_high",)}, "below 0.25 %"),
        ({"nor_low": "5", "nor_high": "7", "exclusive": ("nor_high",)}, "at least 5, below 7 %"),
        ({"nor_low": "5", "nor_high": "7", "exclusive": ("nor_low", "nor_high")}, "above 5, below 7 %"),
        ({"nor_low": "", "nor_high": "", "exclusive": ()}, ""),
        ({"type": "bool", "nor_low": "true", "nor_high": "true", "exclusive": ()}, "true"),
    ],
)  # fmt: skip
def test_a_recipes_limits_are_written_with_what_may_not_be_reached(limits: dict[str, Any], shown: str) -> None:
    assert written_range(changed(**limits), "NOR") == shown
