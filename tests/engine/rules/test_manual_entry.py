"""An operator types what a device should have sent."""

import pytest

from engine.rules import judge
from tests.engine.rules.samples import entry_facts, shown


@pytest.mark.parametrize(
    ("expected", "used", "severity"),
    [
        ("device", "manual", "minor"), ("scan", "manual", "minor"), ("master", "manual", "minor"),
        ("device", "scan", "minor"), ("calc", "manual", "major"), ("calc", "device", "major"),
        ("device", "device", ""), ("scan", "scan", ""), ("calc", "calc", ""), ("master", "master", ""),
        ("manual", "manual", ""), ("manual", "device", ""),
    ],
)  # fmt: skip
def test_source_has_to_be_the_recipes(expected: str, used: str, severity: str) -> None:
    found = judge("entry", entry_facts(source_expected=expected, source_used=used)).findings
    assert shown(found) == ([(9, severity, False, False)] if severity else [])


def test_comment_is_due_unless_the_reason_came_with_the_entry() -> None:
    silent, told = (
        judge("entry", entry_facts(source_used="manual", reason=reason)).findings[0] for reason in ("  ", "Analyser offline")
    )
    assert (silent.needs_comment, told.needs_comment) == (True, False)
    assert told.message == "Viability was typed in, not from a device. Reason given: Analyser offline"
    assert silent.message == "Viability was typed in, not from a device."
