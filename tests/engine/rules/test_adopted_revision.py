"""The control recipe of a batch that changed while it ran."""

from __future__ import annotations

import pytest

from engine.rules import AdoptionFacts, judge
from tests.engine.rules.samples import shown


def adoption(what: str, **more: object) -> AdoptionFacts:
    return AdoptionFacts(what=what, because="CC-1, item 1", from_revision="MR@3.0", to_revision="MR@3.1", **more)  # type: ignore[arg-type]


@pytest.mark.requirement("P4-05")
@pytest.mark.parametrize("safety", [True, False])
def test_an_adopted_revision_is_always_an_exception_that_names_both(safety: bool) -> None:
    [finding] = judge("adoption", adoption("adopted", safety=safety)).findings
    assert shown((finding,)) == [(31, "minor", False, False)]
    assert (finding.expected, finding.actual) == ("MR@3.0", "MR@3.1")
    assert "CC-1, item 1" in finding.message
