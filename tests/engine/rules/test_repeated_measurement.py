"""An operator measures again."""

import pytest

from engine.rules import judge
from tests.engine.rules.samples import entry_facts, shown


@pytest.mark.requirement("N-14")
@pytest.mark.parametrize(("n", "found"), [(1, False), (2, True), (3, True), (0, True)])
def test_every_measurement_after_the_first_is_found_and_counted(n: int, found: bool) -> None:
    findings = judge("entry", entry_facts(n=n)).findings
    assert shown(findings) == ([(21, "minor", False, False)] if found else [])
    assert not found or (findings[0].needs_comment and findings[0].actual == f"measurement {n}")


def test_reason_given_with_it_is_the_comment() -> None:
    (finding,) = judge("entry", entry_facts(n=2, reason="Air bubble")).findings
    assert not finding.needs_comment
    assert finding.message.endswith("measurement 2. Reason given: Air bubble")
