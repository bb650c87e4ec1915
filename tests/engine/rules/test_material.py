"""Material lots that a step used."""

from datetime import timedelta
from typing import Any

import pytest

from engine.rules import LotFacts, judge
from tests.engine.rules.samples import NOON, shown, step_facts

SECOND = timedelta(seconds=1)


def lot(**changes: Any) -> LotFacts:
    plain = {"id": "L1", "material": "IL-15", "status": "released", "expires_at": NOON, "used_at": NOON}
    return LotFacts(**{**plain, **changes})


def numbers(*lots: LotFacts) -> list[int]:
    findings = judge("step", step_facts(materials=lots)).findings
    assert shown(findings) == [(f.number, "major", True, False) for f in findings]
    return [f.number for f in findings]


@pytest.mark.parametrize(
    ("used", "expected"),
    [(NOON - SECOND, []), (NOON, []), (NOON + timedelta(microseconds=1), [2]), (NOON + SECOND, [2])],
)
def test_lot_is_good_to_the_instant_of_its_expiry(used: object, expected: list[int]) -> None:
    assert numbers(lot(used_at=used)) == expected


@pytest.mark.parametrize("status", ["quarantined", "rejected", "expired", "", "Released"])
def test_lot_that_is_not_released(status: str) -> None:
    assert numbers(lot(status=status)) == [2]


def test_lot_without_an_expiry_has_to_be_released_all_the_same() -> None:
    assert numbers(lot(expires_at=None)) == []
    assert numbers(lot(expires_at=None, status="quarantined")) == [2]


def test_material_that_the_recipe_does_not_name() -> None:
    assert numbers(lot(specified=False)) == [3]


def test_every_fault_of_every_lot_is_found() -> None:
    assert numbers(lot(status="rejected", used_at=NOON + SECOND), lot(), lot(specified=False)) == [2, 2, 3]
