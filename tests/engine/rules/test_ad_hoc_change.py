"""What was changed for one batch only."""

from __future__ import annotations

import pytest

from engine.rules import judge
from tests.engine.rules.samples import shown
from tests.engine.rules.test_adopted_revision import adoption


@pytest.mark.requirement("P11-14")
@pytest.mark.parametrize("what", ["insert", "repeat", "replace", "skip", "limit"])
@pytest.mark.parametrize(("risk", "severity"), [("low", "minor"), ("medium", "major"), ("high", "critical"), ("?", "critical")])
def test_every_kind_is_an_exception_as_grave_as_its_risk(what: str, risk: str, severity: str) -> None:
    number = 10 if what == "skip" else 23
    assert shown(judge("adoption", adoption(what, risk=risk)).findings) == [(number, severity, False, False)]
