"""What a cell asks of a value: at, below and above each bound, with both ends included unless it says otherwise."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpmn.decision_tables.cells import parse_cell
from bpmn.expressions import ExpressionError, UnknownNameError


def nothing(name: str) -> Decimal:
    raise UnknownNameError(name)


NUMBERS = [
    ("< 5", "4.999", "5"), ("<= 5", "5.0", "5.01"), ("> 5", "5.01", "5"), (">= 5", "5", "4.9"), ("5", "5.00", "5.01"),
    ("= 5", "5", "6"), ("!= 5", "6", "5"), ("5 .. 7", "5", "7.1"), ("[5..7]", "7", "4.9"), ("(5 .. 7]", "7", "5"),
    ("]5 .. 7[", "6", "7"), ("[5 .. 7)", "5", "7"), ("1, 5, 7", "7", "6"), ("< 1, 5 .. 7, 9", "9", "8"),
    ("not(5 .. 7)", "8", "6"), ("not(1, 2)", "3", "2"), ("-5 .. -1", "-5", "0"), ("2 * 3", "6", "5"),
    ("(5 .. 7], 9", "9", "5"), ("max(1, 2) .. min(7, 8)", "2", "8"), ("1.0e8", "100000000", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "within", "outside"), NUMBERS)
def test_a_cell_of_numbers(text: str, within: str, outside: str) -> None:
    cell = parse_cell(text, "num")
    assert cell.holds(Decimal(within), nothing)
    assert not cell.holds(Decimal(outside), nothing)


@pytest.mark.parametrize("text", ["-", "", "  "])
def test_an_empty_cell_asks_nothing(text: str) -> None:
    assert parse_cell(text, "num").holds(Decimal(1), nothing)


def test_cells_of_texts_truths_and_instants() -> None:
    from datetime import UTC, datetime

    assert parse_cell('"a, b", "c"', "text").holds("a, b", nothing)
    assert not parse_cell('not("a")', "choice").holds("a", nothing)
    assert parse_cell("false", "bool").holds(False, nothing)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert parse_cell('< "2026-03-01T13:00:00+00:30"', "date_time").holds(noon, nothing)
    assert not parse_cell('> "2026-03-01T13:00:00+01:00"', "date_time").holds(noon, nothing)


def test_a_bound_may_be_computed_from_names() -> None:
    cell = parse_cell("< order.weight_kg * 2", "num")
    assert not cell.constant
    assert cell.holds(Decimal(9), {"order.weight_kg": Decimal(5)}.__getitem__)


WRONG = [
    ("< 5", "text"), ("a .. b", "choice"), ("7 .. 5", "num"), ("(5 .. 5)", "num"), ('"a"', "num"), ("5", "text"),
    (">> 5 (", "num"), ("5,", "num"), ("5 ..", "num"), ("< true", "bool"), ('"2026-03-01"', "date_time"), ("1 / 0", "num"),
    ("!= 1, 2", "num"), ('__import__("os")', "text"), ("lower(x)", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), WRONG)
def test_what_means_nothing_in_its_column_is_refused(text: str, kind: str) -> None:
    with pytest.raises(ExpressionError):
        parse_cell(text, kind)
