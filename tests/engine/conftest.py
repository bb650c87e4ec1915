"""Sites for the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.site import Site
from tests.engine import small_site as acts


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An open site with keys and no record, on each database."""
    site = acts.small_site(database_url, tmp_path)
    yield site
    site.close()


@pytest.fixture
def filled_site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site with two batches and every kind of record."""
    site = acts.filled_site(database_url, tmp_path)
    yield site
    site.close()
