"""Overlaps and gaps, compared with trying every value: on a small grid both find exactly the same."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from bpmn.decision_tables import Rule, Surroundings, Table, evaluate, judge
from bpmn.decision_tables.coverage import Coverage
from bpmn.expressions import EvaluationError, parse
from tests.drawings import rules

GRID = [Decimal(n) / 2 for n in range(-1, 10)]
NUMBERS = ["-", "< 2", "<= 2", "> 2", ">= 2", "1 .. 3", "(1 .. 3]", "[1 .. 3)", "2", "0, 4", "not(1 .. 2)", "!= 3"]
CHOICES = ["-", '"a"', '"b", "c"', 'not("a")']
TRUTHS = ["-", "true", "false"]
INPUTS = {"x": "num", "c": "choice", "t": "bool"}
DOMAIN: dict[int, tuple[str, ...]] = {1: ("a", "b", "c")}


def drawn(seed: int) -> Table:
    chance = random.Random(seed)
    rows = [
        " | ".join(chance.choice(cells) for cells in (NUMBERS, CHOICES, TRUTHS)) + f" | {n}" for n in range(chance.randint(1, 6))
    ]
    return rules(INPUTS, {"n": "num"}, *rows, hit_policy="FIRST")


def matching(table: Table) -> dict[tuple[object, ...], list[int]]:
    """Which rules match each value there is, by trying each rule alone."""
    found: dict[tuple[object, ...], list[int]] = {}
    for x, c, t in itertools.product(GRID, DOMAIN[1], (True, False)):
        values = {"x": x, "c": c, "t": t}
        found[x, c, t] = [n for n, rule in enumerate(table.rules, 1) if _alone(table, rule, values)]
    return found


def _alone(table: Table, rule: Rule, values: Mapping[str, object]) -> bool:
    try:
        return bool(evaluate(replace(table, rules=(rule,)), values).rules)
    except EvaluationError:
        return False


@pytest.mark.parametrize("seed", range(60))
def test_what_it_finds_is_what_trying_every_value_finds(seed: int) -> None:
    table = drawn(seed)
    tried, coverage = matching(table), Coverage(table, DOMAIN)
    together = {pair for found in tried.values() for pair in itertools.combinations(found, 2)}
    assert {(i, j) for i, j, _ in coverage.overlaps()} == together
    example, certain = coverage.gap()
    assert certain
    assert (example is None) == all(tried.values())
    used = {found[0] for found in tried.values() if found}
    hidden = set(coverage.shadowed()) | set(coverage.impossible())
    assert hidden == set(range(1, len(table.rules) + 1)) - used


@pytest.mark.parametrize("seed", range(60))
def test_every_example_is_one(seed: int) -> None:
    table = drawn(seed)
    coverage = Coverage(table, DOMAIN)
    for i, j, example in coverage.overlaps():
        assert example is not None
        values = {name: parse(text).evaluate({}) for name, text in zip(INPUTS, example, strict=True)}
        assert all(_alone(table, table.rules[n - 1], values) for n in (i, j))
    example, _ = coverage.gap()
    if example is not None:
        values = {name: parse(text).evaluate({}) for name, text in zip(INPUTS, example, strict=True)}
        assert not any(_alone(table, rule, values) for rule in table.rules)


def told(table: Table, around: Surroundings = Surroundings()) -> list[str]:  # noqa: B008  frozen
    return [problem.message for problem in judge(table, around)]


def test_of_whole_numbers_nothing_lies_between_two_neighbours() -> None:
    table = rules({"S1.n": "num"}, {"ok": "bool"}, "<= 4 | true", ">= 5 | false")
    assert told(table) == ["no rule matches S1.n = 4.5"]
    assert told(table, Surroundings(whole=frozenset({"S1.n"}))) == []


def test_what_depends_on_the_batch_is_not_claimed_to_be_known() -> None:
    table = rules({"x": "num"}, {"ok": "bool"}, "< order.w | true", ">= order.w | false")
    found = judge(table)
    assert {problem.severity for problem in found} == {"warning"}
    assert all("depends on values of the batch" in problem.message for problem in found)


def test_a_table_too_tangled_to_decide_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpmn.decision_tables.coverage.MAX_BOXES", 50)
    names = {f"x{i}": "num" for i in range(7)}
    rows = [" | ".join(cells) + " | true" for cells in itertools.product(("< 5", ">= 5"), repeat=7)]
    assert told(rules(names, {"ok": "bool"}, *rows)) == ["too many combinations to say whether every value has a rule"]


def test_values_that_the_recipe_never_offers_are_named() -> None:
    table = rules({"S1.c": "choice"}, {"ok": "bool"}, '"fresh" | true', '"frosen" | false')
    table = replace(table, inputs=(replace(table.inputs[0], allowed='"fresh", "frosen"'),))
    found = told(table, Surroundings(choices={"S1.c": ("fresh", "frozen")}))
    assert '"frosen" is never chosen for S1.c' in found
