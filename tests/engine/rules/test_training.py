"""Training that ran out."""

import pytest

from engine.rules import judge
from tests.engine.rules.samples import shown, step_facts


@pytest.mark.parametrize(
    ("at_start", "at_end", "when"),
    [(True, True, ""), (True, False, "during it"), (False, True, "at its start"), (False, False, "at its start"),
     (None, True, "at its start"), (True, None, "during it")],
)  # fmt: skip
def test_training_has_to_hold_from_start_to_end(at_start: bool, at_end: bool, when: str) -> None:
    findings = judge("step", step_facts(training_valid_at_start=at_start, training_valid_at_end=at_end)).findings
    assert shown(findings) == ([(27, "major", False, False)] if when else [])
    assert not when or (findings[0].needs_comment and findings[0].actual == f"not valid {when}")
