"""What is entered long after it happened."""

from datetime import timedelta

import pytest

from engine.rules import judge
from tests.engine.rules.samples import NOON, entry_facts, shown


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, []), (900, []), (900.000001, [(19, "minor", False, False)]), (86400, [(19, "minor", False, False)]),
        (-0.000001, [(32, "major", False, False)]), (-3600, [(32, "major", False, False)]),
    ],
)  # fmt: skip
def test_delay_against_the_recipes_limit(seconds: float, expected: list[object]) -> None:
    facts = entry_facts(entered_at=NOON + timedelta(seconds=seconds))
    assert shown(judge("entry", facts).findings) == expected


def test_both_times_are_said() -> None:
    (finding,) = judge("entry", entry_facts(entered_at=NOON + timedelta(hours=3))).findings
    assert finding.message == (
        "Viability was entered 3 h after it happened, 15 min is the limit "
        "(event 2026-03-02 12:00 UTC, entry 2026-03-02 15:00 UTC)."
    )
    assert finding.needs_comment


def test_clock_in_doubt_needs_a_comment() -> None:
    (finding,) = judge("entry", entry_facts(entered_at=NOON - timedelta(minutes=1))).findings
    assert finding.needs_comment


def test_recipe_without_any_tolerance() -> None:
    facts = entry_facts(entered_at=NOON + timedelta(seconds=1), late_after=timedelta(0))
    assert [f.number for f in judge("entry", facts).findings] == [19]
