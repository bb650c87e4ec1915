"""A change that came too late for a batch."""

from __future__ import annotations

import pytest

from engine.rules import judge
from tests.engine.rules.samples import shown
from tests.engine.rules.test_adopted_revision import adoption


@pytest.mark.parametrize(("safety", "found"), [(True, [(31, "major", False, False)]), (False, [])])
def test_only_a_change_about_safety_asks_what_its_reason_means(safety: bool, found: list[object]) -> None:
    assert shown(judge("adoption", adoption("missed", safety=safety)).findings) == found
