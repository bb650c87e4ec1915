"""The pass or fail that QC sends along with a result."""

from typing import Any

import pytest

from engine.rules import judge
from tests.engine.rules.samples import changed, value_facts


def numbers(value: Any, verdict: bool | None, **bounds: str) -> list[int]:
    facts = value_facts(value, changed(**bounds), verdict=verdict)
    return [finding.number for finding in judge("value", facts).findings]


@pytest.mark.parametrize(
    ("value", "verdict", "expected"),
    [
        ("95", True, []), ("95", False, [40]),
        ("80", True, [17]), ("80", False, [17]),
        ("79.9", True, [4, 40]), ("79.9", False, [4]), ("79.9", None, [4]),
    ],
)  # fmt: skip
def test_verdict_must_agree_with_the_limits(value: str, verdict: bool | None, expected: list[int]) -> None:
    assert numbers(value, verdict) == expected


def test_contradiction_is_major_and_blocks_even_where_limits_are_only_reported() -> None:
    judgement = judge("value", value_facts("70", changed(limit_action="none"), verdict=True))
    assert [(f.number, f.severity, f.blocks) for f in judgement.findings] == [(40, "major", True)]
    assert judgement.findings[0].message == "Viability 70 % was reported as pass, but by its limits it is a fail."


def test_without_par_the_normal_range_is_the_criterion() -> None:
    assert numbers("89", True, par_low="", par_high="") == [17, 40]
    assert numbers("89", False, par_low="", par_high="") == [17]


def test_verdict_on_a_limit_without_a_value_can_not_be_a_pass() -> None:
    assert numbers("95", True, par_low="S31.dose") == [4, 40]
    assert numbers("95", False, par_low="S31.dose") == [4]


def test_verdict_without_any_limit_contradicts_nothing() -> None:
    free = changed(nor_low="", nor_high="", par_low="", par_high="")
    assert judge("value", value_facts("1", free, verdict=False)).outcome == "recorded"
