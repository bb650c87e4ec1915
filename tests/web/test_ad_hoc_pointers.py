"""The supervisor asks for a change of one batch in a browser, from the batch's page to the signed request: presses counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.records import AdHocChange
from engine.site import Site
from tests.screenshots import EXPANSION
from tests.web.serving import PASSWORDS, copy_of, demo_site, served, sign_in_as
from tests.web.test_accessibility import sideways, violations
from tests.web.test_change_approval import COUNT_POINTERS, pointed
from web.app import create_app

MOST = 5
"""Interactions: a choice, a text, a signature. The signature takes two presses, into the field and on the button."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ad_hoc") / "site"
    demo_site(folder).close()
    return folder


@pytest.fixture
def station(browser: Browser, demo: Path, tmp_path: Path) -> Iterator[tuple[Page, Site]]:
    """Susan at the page of the running batch, at a tablet; every press of a pointer is counted from here."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    with copy_of(demo, tmp_path / "site") as site, served(create_app(site, SIGN_IN_LIMIT="", DEMO=True)) as address:
        sign_in_as(page, address, "susan")
        page.add_init_script(COUNT_POINTERS)
        page.goto(f"{address}/batches/{EXPANSION}")
        yield page, site
        context.close()


def other_step(page: Page) -> None:
    """Another step than the one that is proposed: the field is pressed, its choice is made with the keys."""
    page.click('[name="step"]')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    if page.evaluate("document.activeElement.name") == "step":
        page.keyboard.press("Tab")


def one_step_more(page: Page) -> None:
    """Behind the open step."""
    page.click('[name="title"]')
    page.keyboard.type("Mix again by hand")


def one_limit_more(page: Page) -> None:
    """Written where it would stand, beside those that there are now."""
    page.locator('.of-limits details[open] input[name$=":par_high"]').first.click()
    page.keyboard.type("2000")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "words", "say", "risk"),
    [
        ("repeat", "Repeat a step", None, "low"),
        ("insert", "Insert a step", one_step_more, "low"),
        ("skip", "Skip a step", other_step, "high"),
        ("limit", "Change a limit", one_limit_more, "high"),
    ],
)
def test_it_takes_at_most_five_interactions(
    station: tuple[Page, Site], kind: str, words: str, say: Callable[[Page], None] | None, risk: str
) -> None:
    page, site = station
    page.click(f"main a:has-text('{words}')")
    if say:
        say(page)
    page.click('[name="reason"]')
    page.keyboard.type("The sample tube broke.")
    page.click(f'label:has([name="risk"][value="{risk}"])')
    page.click('[name="password"]')
    page.keyboard.type(PASSWORDS["susan"])
    before = page.url
    page.click("button:has-text('Sign and ask for it')")
    page.wait_for_url(lambda url: url != before and "ad-hoc/" in url)
    presses = pointed(page)
    assert presses - 1 <= MOST, "the signature is one"
    print(f"{kind}: {presses} presses")
    with site.read() as reader:
        asked = reader.get(AdHocChange, id=page.url.rpartition("/")[2])
    assert (asked["kind"], asked["state"], asked["requested_by"]) == (kind, "REQUESTED", "susan")
    if kind == "limit":
        edit = json.loads(asked["edit"])
        assert [edit.get(bound) for bound in ("target", "nor_low", "nor_high", "par_low", "par_high")] == [None] * 4 + ["2000"]


@pytest.mark.parametrize("kind", ["", "limit", "insert"])
def test_only_what_belongs_to_the_kind_is_in_sight(station: tuple[Page, Site], kind: str) -> None:
    page, _ = station
    page.goto(f"{page.url}/ad-hoc?kind={kind}")
    shown = {"": [], "limit": ["of-limits"], "insert": ["of-a-new-step"]}[kind]
    assert [name for name in ("of-a-new-step", "of-limits") if page.is_visible(f".{name}")] == shown
    found = []
    for width in (1280, 820, 320):
        page.set_viewport_size({"width": width, "height": 900})
        found += violations(page) + sideways(page)
    assert found == []
    page.click('label:has([name="kind"][value="skip"])')
    assert not any(page.is_visible(f".{name}") for name in ("of-a-new-step", "of-limits"))
