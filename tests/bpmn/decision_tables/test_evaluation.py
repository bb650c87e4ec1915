"""What a table says: by each hit policy, at each bound, and when there is no answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.decision_tables import Input, Output, Rule, Table, evaluate, judge
from bpmn.decision_tables.table import AGGREGATIONS, COLUMN_TYPES, HIT_POLICIES
from bpmn.expressions import EvaluationError, ExpressionError, UndefinedValueError, UnknownNameError
from tests.drawings import rules

N = {"n": "num"}


def test_unique_gives_the_one_rule_and_refuses_two() -> None:
    table = rules(N, {"way": "text"}, '< 5 | "short"', '>= 5 | "long"')
    assert evaluate(table, {"n": Decimal("4.999")}).values == {"way": "short"}
    assert evaluate(table, {"n": Decimal(5)}).rules == (2,)
    double = rules(N, {"way": "text"}, '<= 5 | "a"', '>= 5 | "b"')
    with pytest.raises(UndefinedValueError, match="the rules 1 and 2 match"):
        evaluate(double, {"n": Decimal(5)})


def test_first_takes_the_first_from_above() -> None:
    table = rules(N, {"way": "text"}, '> 9 | "a"', '> 5 | "b"', '- | "c"', hit_policy="FIRST")
    assert [evaluate(table, {"n": Decimal(n)}).values["way"] for n in (10, 6, 5)] == ["a", "b", "c"]


@pytest.mark.parametrize(("how", "of_6", "of_1"), [("SUM", 30, 0), ("MIN", 10, None), ("MAX", 20, None), ("COUNT", 2, 0)])
def test_collect_puts_numbers_together(how: str, of_6: int, of_1: int | None) -> None:
    table = rules(N, {"cost": "num"}, "> 2 | 10", "> 5 | 20", hit_policy="COLLECT", aggregation=how)
    assert evaluate(table, {"n": Decimal(6)}).values == {"cost": Decimal(of_6)}
    if of_1 is not None:
        assert evaluate(table, {"n": Decimal(1)}).values == {"cost": Decimal(of_1)}
        return
    with pytest.raises(UndefinedValueError):
        evaluate(table, {"n": Decimal(1)})
    assert "no rule matches n = 1" in [problem.message for problem in judge(table)]


def test_collect_says_which_assessments_a_change_needs() -> None:
    """The use it is for: each rule adds what it asks for, and a gateway looks at yes or no."""
    inputs = {"S1.kind": "text", "S1.critical": "bool"}
    outputs = {"who": "text", "regulatory": "bool"}
    rows = ('- | - | "QA" | ', '"recipe" | - | "MSAT" | ', '"recipe" | true | "QA" | true', '"site" | - | "RA" | true')
    table = rules(inputs, outputs, *rows, hit_policy="COLLECT")
    assert judge(table) == []
    said = evaluate(table, {"S1.kind": "recipe", "S1.critical": True})
    assert (said.values, said.rules) == ({"who": "QA; MSAT", "regulatory": True}, (1, 2, 3))
    assert evaluate(table, {"S1.kind": "label", "S1.critical": False}).values == {"who": "QA", "regulatory": False}


def test_a_default_is_said_where_no_rule_matches() -> None:
    table = rules(N, {"way": "text"}, '< 5 | "short"')
    with pytest.raises(UndefinedValueError, match="no rule matches"):
        evaluate(table, {"n": Decimal(5)})
    table = replace(table, outputs=(replace(table.outputs[0], default='"long"'),))
    assert evaluate(table, {"n": Decimal(5)}).values == {"way": "long"}
    assert judge(table) == []


def test_a_value_that_is_missing_matters_only_where_a_rule_needs_it() -> None:
    table = rules({"n": "num", "t": "bool"}, {"k": "num"}, "< 5 | - | 1", ">= 5 | true | 2", ">= 5 | false | 3")
    assert evaluate(table, {"n": Decimal(1), "t": None}).values == {"k": Decimal(1)}
    with pytest.raises(EvaluationError, match="t has no value yet"):
        evaluate(table, {"n": Decimal(7), "t": None})
    with pytest.raises(UnknownNameError):
        evaluate(table, {"n": Decimal(7)})


def test_values_outside_of_those_the_table_allows_have_no_answer() -> None:
    table = rules(N, {"k": "num"}, "< 50 | 1", ">= 50 | 2")
    table = replace(table, inputs=(replace(table.inputs[0], allowed="[0 .. 100]"),))
    assert judge(table) == []
    with pytest.raises(UndefinedValueError, match="does not allow"):
        evaluate(table, {"n": Decimal("100.1")})


def test_numbers_are_decimal_to_the_last_digit() -> None:
    table = rules({"a + b": "num"}, {"ok": "bool"}, "0.3 | true", "< 0.3, > 0.3 | false")
    assert evaluate(table, {"a": Decimal("0.1"), "b": Decimal("0.2")}).values == {"ok": True}


CELLS = ["-", "", "< 5", "5 .. 7", ">= x", '"a"', '"a", "b"', 'not("a")', "true", "x / 0", "(5", "7 .. 5", "not(1, 2)", "é"]
cells = st.sampled_from(CELLS)
kinds = st.sampled_from(COLUMN_TYPES)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Any table, right or wrong in every place."""
    looks_at, names = st.sampled_from(["x", "y", "x + 1", ""]), st.sampled_from(["o", "p", "if"])
    inputs = draw(st.lists(st.builds(Input, looks_at, kinds, allowed=cells), max_size=2))
    outputs = draw(st.lists(st.builds(Output, names, kinds, allowed=cells, default=cells), max_size=2))
    row = st.builds(Rule, st.tuples(*[cells] * len(inputs)), st.tuples(*[cells] * len(outputs)))
    rows = tuple(draw(st.lists(row, max_size=4)))
    policy, how = draw(st.sampled_from(HIT_POLICIES)), draw(st.sampled_from(AGGREGATIONS))
    return Table("T", policy, how, tuple(inputs), tuple(outputs), rows)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_any_table_is_judged_and_what_passes_can_be_asked(table: Table) -> None:
    fit = all(problem.severity != "error" for problem in judge(table))
    try:
        evaluate(table, {"x": Decimal(6), "y": "a"})
    except EvaluationError:
        return
    except ExpressionError:
        assert not fit
