"""Quality approves CC-2026-0142 from the inbox: every entry looked at, one form, few pointer actions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import clock
from engine.actions.taken_decisions import apply_decisions
from engine.queries.changes import change_view
from engine.records import Change, EntryReview
from engine.site import Site
from engine.transaction import Actor
from tests.screenshots import sign_in_as_other
from tests.web.serving import PASSWORDS, copy_of, demo_site, served, sign_in_as
from tests.web.test_accessibility import sideways, violations
from web.app import create_app
from web.demo.changes import CHANGE

MOST = 20
DIANA = Actor("diana", "Diana Roth", frozenset({"QA_DISP"}))
COUNT_POINTERS = """
let pointed = Number(sessionStorage.getItem("pointed") || 0);
addEventListener("pointerdown", () => sessionStorage.setItem("pointed", ++pointed), true);
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo site that each test copies."""
    folder = tmp_path_factory.mktemp("approval") / "site"
    demo_site(folder).close()
    return folder


@pytest.fixture(params=[(1280, 800), (820, 1180)], ids=["desktop", "tablet"])
def station(browser: Browser, demo: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Site]]:
    """Diana signed in, in front of her inbox; every press of a pointer is counted from here."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    with copy_of(demo, tmp_path / "site") as site, served(create_app(site, SIGN_IN_LIMIT="", DEMO=True)) as address:
        sign_in_as(page, address, "diana")
        page.add_init_script(COUNT_POINTERS)
        page.goto(f"{address}/inbox")
        yield page, site
        context.close()


def pointed(page: Page) -> int:
    return int(page.evaluate("sessionStorage.getItem('pointed') || 0"))


def entries(site: Site) -> list[dict]:
    return [entry for item in change_view(site, CHANGE, DIANA)["items"] for entry in item["entries"]]


def approve(page: Page) -> int:
    """From the inbox to the signed approval; how many entries were looked at."""
    page.click("main a:has-text('Approve the change')")
    page.wait_for_selector(".comparison[data-ready=true]")
    ticks = page.locator(".tick input")
    count = ticks.count()
    for number in range(count):
        ticks.nth(number).click()
    page.wait_for_selector(f"text=All {count} entries looked at")
    page.click("label:has-text('Approve') input[type=radio]")
    page.click('[name="v:effective_at"]')
    page.keyboard.type(f"{clock.now() + timedelta(days=1):%Y-%m-%d} 06:00")
    page.click("[name=password]")
    page.keyboard.type(PASSWORDS["diana"])
    page.click("button:has-text('Sign'):not(:has-text('out'))")
    page.wait_for_selector("text=You signed.")
    return count


@pytest.mark.slow
def test_from_the_inbox_to_a_signed_approval_in_at_most_twenty_pointer_actions(station: tuple[Page, Site]) -> None:
    page, site = station
    assert approve(page) == len(entries(site)) > 5, "every entry has its tick"
    assert pointed(page) <= MOST
    print(f"{pointed(page)} pointer actions")
    with site.read() as reader:
        assert len(reader.rows(EntryReview, change_id=CHANGE, person_id="diana")) == len(entries(site))
    signed = change_view(site, CHANGE, DIANA)["run"]["signatures"]
    assert [(s["person_id"], s["valid"]) for s in signed if s["meaning"] == "approved_by_qa"] == [("diana", True)]


@pytest.mark.parametrize("station", [(1280, 800)], ids=["desktop"], indirect=True)
def test_a_forgotten_entry_is_named_and_nothing_that_was_typed_is_lost(station: tuple[Page, Site]) -> None:
    page, site = station
    page.click("main a:has-text('Approve the change')")
    page.wait_for_selector(".comparison[data-ready=true]")
    page.locator(".tick input").first.click()
    page.wait_for_selector("text=1 of")
    page.click("label:has-text('Approve') input[type=radio]")
    at = f"{clock.now() + timedelta(days=1):%Y-%m-%d} 06:00"
    page.fill('[name="v:effective_at"]', at)
    page.fill("[name=password]", PASSWORDS["diana"])
    page.click("button:has-text('Sign'):not(:has-text('out'))")
    page.wait_for_selector("#problems")
    assert page.locator("#problems li").count() == len(entries(site)) - 1, "each entry that was not looked at"
    assert page.input_value('[name="v:effective_at"]') == at
    assert page.locator(".looked").count() == 1, "the tick was kept"
    page.click("#problems a >> nth=0")
    assert page.evaluate("document.querySelector(':target').className").startswith("change")
    with site.read() as reader:
        assert reader.get(Change, id=CHANGE)["state"] == "ASSESSMENT"
    assert accessible(page) == []


@pytest.mark.parametrize("station", [(1280, 800)], ids=["desktop"], indirect=True)
def test_a_decision_on_every_batch_is_one_signature_of_each_role_and_its_progress_is_seen(station: tuple[Page, Site]) -> None:
    page, site = station
    address = page.url.removesuffix("/inbox")
    approve(page)
    sign_in_as_other(page, address, "clara")
    page.goto(f"{address}/inbox")
    page.click("main a:has-text('Approval by the client')")
    page.click("label:has-text('Approve') input[type=radio]")
    page.fill("main [name=password]", PASSWORDS["clara"])
    page.click("button:has-text('Sign'):not(:has-text('out'))")
    page.wait_for_selector("text=You signed.")
    sign_in_as_other(page, address, "diana")
    page.goto(f"{address}/changes/{CHANGE}/batches")
    rows = page.locator(".matrix select").count()
    page.fill("[name=reason]", "As the rules for running batches say.")
    page.fill("[name=password]", PASSWORDS["diana"])
    page.click("button:has-text('Sign the decisions')")
    page.wait_for_selector("text=Your decision is signed")
    found = accessible(page)
    for login in ("tomas", "clara"):
        sign_in_as_other(page, address, login)
        page.goto(f"{address}/inbox")
        page.click(f"main a:has-text('{rows} rows to sign')")
        page.fill("[name=set_password]", PASSWORDS[login])
        page.click("button:has-text('Sign the decision')")
    page.wait_for_selector("text=0 of 10 batches")
    found += accessible(page)
    apply_decisions(site, CHANGE)
    page.wait_for_selector("text=10 of 10 batches", timeout=10_000)
    assert page.locator("#results tbody tr").count() == rows
    assert page.locator("#results >> text=Adopt").count() > 0
    expect(page.locator("#rows >> text=being applied")).to_have_count(0)  # the rows say so too, without another look
    assert page.locator('#rows >> text="Applied"').count() > 0
    assert found + accessible(page) == []


def accessible(page: Page) -> list[str]:
    """What is not, wide and narrow."""
    found = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        found += violations(page) + sideways(page)
    return found
