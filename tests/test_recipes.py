"""The generator of random recipes, on which many other tests rest: sound, repeatable, and reaching every construct."""

from __future__ import annotations

from collections import Counter

import pytest

from bpmn.checks import check_diagram
from engine.workflow import Procedure
from tests.constructs import ALL, constructs
from tests.recipes import random_recipe, random_run


@pytest.mark.parametrize("seed", range(60))
def test_a_random_recipe_passes_every_check(seed: int) -> None:
    report = check_diagram(random_recipe(seed, seed % 30 + 1))
    assert report.ok, report.findings


def test_the_same_seed_gives_the_same_recipe_and_the_same_run() -> None:
    assert random_recipe(4, 12) == random_recipe(4, 12)
    assert random_recipe(4, 12) != random_recipe(5, 12)
    procedure = Procedure.from_xml(random_recipe(4, 12))
    first, second = ([event for event, _ in random_run(procedure, 9)] for _ in range(2))
    assert first == second


def test_the_random_recipes_reach_every_construct_alone_and_nested() -> None:
    seen: Counter[str] = Counter()
    for seed in range(150):
        seen.update(constructs(random_recipe(seed, 30)))
    for name in sorted(ALL):
        print(f"{seen[name]:6} {name}")
    assert not ALL - seen.keys()
