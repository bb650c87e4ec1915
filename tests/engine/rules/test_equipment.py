"""Equipment that a step used."""

from datetime import timedelta
from typing import Any

import pytest

from engine.rules import EquipmentFacts, judge
from engine.rules.equipment import READY
from tests.engine.rules.samples import NOON, shown, step_facts


def item(**changes: Any) -> EquipmentFacts:
    plain = {
        "id": "BAL-1", "equipment_class": "balance", "status": READY[0], "calibration_due_at": NOON, "used_at": NOON,
    }  # fmt: skip
    return EquipmentFacts(**{**plain, **changes})


def count(*items: EquipmentFacts) -> int:
    findings = judge("step", step_facts(equipment=items)).findings
    assert set(shown(findings)) <= {(1, "major", True, False)}
    return len(findings)


@pytest.mark.parametrize("field", ["calibration_due_at", "cleaned_until"])
@pytest.mark.parametrize(("microseconds", "found"), [(1, 0), (0, 0), (-1, 1)])
def test_calibration_and_cleaning_hold_to_the_instant(field: str, microseconds: int, found: int) -> None:
    assert count(item(**{field: NOON + timedelta(microseconds=microseconds)})) == found


def test_equipment_that_needs_neither() -> None:
    assert count(item(calibration_due_at=None, cleaned_until=None)) == 0


@pytest.mark.parametrize("status", ["", "out_of_service", "retired", "blocked", "unknown"])
def test_equipment_that_is_not_ready(status: str) -> None:
    assert count(item(status=status)) == 1


def test_equipment_of_another_batch() -> None:
    assert count(item(assigned_to="CT-1"), item(assigned_to="")) == 0
    assert count(item(assigned_to="CT-2")) == 1


def test_every_fault_is_found() -> None:
    late = NOON + timedelta(days=1)
    assert count(item(used_at=late, cleaned_until=NOON, assigned_to="CT-2", status="retired")) == 4
