"""Recipes that are sound by construction pass; broken in one place, they are found."""

import re

import pytest

from bpmn.checks import check_diagram
from tests.recipes import random_recipe

# Their conditions are drawn at random, and their steps say nothing: warnings that they have earned.
MEANINGLESS = {"branches", "repetition", "instruction", "order_fields"}


@pytest.mark.parametrize("seed", range(40))
def test_a_recipe_that_is_sound_by_construction_passes_every_check(seed):
    found = check_diagram(random_recipe(seed, 5 + seed)).findings
    assert {finding.rule for finding in found} <= MEANINGLESS
    assert not any(finding.severity == "error" for finding in found)


def with_wrong_joins(recipe):
    """The recipe once for each parallel join in it, drawn as an exclusive one."""
    for gateway in re.findall(r'<bpmn:parallelGateway id="(\w+)"></bpmn:parallelGateway>', recipe):
        if recipe.count(f'targetRef="{gateway}"') > 1:
            right = f'<bpmn:parallelGateway id="{gateway}"></bpmn:parallelGateway>'
            yield gateway, recipe.replace(right, right.replace("parallel", "exclusive"))


def test_a_join_of_the_wrong_kind_is_found_in_every_recipe_that_has_one():
    tried = 0
    for seed in range(6):
        for gateway, wrong in with_wrong_joins(random_recipe(seed, 20).decode()):
            found = {(finding.rule, finding.element_id) for finding in check_diagram(wrong.encode()).findings}
            assert ("lack_of_synchronisation", gateway) in found
            tried += 1
    assert tried > 20
