"""The CAR-T site, furnished once per test on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import clock
from tests.stories.cart import Cart, cart_site


@pytest.fixture
def cart(database_url: str, tmp_path: Path) -> Iterator[Cart]:
    """A site ready for the recorded batch; the clock returns to the present afterwards."""
    found = cart_site(database_url, tmp_path)
    yield found
    found.site.close()
    clock.stop_simulating()
