"""What is known of an expression before any value is recorded: between which numbers it lies, and in which unit."""

from decimal import Decimal

import pytest

from bpmn.expressions import parse
from bpmn.expressions.bounds import bounds
from bpmn.expressions.in_units import put_together, unit_of

RANGES = {"a": (Decimal(1), Decimal(3)), "b": (Decimal(-2), Decimal(4))}
UNITS = {"salt": "g", "S01.salt": "g", "cup": "mL"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", (1, 3)), ("-a", (-3, -1)), ("a + b", (-1, 7)), ("a - b", (-3, 5)), ("a * b", (-6, 12)), ("b / a", (-2, 4)),
        ("2 * a - 1", (1, 5)), ("a / b", None), ("a - a", None), ("c", None), ("ln(a)", None), ("a ** 2", None),
        ('"word"', None),
    ],
)  # fmt: skip
def test_the_least_and_the_greatest_value(text, found):
    known = bounds(parse(text)._root, RANGES)
    assert (tuple(map(int, known)) if known else None) == found


@pytest.mark.parametrize(
    ("text", "unit", "together"),
    [
        ("salt", "g", []), ("salt - S01.salt", "g", []), ("salt + 5", "g", []), ("salt * 2", "", []),
        ("max(salt, cup)", "", [("g", "mL")]), ("salt > cup", "", [("g", "mL")]), ("salt / cup", "", []),
        ("salt / cup > salt", "", []), ("round(salt, 1) + abs(-cup)", "", [("g", "mL")]), ("salt + nobody", "", []),
        ("salt if cup > 5 else cup", "", [("g", "mL")]), ("salt == 5 and cup == 5", "", []),
    ],
)  # fmt: skip
def test_the_unit_of_a_value_and_what_is_put_together(text, unit, together):
    assert (unit_of(parse(text), UNITS), list(put_together(parse(text), UNITS))) == (unit, together)
