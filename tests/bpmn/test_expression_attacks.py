"""Nobody reaches Python, a file or a long wait through an expression."""

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.expressions import EvaluationError, Expression, ExpressionError, parse, parse_assignments

ATTACKS = json.loads((Path(__file__).parents[1] / "data" / "expression_attacks.json").read_text())
SECRET = "the-secret-of-the-file"


def run_everything(text, scope):
    """What happens to the text on every way into the language, and the milliseconds it took."""
    outcomes: list[object] = []
    began = time.perf_counter()
    for read in (parse, parse_assignments):
        try:
            parsed = read(text)
        except ExpressionError as error:
            outcomes.append(error)
            continue
        expressions = [parsed] if isinstance(parsed, Expression) else [line.expression for line in parsed]
        outcomes += [expression.try_evaluate(scope) for expression in expressions]
    return outcomes, (time.perf_counter() - began) * 1000


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack["id"] for attack in ATTACKS])
def test_an_attacker_gets_a_named_error_and_no_effect(attack, tmp_path):
    canary, secret = tmp_path / "canary", tmp_path / "secret"
    secret.write_text(SECRET)
    code = attack["code"].replace("@CANARY@", str(canary)).replace("@SECRETFILE@", str(secret))
    outcomes, milliseconds = run_everything(code, {"x": Decimal(1), "items": "text", "limit_ok": True})
    assert all(isinstance(outcome, (ExpressionError, EvaluationError, Decimal)) for outcome in outcomes)
    assert SECRET not in "".join(str(outcome) for outcome in outcomes)
    assert not canary.exists()
    assert milliseconds < 100


def test_the_attacks_are_all_there():
    assert len(ATTACKS) == 74
    refused = [attack["id"] for attack in ATTACKS if isinstance(run_everything(attack["code"], {})[0][0], ExpressionError)]
    # "a" * 10 ** 10 and 9223372036854775807 + 1 can be written, and harm nobody
    assert len(refused) == len(ATTACKS) - 2


SCOPE = {
    "x": Decimal("1.234567890123456789012345679"),
    "big": Decimal("9.9e299"),
    "small": Decimal("-1e-299"),
    "zero": Decimal(0),
    "yes": True,
    "S01.word": "harvest",
    "gone": None,
}
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**9).map(str)
LEAVES = st.one_of(NUMBERS, st.sampled_from([*SCOPE, "1e300", "true", '"harvest"', "unknown", "S01.start"]))
OPERATORS = st.sampled_from(["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
CALLS = st.sampled_from(["min", "max", "round", "abs", "sum", "ln", "exp", "sqrt", "days", "hours", "minutes"])


def grow(inner):
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        st.tuples(inner, OPERATORS, inner, OPERATORS, inner).map(" ".join),
        st.tuples(CALLS, st.lists(inner, min_size=1, max_size=3)).map(lambda part: f"{part[0]}({', '.join(part[1])})"),
        st.tuples(inner, inner, inner).map(lambda part: f"({part[0]} if {part[1]} else {part[2]})"),
        st.tuples(st.sampled_from(["-", "not "]), inner).map(lambda part: f"{part[0]}({part[1]})"),
    )


PROGRAMS = st.recursive(LEAVES, grow, max_leaves=60)


def assert_total(text):
    outcomes, milliseconds = run_everything(text, SCOPE)
    for outcome in outcomes:
        assert not isinstance(outcome, Decimal) or outcome.is_finite()
    assert milliseconds < 100


@settings(max_examples=400, deadline=None)
@given(PROGRAMS)
def test_any_program_has_a_value_or_a_named_error_in_time(text):
    assert_total(text)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=300), st.text(alphabet="x01.e+-*/()<>=!,'\" andornotifels\n", max_size=300)))
def test_any_text_has_a_value_or_a_named_error_in_time(text):
    assert_total(text)


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["x**x"] * 100),
        "x**-999.9999*" * 90 + "1",
        "exp(" * 15 + "x" + ")" * 15,
        "*".join(["big"] * 200),
        "+".join(["ln(big)"] * 90),
        "round(" * 19 + "x" + ", 28)" * 19,
        "max(" + ", ".join(["big"] * 99) + ")",
        "(" * 500,
        "not " * 499,
        "1 if " * 399,
        "9" * 2000,
        "1e" + "9" * 1998,
    ],
    ids=lambda text: text[:12],
)
def test_the_dearest_programs_are_answered_in_time(text):
    assert_total(text)


OPERANDS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8)


@settings(max_examples=300, deadline=None)
@given(OPERANDS, OPERANDS, st.sampled_from("+-*/"))
def test_arithmetic_agrees_with_pythons_decimal(a, b, symbol):
    import decimal

    with decimal.localcontext(prec=28, rounding=decimal.ROUND_HALF_EVEN):
        expected = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[symbol]
    result = parse(f"a {symbol} b").try_evaluate({"a": a, "b": b})
    assert result == expected if expected is not None else isinstance(result, EvaluationError)
