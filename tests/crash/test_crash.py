"""A bounded number of kills; `make crash` makes a hundred per database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.crash.__main__ import BOUNDED
from tests.crash.harness import Crash

pytestmark = [pytest.mark.crash, pytest.mark.slow]


@pytest.mark.requirement("DI-11", "DI-08")
def test_nothing_acknowledged_is_lost_and_nothing_is_recorded_twice(database_url: str, tmp_path: Path) -> None:
    result = Crash(database_url, tmp_path).run(BOUNDED)
    print(result)
    assert not result.problems
    assert result.kills == BOUNDED
    assert result.acts > BOUNDED


KNOWN_BAD = {
    "audit in a second transaction": "is in no entry of the trail|journal .* recorded",
    "acknowledge before commit": "was acknowledged and is lost",
}


@pytest.mark.parametrize("variant", KNOWN_BAD)
def test_a_server_that_is_known_to_be_wrong_is_caught(database_url: str, tmp_path: Path, variant: str) -> None:
    result = Crash(database_url, tmp_path, variant=variant).run(kills=60)
    print(result)
    assert result.kills >= 1
    assert any(re.search(KNOWN_BAD[variant], problem) for problem in result.problems)
