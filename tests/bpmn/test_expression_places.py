"""What a recipe computes or decides by itself is listed for review, all of it."""

import re
from pathlib import Path

import pytest

from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places

DATA = Path(__file__).parents[1] / "data" / "checks"
RECIPE = Path(__file__).parents[2] / "bpmn" / "processes" / "master_recipes" / "MR-CART-001.bpmn"


def listed(path):
    return {(place.node_id, place.what): place.text for place in expression_places(Diagram.parse(path.read_bytes()))}


@pytest.mark.requirement("GAMP-01")
def test_a_reviewer_gets_a_list_of_every_script_condition_timer_formula_and_limit():
    assert listed(DATA / "write_once" / "right.bpmn") == {
        ("K1", "the value of S02_a"): "S01.x * 2",
        ("K2", "the value of S02_b"): "3",
    }
    assert listed(DATA / "default_flow" / "right.bpmn") == {("yes", "the condition"): "S01.x > 1"}
    assert listed(DATA / "loops" / "right.bpmn") == {("Days", "the loop condition"): "S01.x < 5"}
    assert listed(DATA / "timers" / "right.bpmn") == {("late", "the due time"): "S01.start + hours(2)"}
    assert listed(DATA / "expressions" / "right.bpmn") == {("S01", "the formula of y"): "x / 2"}
    assert listed(DATA / "limits" / "right.bpmn")[("S01", "par high of x")] == "10"


@pytest.mark.requirement("GAMP-01")
def test_no_formula_condition_or_due_time_of_the_recipe_is_left_out():
    text = RECIPE.read_text()
    written = len(re.findall(r"formula=\"|due=\"|<bpmn:conditionExpression|<bpmn:loopCondition| when=\"", text))
    of = [what for _, what in listed(RECIPE)]
    assert written > 30
    assert sum(not re.match(r"(target|nor|par) ", what) for what in of) == written
