"""The limit rule: values inside, at the edge and outside, for each action and each kind of value."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bpmn.vocabulary import Parameter
from engine.rules import Limits, evaluate_limits, judge
from tests.engine.rules.samples import NOON, changed, judged, value_facts

OK: list[tuple[int, str, bool, bool]] = []
NOR = [(17, "minor", False, False)]
PAR = [(4, "major", True, False)]


@pytest.mark.requirement("A11-04")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("95", OK), ("90", OK), ("90.0", OK), ("9.0e1", OK), ("100", OK), ("100.00", OK),
        ("89.9", NOR), ("89.99999999999999999999999999999999999999", NOR), ("80", NOR), ("80.000", NOR),
        ("79.9", PAR), ("79.99999999999999999999999999999999999999", PAR), ("100.1", PAR),
        ("100.00000000000000000000000000000000000001", PAR), ("-95", PAR), ("1e90", PAR),
    ],
)  # fmt: skip
def test_two_levels_with_inclusive_edges(value: str, expected: list[tuple[int, str, bool, bool]]) -> None:
    assert judged(value) == expected


@pytest.mark.parametrize(("action", "blocks", "stops"), [("block", True, False), ("stop", True, True), ("flag", False, False)])
def test_action_decides_what_happens_outside_par_only(action: str, blocks: bool, stops: bool) -> None:
    parameter = changed(limit_action=action)
    assert judged("79", parameter) == [(4, "major", blocks, stops)]
    assert judged("85", parameter) == NOR
    assert not judge("value", value_facts("79", parameter)).findings[0].needs_comment


def test_action_none_is_recorded_and_not_judged() -> None:
    judgement = judge("value", value_facts("1", changed(limit_action="none")))
    assert (judgement.judged_by, judgement.findings, judgement.outcome) == ((), (), "recorded")


def test_value_without_any_bound_is_recorded_and_not_judged() -> None:
    free = changed(nor_low="", nor_high="", par_low="", par_high="")
    assert judge("value", value_facts("1e9", free)).outcome == "recorded"


def test_outside_nor_asks_for_a_comment_and_names_both_sides() -> None:
    (finding,) = judge("value", value_facts("89.90")).findings
    assert (finding.needs_comment, finding.expected, finding.actual) == (True, "NOR 90 to 100 %", "89.90 %")
    assert finding.message == "Viability 89.90 % is outside NOR 90 to 100 %."


def test_severity_outside_par_is_the_recipes() -> None:
    assert judged("79", changed(severity="critical")) == [(4, "critical", True, False)]


@pytest.mark.parametrize(
    ("bounds", "value", "expected"),
    [
        ({"nor_low": "90"}, "89", NOR), ({"nor_low": "90"}, "1e30", OK),
        ({"par_high": "100"}, "101", PAR), ({"par_high": "100"}, "-1e30", OK),
        ({"nor_low": "90", "par_high": "100"}, "50", NOR), ({"nor_low": "90", "par_high": "100"}, "101", PAR),
        ({"nor_low": "1", "nor_high": "9", "par_low": "2"}, "1.5", PAR),
    ],
)  # fmt: skip
def test_empty_bound_is_unbounded(bounds: dict[str, str], value: str, expected: list[tuple[int, str, bool, bool]]) -> None:
    empty = dict.fromkeys(("nor_low", "nor_high", "par_low", "par_high"), "")
    assert judged(value, changed(**{**empty, **bounds})) == expected


@pytest.mark.parametrize(
    ("qualifier", "value", "bounds", "kept"),
    [
        ("<", "0.25", {"par_high": "0.5"}, True), ("<", "0.5", {"par_high": "0.5"}, True),
        ("<", "0.6", {"par_high": "0.5"}, False), ("<", "5", {"par_low": "1"}, False),
        ("<", "0.25", {"par_low": "0", "par_high": "0.5"}, False),
        (">", "100", {"par_low": "70"}, True), (">", "70", {"par_low": "70"}, True),
        (">", "60", {"par_low": "70"}, False), (">", "1", {"par_high": "5"}, False),
        ("~", "1", {"par_high": "5"}, False),
    ],
)  # fmt: skip
def test_reported_below_or_above_has_to_prove_its_limit(qualifier: str, value: str, bounds: dict[str, str], kept: bool) -> None:
    empty = dict.fromkeys(("nor_low", "nor_high", "par_low", "par_high"), "")
    parameter = changed(**{**empty, **bounds}, qualifier=True)
    assert judged(value, parameter, qualifier=qualifier) == (OK if kept else PAR)


@pytest.mark.parametrize(
    ("kind", "limit", "right", "wrong"),
    [
        ("bool", "true", True, False), ("bool", "false", False, True),
        ("text", "not detected", "not detected", "Not detected"), ("text", '"a" ', '"a" ', "a"),
        ("choice", "positive", "positive", "negative"), ("text", '"no growth"', "no growth", '"no growth"'),
    ],
)  # fmt: skip
def test_answers_and_texts_must_equal_the_limit(kind: str, limit: str, right: object, wrong: object) -> None:
    one = dict.fromkeys(("nor_low", "nor_high", "par_low", "par_high"), limit)
    parameter = changed(type=kind, uom="", **one)
    assert judged(right, parameter) == OK
    assert judged(wrong, parameter) == PAR
    assert judged(right, parameter, qualifier="<") == PAR


def test_instants_have_an_order() -> None:
    parameter = changed(type="date_time", nor_low="", nor_high="start", par_low="", par_high="start")
    late = datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC)
    assert judged(NOON, parameter, scope={"start": NOON}) == OK
    assert judged(late, parameter, scope={"start": NOON}) == PAR
    assert judged(datetime(2026, 1, 1), parameter, scope={"start": NOON}) == PAR  # noqa: DTZ001


def test_limit_may_be_computed_from_another_step() -> None:
    parameter = changed(nor_low="", nor_high="", par_low="0.9 * S31.dose", par_high="1.3 * S31.dose", uom="cells")
    scope = {"S31.dose": Decimal("148000000")}
    assert judged("1.332e8", parameter, scope=scope) == OK
    assert judged("133199999", parameter, scope=scope) == PAR
    (finding,) = judge("value", value_facts("1e6", parameter, scope=scope)).findings
    assert finding.expected == "PAR 1.332e8 to 1.924e8 cells"
    mixed = changed(parameter, par_low="0.1", par_high="S31.dose / 3")
    (finding,) = judge("value", value_facts("0", mixed, scope=scope)).findings
    assert finding.expected == "PAR 0.1 to 4.933e7 cells"


@pytest.mark.parametrize(
    ("limit", "scope", "reason"),
    [
        ("0.9 * S31.dose", {}, "S31.dose is not known"), ("1 / zero", {"zero": Decimal(0)}, "division by zero"),
        ("90 +", {}, "90 +"), ("true", {}, "true is true or false"), ('"90"', {}, "a text"),
        ("S31.dose", {"S31.dose": None}, "no value yet"),
    ],
)  # fmt: skip
def test_limit_without_a_value_is_kept_by_nothing(limit: str, scope: dict[str, Decimal | None], reason: str) -> None:
    judgement = judge("value", value_facts("95", changed(par_low=limit), scope=scope))
    assert [(f.number, f.severity, f.blocks) for f in judgement.findings] == [(4, "major", True)]
    assert reason in judgement.findings[0].message
    assert judged("95", changed(nor_low=limit), scope=scope) == NOR


def test_limits_that_nobody_evaluated_are_no_limits_kept() -> None:
    assert judged("95", limits=Limits()) == PAR
    assert judged("95", limits=Limits(nor_low=Decimal(90), nor_high=Decimal(100), par_low="80", par_high=True)) == PAR
    assert judged("95", limits=evaluate_limits(changed(par_low=""), {})) == PAR


@pytest.mark.parametrize("value", [None, True, "95", 95, 95.0, Decimal("NaN"), Decimal("Infinity"), Decimal("-sNaN"), NOON])
def test_value_of_the_wrong_kind_is_outside(value: object) -> None:
    facts = value_facts(Decimal(95))
    (finding,) = judge("value", replace(facts, value=value)).findings  # type: ignore[arg-type]
    assert (finding.number, finding.blocks) == (4, True)
    assert "can't be judged" in finding.message


@pytest.mark.parametrize(
    ("field", "word", "found"),
    [("judge", "nobody", PAR), ("limit_action", "", PAR), ("limit_action", "warn", PAR), ("type", "float", PAR)],
)
def test_word_that_no_checked_recipe_has_is_no_way_around_the_limits(field: str, word: str, found: object) -> None:
    assert judged(Decimal(79), changed(**{field: word})) == found


def test_count_with_a_fraction_is_outside() -> None:
    parameter = Parameter(id="n", name="Labels", type="int", limit_action="block", par_low="3", par_high="5")
    assert judged("4.0", parameter) == OK
    assert judged("4.5", parameter) == PAR


def test_bool_with_two_different_limits_is_never_inside() -> None:
    parameter = changed(type="bool", nor_low="", nor_high="", par_low="true", par_high="false")
    assert judged(True, parameter) == PAR
    assert judged(False, parameter) == PAR


@pytest.mark.requirement("A11-04")
@pytest.mark.parametrize(
    ("exclusive", "value", "qualifier", "expected"),
    [
        (("par_high",), "100", "", PAR), (("par_high",), "99.99", "", OK), (("par_low",), "80", "", PAR),
        (("par_low",), "80.01", "", NOR), (("nor_low",), "90", "", NOR), (("nor_low",), "90.1", "", OK), ((), "80", "", NOR),
        (("nor_high",), "100", "", NOR), (("par_high",), "100", ">", PAR),
    ],
)  # fmt: skip
def test_a_limit_that_must_not_be_reached_is_outside(
    exclusive: tuple[str, ...], value: str, qualifier: str, expected: list[tuple[int, str, bool, bool]]
) -> None:
    assert judged(value, changed(exclusive=exclusive), qualifier=qualifier) == expected


def test_a_result_reported_as_below_the_limit_proves_below_the_limit() -> None:
    below = changed(nor_low="", nor_high="", par_low="", par_high="0.25", uom="EU/mL", exclusive=("par_high",))
    assert judged("0.25", below, qualifier="<") == OK
    (finding,) = judge("value", value_facts("0.25", below)).findings
    assert finding.message == "Viability 0.25 EU/mL is outside PAR below 0.25 EU/mL."
    assert finding.expected == "PAR below 0.25 EU/mL"


def test_of_an_answer_no_limit_is_exclusive() -> None:
    answer = changed(type="bool", nor_low="", nor_high="", par_low="true", par_high="true", exclusive=("par_low", "par_high"))
    assert judged(True, answer) == OK
