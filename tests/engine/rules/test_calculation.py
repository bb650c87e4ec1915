"""A calculation without a value: growth that stalled has no doubling time."""

import pytest

from bpmn.vocabulary import Parameter
from engine.rules import judge
from tests.engine.rules.samples import changed, judged, value_facts

DOUBLING = Parameter(
    id="dt_h", name="Doubling time", type="num", uom="h", source="calc", limit_action="flag",
    formula="24*ln(2)/ln(total/previous.total)", nor_low="15", nor_high="72", par_low="0", par_high="120",
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "blocks", "stops"),
    [("flag", False, False), ("none", False, False), ("block", True, False), ("stop", True, True)],
)
def test_calculation_without_a_value_counts_as_outside(action: str, blocks: bool, stops: bool) -> None:
    parameter = changed(DOUBLING, limit_action=action)
    assert judged(None, parameter, undefined="division by zero") == [(4, "major", blocks, stops)]


def test_it_says_which_formula_and_why() -> None:
    judgement = judge("value", value_facts(None, DOUBLING, undefined="ln of nothing"))
    assert judgement.judged_by == (("calculation", "1"),)
    assert judgement.findings[0].message == ("Doubling time (24*ln(2)/ln(total/previous.total)) has no value: ln of nothing.")


def test_expected_is_what_the_recipe_bounds() -> None:
    free = changed(DOUBLING, nor_low="", nor_high="", par_low="", par_high="")
    half = changed(free, par_high="120")
    expected = [judge("value", value_facts(None, p)).findings[0].expected for p in (DOUBLING, half, free)]
    assert expected == ["PAR 0 to 120 h", "PAR at most 120 h", "a value"]


def test_calculation_with_a_value_is_judged_by_its_limits_alone() -> None:
    assert judge("value", value_facts("48.5", DOUBLING)).judged_by == (("limit", "1"),)
    assert judged("80", DOUBLING) == [(17, "minor", False, False)]


def test_missing_value_without_a_reason_is_found_too() -> None:
    assert judged(None, DOUBLING) == [(4, "major", False, False)]


def test_value_beside_the_reason_why_there_is_none_is_found() -> None:
    assert judged("48.5", DOUBLING, undefined="stalled") == [(4, "major", False, False)]
