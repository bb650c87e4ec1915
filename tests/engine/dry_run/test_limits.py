"""The second reading of limits, with fractions: what must come of a value at, inside and outside each bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn import vocabulary as v
from engine.dry_run.limits import bounds_of, edge_in_words, edges, verdict
from engine.rules import ValueFacts, evaluate_limits, judge
from tests.stories.workshop import number

SCOPE: dict[str, object] = {}
TEMPERATURE = number("t", "36.5..37.5", "36.0..38.0")


def told(p: v.Parameter, text: str, qualifier: str = "") -> str:
    value = Decimal(text) if p.type == "num" else text
    return str(verdict(p, bounds_of(p, SCOPE), value, qualifier))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("37.0", "ok"), ("36.5", "ok"), ("37.5", "ok"), ("36.4", "minor"), ("37.6", "minor"), ("36.0", "minor"),
        ("38.0", "minor"), ("35.9", "major and blocks"), ("38.1", "major and blocks"),
    ],
)  # fmt: skip
def test_a_value_is_read_against_both_levels(text: str, outcome: str) -> None:
    assert told(TEMPERATURE, text) == outcome


def test_an_exclusive_bound_is_not_reached() -> None:
    below_ten = number("x", "", "..10", exclusive=("par_high",))
    assert [told(below_ten, text) for text in ("9", "10", "11")] == ["ok", "major and blocks", "major and blocks"]
    assert told(below_ten, "10", "<") == "ok"


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("none", "recorded"), ("flag", "major"), ("block", "major and blocks"), ("stop", "major and stops")],
)
def test_the_action_says_what_follows(action: v.LimitAction, outcome: str) -> None:
    assert told(replace(TEMPERATURE, limit_action=action), "40") == outcome


def test_edges_lie_one_unit_of_the_last_given_digit_beside_a_bound() -> None:
    found = {e.name: e.text for e in edges(TEMPERATURE, bounds_of(TEMPERATURE, SCOPE))}
    assert [found[f"nor_low {p}"] for p in ("inside", "at", "outside")] == ["36.6", "36.5", "36.4"]
    assert [found[f"par_high {p}"] for p in ("inside", "at", "outside")] == ["37.9", "38.0", "38.1"]
    cells = number("n", "", "2e9..", limit_action="block")
    assert {e.name: e.value for e in edges(cells, bounds_of(cells, SCOPE))}["par_low outside"] == Decimal("1e9")


def test_the_side_without_a_bound_and_reported_results_are_tried_too() -> None:
    impurity = number("i", "", "..0.5", qualifier=True)
    found = {e.name: e.text for e in edges(impurity, bounds_of(impurity, SCOPE))}
    assert {"par_low unbounded", "par_high below", "par_high above"} <= found.keys()
    assert found["par_high below"] == "<0.5"


def test_of_an_answer_the_right_one_and_every_other_is_tried() -> None:
    leak = v.Parameter("leak", "Leak", "bool", nor_low="false", nor_high="false", limit_action="block")
    found = {(e.name, e.text) for e in edges(leak, bounds_of(leak, SCOPE))}
    assert found >= {("nor_low right", "false"), ("nor_low wrong", "true")}


OUTSIDE = st.sampled_from(["flag", "block", "stop", "none"])


@given(
    st.lists(st.decimals(-50, 50, places=1), min_size=4, max_size=4), st.decimals(-60, 60, places=2),
    st.sampled_from(["", "<", ">"]), OUTSIDE, st.sets(st.integers(0, 3)),
)  # fmt: skip
def test_both_readings_of_a_limit_agree(
    bounds: list[Decimal], value: Decimal, qualifier: str, action: str, kept: set[int]
) -> None:
    names = ("par_low", "nor_low", "nor_high", "par_high")
    given_bounds = {n: str(b) for i, (n, b) in enumerate(zip(names, sorted(bounds), strict=True)) if i in kept}
    p = v.Parameter("n", "N", "num", "1", limit_action=action, qualifier=True, **given_bounds)  # type: ignore[arg-type]
    facts = ValueFacts(step=v.Step("S", "S"), parameter=p, value=value, qualifier=qualifier, limits=evaluate_limits(p, SCOPE))
    actual = judge("value", facts)
    expected = verdict(p, bounds_of(p, SCOPE), value, qualifier)
    assert expected.outcome == actual.outcome
    assert expected.blocks == actual.blocks


@pytest.mark.parametrize(
    ("edge", "said"),
    [
        ("nor_high outside", "outside the upper NOR"), ("par_low at", "at the lower PAR"), ("PAR inside", "PAR inside"),
        ("par_high unbounded", "far out where there is no upper PAR"), ("nor_low wrong", "the wrong answer for NOR"), ("", ""),
    ],
)  # fmt: skip
def test_an_edge_in_words(edge: str, said: str) -> None:
    assert edge_in_words(edge) == said
