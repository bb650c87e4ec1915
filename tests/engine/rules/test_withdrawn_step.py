"""A step that the recipe took back."""

import pytest

from engine.rules import WithdrawalFacts, judge
from tests.engine.rules.samples import STEP, shown


@pytest.mark.parametrize(("started", "recorded", "found"), [(False, 0, 0), (True, 0, 1), (True, 3, 1), (False, 1, 1)])
def test_only_work_already_begun_is_an_exception(started: bool, recorded: int, found: int) -> None:
    facts = WithdrawalFacts(step=STEP, started=started, recorded=recorded)
    assert shown(judge("withdrawal", facts).findings) == [(13, "info", False, False)] * found
