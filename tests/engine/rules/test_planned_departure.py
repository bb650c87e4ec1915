"""The departure step of a recipe."""

import pytest

from bpmn.vocabulary import STEP_KINDS, Step
from engine.rules import judge
from tests.engine.rules.samples import shown, step_facts


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_only_a_departure_step_is_found(kind: str) -> None:
    findings = judge("step", step_facts(step=Step(id="D1", title="Departure", kind=kind))).findings  # type: ignore[arg-type]
    assert shown(findings) == ([(24, "minor", False, False)] if kind == "departure" else [])
