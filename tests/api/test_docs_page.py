"""The page of the API's description in a real browser, under the policy of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from engine.site import Site
from tests.api.conftest import one_database
from tests.web.serving import served
from web.app import create_app

pytestmark = one_database


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Where the pages and the API of an empty site are served."""
    with served(create_app(site)) as address:
        yield address


def test_the_description_is_readable_and_breaks_no_policy(address: str, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/api/v1/docs")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() > 40
    assert "Batchwright" in page.locator(".info").inner_text()
    assert not [text for text in said if "Content Security Policy" in text or "Refused" in text]
