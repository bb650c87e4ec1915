"""A value typed wrongly and corrected."""

import pytest

from engine.rules import CorrectionFacts, judge
from tests.engine.rules.samples import VIABILITY, changed


def numbers(old: str, new: str, parameter_class: str = "IPC") -> list[int]:
    facts = CorrectionFacts(
        parameter=changed(parameter_class=parameter_class), old_text="9.41", new_text="94.1", old_judgement=old,
        new_judgement=new, reason="Comma slipped",
    )  # fmt: skip
    return [finding.number for finding in judge("correction", facts).findings]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ok", "ok", [20]), ("recorded", "recorded", [20]), ("ok", "major", [20]),
        ("info", "ok", [20, 38]), ("minor", "ok", [20, 38]), ("major", "ok", [20, 38]), ("critical", "critical", [20, 38]),
    ],
)  # fmt: skip
def test_taking_a_departing_value_away_is_critical(old: str, new: str, expected: list[int]) -> None:
    assert numbers(old, new) == expected


@pytest.mark.parametrize("parameter_class", ["CPP", "CQA", "CQA-IPC", "ID", "safety"])
def test_changing_how_a_critical_parameter_is_judged_is_critical(parameter_class: str) -> None:
    assert numbers("ok", "minor", parameter_class) == [20, 38]
    assert numbers("recorded", "ok", parameter_class) == [20, 38]
    assert numbers("ok", "ok", parameter_class) == [20]


def test_both_values_and_a_late_correction_are_said() -> None:
    facts = CorrectionFacts(
        parameter=VIABILITY, old_text="9.41", new_text="94.1", old_judgement="major", new_judgement="ok",
        task_completed=True,
    )  # fmt: skip
    first, second = judge("correction", facts).findings
    assert first.message == "Viability was corrected after the step was completed from '9.41' to '94.1'."
    assert (first.severity, first.needs_comment, first.expected, first.actual) == ("minor", True, "9.41", "94.1")
    assert (second.severity, second.actual) == ("major", "major -> ok")
