"""The expression language: what it computes, what it refuses, and how it says so."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bpmn.expressions import (
    EvaluationError,
    ExpressionError,
    LimitExceededError,
    TypeMismatchError,
    UndefinedValueError,
    UnknownNameError,
    parse,
    parse_assignment,
    parse_assignments,
)

COLLECTED = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
STARTED = datetime(2026, 3, 2, 8, 24, tzinfo=UTC)
BATCH = {
    "order.collection_end": COLLECTED,
    "order.weight_kg": Decimal("74.0"),
    "order.dose_per_kg": Decimal("2.0e6"),
    "order.max_dose": Decimal("2.0e8"),
    "start": STARTED,
    "end": STARTED + timedelta(minutes=45),
    "tnc": Decimal("8e9"),
    "viab": Decimal("98"),
    "cd3_pct": Decimal("40"),
    "total": Decimal("2.0e8"),
    "previous.total": Decimal("1.0e8"),
    "S28.decision": "harvest",
    "intact": True,
    "pending": None,
}


def value(text, scope=BATCH):
    return parse(text).evaluate(scope)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0e8", "1.0e8"),
        ("-2**2", "-4"),
        ("2**-1", "0.5"),
        ("2**3**2", "512"),
        ("10-4-3", "3"),
        ("100/10/5", "2"),
        ("2+3*4", "14"),
        ("(2+3)*4", "20"),
        ("- - 3", "3"),
        ("0.1+0.2", "0.3"),
        ("1 if 2 > 1 else 5", "1"),
        ("1 if false else 2 if false else 3", "3"),
        ("min(3, 1, 2)", "1"),
        ("max(0, min(5, 4))", "4"),
        ("sum(1, 2, 3)", "6"),
        ("abs(-4.50)", "4.50"),
        ("sqrt(2.25)", "1.5"),
        ("round(ln(exp(2)), 20)", "2"),
    ],
)
def test_numbers_are_computed_in_decimal_with_the_usual_precedence(text, expected):
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.675, 2)", "2.68"),
        ("round(1234.5, -2)", "1.2E+3"),
        ("round(7, 2)", "7"),
        ("round(-0.4)", "0"),
    ],
)
def test_rounding_is_half_away_from_zero_as_a_laboratory_rounds(text, expected):
    assert str(value(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hours(start - order.collection_end)", "22.4"),
        ("tnc*viab/100*cd3_pct/100", "3.136e9"),
        ("minutes(end - start)", "45"),
        ("round(24*ln(2)/ln(total/previous.total), 10)", "24"),
        ("min(order.dose_per_kg*order.weight_kg, order.max_dose)", "1.48e8"),
        ("round(days(start - order.collection_end))", "1"),
    ],
)
def test_formulas_of_a_recipe_give_the_values_a_person_would_compute(text, expected):
    assert value(text) == Decimal(expected)


def test_time_moves_by_durations_and_is_measured_in_them():
    assert value("start + days(3) - hours(3)") == STARTED + timedelta(days=3, hours=-3)
    assert value("hours(1.5)") == timedelta(minutes=90)
    assert value("(end - start) / minutes(15)") == 3
    assert value("hours(36) / 2") == timedelta(hours=18)
    assert value("max(start, end)") == BATCH["end"]
    assert value("end - start <= hours(0.75) and sum(hours(1), hours(2)) == hours(3)") is True


def test_an_hour_lost_to_summer_time_is_not_counted():
    berlin = ZoneInfo("Europe/Berlin")
    night = {"a": datetime(2026, 3, 29, 1, 0, tzinfo=berlin), "b": datetime(2026, 3, 29, 4, 0, tzinfo=berlin)}
    assert value("hours(b - a)", night) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 <= 3 <= 3", True),
        ("1 < 3 < 3", False),
        ("2 != 2.0", False),
        ('S28.decision == "harvest"', True),
        ("S28.decision != 'terminate' and intact", True),
        ("not intact or 1 == 1 and false", False),
        ("not 1 == 2", True),
        ("intact == true", True),
        ("false and 1/0 == 1", False),
        ("true or nobody.knows", True),
    ],
)
def test_conditions_are_true_or_false_and_stop_where_the_answer_is_known(text, expected):
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("vcd * 2", UnknownNameError),
        ("pending + 1", UndefinedValueError),
        ("1/0", UndefinedValueError),
        ("0/0", UndefinedValueError),
        ("0 ** -1", UndefinedValueError),
        ("0 ** 0", UndefinedValueError),
        ("ln(0)", UndefinedValueError),
        ("ln(0 - 1)", UndefinedValueError),
        ("sqrt(-1)", UndefinedValueError),
        ("(-8) ** 0.5", UndefinedValueError),
        ("1 == true", TypeMismatchError),
        ('1 == "1"', TypeMismatchError),
        ('"10" < "9"', TypeMismatchError),
        ("true < false", TypeMismatchError),
        ("intact + 1", TypeMismatchError),
        ("start + 1", TypeMismatchError),
        ("start + end", TypeMismatchError),
        ("hours(start)", TypeMismatchError),
        ("1 and true", TypeMismatchError),
        ("1 if 1 else 2", TypeMismatchError),
        ("not 0", TypeMismatchError),
        ("max(1, true)", TypeMismatchError),
        ("-intact", TypeMismatchError),
        ("round(1, 0.5)", TypeMismatchError),
        ("exp(1e6)", LimitExceededError),
        ("1e300 ** 4", LimitExceededError),
        ("2 ** 1001", LimitExceededError),
        ("exp(-1e6)", LimitExceededError),
        ("start + days(1e9)", LimitExceededError),
        ("days(1e300)", LimitExceededError),
    ],
)
def test_what_has_no_value_is_a_named_error(text, error):
    assert type(parse(text).try_evaluate(BATCH)) is error


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Decimal("NaN"), UndefinedValueError),
        (Decimal("sNaN"), UndefinedValueError),
        (Decimal("-Infinity"), UndefinedValueError),
        (0.5, TypeMismatchError),
        ([1], TypeMismatchError),
        (datetime(2026, 3, 1), TypeMismatchError),  # noqa: DTZ001
        (10**400, LimitExceededError),
        (Decimal("1." + "1" * 200), LimitExceededError),
        (Decimal("1e999999"), LimitExceededError),
    ],
)
def test_what_is_no_recorded_value_never_enters_an_expression(given, error):
    assert type(parse("x == x").try_evaluate({"x": given})) is error


def test_a_value_beyond_the_limit_by_its_29th_digit_is_beyond_the_limit():
    assert value("x <= 8", {"x": Decimal("8." + "0" * 40 + "1")}) is False


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("", 0, ""),
        ("1 +", 3, ""),
        ("x = 1", 2, "write =="),
        ("a && b", 2, "write and"),
        ("5 % 2", 2, "percentage"),
        ("a.b.c", 0, "step.name"),
        ("x.__class__", 0, "step.name"),
        ("__import__('os')", 0, "begins with a letter"),
        ("open('f')", 0, "there are abs"),
        ("[1]", 0, "no lists"),
        (".5", 0, "0.5"),
        ("1_000", 0, "1000000"),
        ("12abc", 0, ""),
        ("vcd + cаr", 7, "ASCII"),
        ("１", 0, "ASCII"),
        ('"a', 0, "quote"),
        ("min", 0, "min(...)"),
        ("sqrt(1, 2)", 0, ""),
        ("True", 0, "true or false"),
        ("1 if 2", 6, "else"),
        ("1 2", 2, ""),
        ("1e999", 0, ""),
        ("1" * 29, 0, ""),
        ("(" * 60 + "1" + ")" * 60, 41, "apart"),
        ("-" * 60 + "1", 41, "apart"),
        ("+".join("1" * 300), 500, "several"),
        ("x" * 2001, 2000, "several"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place_and_what_to_write(text, position, hint):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.position == position
    assert hint in caught.value.hint


def test_names_are_known_before_anything_is_computed():
    assert parse("vcd*vol/(S18.vcd*S18.vol)*100 if intact else start").names == {
        "vcd", "vol", "S18.vcd", "S18.vol", "intact", "start"
    }  # fmt: skip


def test_a_scope_can_be_a_function():
    def scope(name):
        return {"x": Decimal(2)}[name]

    assert parse("x * 3").evaluate(scope) == 6
    assert isinstance(parse("y * 3").try_evaluate(scope), UnknownNameError)


def test_errors_carry_a_code_that_records_can_keep():
    codes = {error.code for error in EvaluationError.__subclasses__()}
    assert codes == {"unknown_name", "undefined_value", "type_mismatch", "limit_exceeded"}


def test_the_callers_own_decimal_settings_change_nothing():
    import decimal

    with decimal.localcontext() as context:
        context.prec = 2
        context.traps[decimal.Inexact] = True
        assert str(value("2/3")) == "0.6666666666666666666666666667"
        assert value("abs(-1.2345) + round(1.255, 2) + 2 ** 10") == Decimal("1026.4945")


def test_one_expression_is_shared_by_many_threads():
    expression = parse("(x + 1) / 3 * 3 - x")
    wrong: list[Decimal] = []

    def work(x):
        expected = expression.evaluate({"x": x})
        wrong.extend(x for _ in range(300) if expression.evaluate({"x": x}) != expected)

    threads = [threading.Thread(target=work, args=(Decimal(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_script_is_one_assignment_a_line():
    script = parse_assignments('S13_go = S13.n_viable >= 5e7\n\n  S28_route = "harvest"\r\n')
    assert [line.name for line in script] == ["S13_go", "S28_route"]
    assert script[0].expression.names == {"S13.n_viable"}


@pytest.mark.parametrize(
    ("text", "position"),
    [("x == 1", 0), ("x.y = 1", 0), ("min = 1", 0), ("import os", 0), ("x = ", 4), ("x =  1 +", 8), ("a = b = c", 6)],
)
def test_what_is_no_assignment_is_refused(text, position):
    with pytest.raises(ExpressionError) as caught:
        parse_assignment(text)
    assert caught.value.position == position
