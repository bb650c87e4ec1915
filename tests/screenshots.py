"""A picture of every page of the demo site, for the documentation: `make screenshots`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from playwright.sync_api import Browser, FloatRect, Page

from engine import clock
from engine.queries.equipment import equipment
from engine.queries.review import review
from engine.site import Site
from tests import services
from tests.web.serving import PASSWORDS, served_demo, sign_in_as
from web.demo.changes import CHANGE, REJECTED

TARGET = services.ROOT / "docs" / "screenshots"
LONGEST = 1800
WIDTHS = {"desktop": (1280, 900), "tablet": (820, 1180), "phone": (320, 700)}
RELEASE, REVIEW, EXPANSION, WAITING = "CT-26-0031", "CT-26-0032", "CT-26-0033", "CT-26-0034"
DRAFT = "MR-CART-001@3.2"


def tour(site: Site) -> list[tuple[str, str, str]]:
    """Every page as (name of the picture, who looks, path)."""
    first = next(task["key"] for task in _open_tasks(site, WAITING))
    value = next(v for v in review(site, REVIEW)["values"] if v["source"] == "manual")
    disposition = next(task["key"] for task in _open_tasks(site, RELEASE))
    return [
        ("my-tasks", "anna", "/tasks"),
        ("my-tasks-qa", "diana", "/tasks"),
        ("step", "anna", f"/batches/{WAITING}/tasks/{quote(first)}"),
        ("batches", "susan", "/batches"),
        ("live-state", "susan", f"/batches/{EXPANSION}"),
        ("ad-hoc-request", "susan", f"/batches/{EXPANSION}/ad-hoc"),
        ("ad-hoc-sign", "farid", f"/batches/{EXPANSION}/ad-hoc/{EXPANSION}-A2"),
        ("ad-hoc", "pia", f"/batches/{EXPANSION}/ad-hoc/{EXPANSION}-A1"),
        ("departures", "pia", f"/batches/{EXPANSION}/departures"),
        ("review-ad-hoc", "diana", f"/batches/{EXPANSION}/review"),
        ("record", "diana", f"/batches/{REVIEW}/record"),
        ("review", "diana", f"/batches/{REVIEW}/review"),
        ("review-no-exceptions", "diana", f"/batches/{RELEASE}/review"),
        ("disposition", "diana", f"/batches/{RELEASE}/disposition"),
        ("disposition-step", "diana", f"/batches/{RELEASE}/tasks/{quote(disposition)}"),
        ("audit-trail", "diana", f"/batches/{WAITING}/trail"),
        ("correction", "anna", f"/batches/{REVIEW}/values/{quote(value['id'])}/correction"),
        ("recipes", "pia", "/recipes"),
        ("recipe", "pia", "/recipes/MR-CART-001@3.0"),
        ("comparison", "pia", "/recipes/MR-CART-001@3.1/compare/MR-CART-001@3.0"),
        ("inbox", "diana", "/inbox"),
        ("changes", "diana", "/changes"),
        ("change", "diana", f"/changes/{CHANGE}"),
        ("change-review", "diana", f"/changes/{CHANGE}/review"),
        ("change-review-read-only", "anna", f"/changes/{CHANGE}/review"),
        ("open-batches", "diana", f"/changes/{CHANGE}/batches"),
        ("change-trail", "diana", f"/batches/{CHANGE}/trail"),
        ("change-rejected", "pia", f"/changes/{REJECTED}"),
        ("change-new", "pia", "/changes/new"),
        ("change-item", "pia", f"/changes/{CHANGE}/items/1"),
        ("change-step", "pia", f"/changes/{CHANGE}/steps/CANCEL"),
        ("lineage", "anna", "/limits/MR-CART-001/S20/moi"),
        ("recipe-draft", "pia", f"/recipes/{DRAFT}"),
        ("recipe-submission", "pia", f"/recipes/{DRAFT}/steps/AUTHOR[1]"),
        ("editor", "pia", f"/recipes/{DRAFT}/edit"),
        ("dry-runs", "pia", f"/recipes/{DRAFT}/dry-run"),
        ("import", "pia", "/import"),
        ("import-diagram", "pia", "/import/bpmn"),
        ("forms", "pia", "/forms"),
        ("form", "pia", "/forms/triage@1"),
        ("start-batch", "susan", "/start"),
        ("training", "anna", "/training"),
        ("training-reading", "anna", "/training/MR-CART-001@3.0"),
        ("training-asked", "pia", f"/recipes/{DRAFT}/training"),
        ("people", "sam", "/people"),
        ("person", "sam", "/people/anna"),
        ("person-new", "sam", "/people/new"),
        ("equipment", "susan", "/equipment"),
        ("equipment-new", "susan", "/equipment/new"),
        ("materials", "farid", "/materials"),
        ("lot", "farid", "/materials/LOT-101"),
        ("lot-new", "susan", "/materials/new"),
        ("health", "sam", "/health"),
        ("account", "anna", "/account"),
        ("password", "anna", "/account/password"),
        ("not-allowed", "anna", "/people"),
        ("not-found", "anna", "/batches/none"),
    ]


def _open_tasks(site: Site, batch_id: str) -> list[dict]:
    waiting = [t for t in review(site, batch_id)["tasks"].values() if t["state"] in ("open", "started", "performed")]
    return sorted(waiting, key=lambda task: task["opened_at"])


def settle(page: Page) -> None:
    """Wait until scripts and the diagram, where there is one, are done."""
    page.wait_for_selector("html[data-scripts=ready]")
    if page.query_selector("#editor"):
        page.wait_for_selector("#editor[data-ready=true]", timeout=20_000)
    if page.query_selector(".diagram"):
        page.wait_for_selector(".diagram[data-ready=true]", timeout=20_000)
    if page.query_selector(".comparison .drawing"):
        page.wait_for_selector(".comparison[data-ready=true]", timeout=20_000)


def picture(page: Page, target: Path, name: str) -> None:
    """The page as it is now, at every width, as far down as a picture is of use."""
    for width, (wide, high) in WIDTHS.items():
        page.set_viewport_size({"width": wide, "height": high})
        page.wait_for_timeout(50)  # the layout of the new width
        length = page.evaluate("document.documentElement.scrollHeight")
        clip = FloatRect(x=0, y=0, width=wide, height=min(length, LONGEST))
        page.screenshot(path=target / f"{name}-{width}.png", full_page=True, clip=clip)
    page.set_viewport_size({"width": WIDTHS["desktop"][0], "height": WIDTHS["desktop"][1]})


def story(page: Page, address: str, site: Site) -> Iterator[str]:
    """A step from its start over an error and a block to the decision and the blind verification.

    Stops at each moment that is worth a look and says its name.
    """
    step = f"{address}/batches/{WAITING}/tasks/S05"
    suite = next(e["id"] for e in equipment(site) if e["equipment_class"] == "cleanroom suite" and not e["batch_id"])
    sign_in_as_other(page, address, "anna")
    page.goto(f"{address}/batches/{EXPANSION}/tasks/S24[4]")
    page.click("button[value=start]")
    page.wait_for_selector('[name="v:ph"]', state="attached")
    page.evaluate("document.querySelectorAll('details.device-field').forEach((field) => { field.open = true; })")
    page.fill('[name="v:ph"]', "6,95")
    yield "step-out-of-limits"
    page.goto(step)
    page.click("button[value=start]")
    page.fill("#f-code", suite)
    page.click("button[value=scan]")
    yield "step-started"
    page.fill('[name="v:clean_end"]', "yesterday")
    page.click("button[value=record]")
    yield "step-with-error"
    page.fill('[name="v:clean_end"]', f"{clock.now() - timedelta(days=4):%Y-%m-%d %H:%M}")
    page.click("button[value=record]")
    yield "step-blocked"
    sign_in_as_other(page, address, "farid")
    page.goto(f"{step}/decision")
    yield "decision"
    page.check("[name=outcome][value=proceed]")
    page.fill("[name=reason]", "Environmental monitoring of the last four days is clean; the suite was closed.")
    page.fill("[name=password]", PASSWORDS["farid"])
    page.click("main .button.main >> nth=0")
    sign_in_as_other(page, address, "anna")
    page.goto(step)
    for comment in page.query_selector_all("textarea[name^='c:']"):
        comment.fill("The suite was closed since its last cleaning; QA was called at once.")
    page.fill("[name=password]", PASSWORDS["anna"])
    yield "step-to-sign"
    page.click("button[value=sign]")
    sign_in_as_other(page, address, "victor")
    page.goto(step)
    yield "verification"
    page.fill('[name="w:clean_end"]', f"{clock.now() - timedelta(days=5):%Y-%m-%d %H:%M}")
    page.fill("[name=password]", PASSWORDS["victor"])
    page.click("main .button.main")
    yield "verification-differs"


def sign_in_as_other(page: Page, address: str, login: str) -> None:
    """Somebody else comes to the station."""
    page.context.clear_cookies()
    sign_in_as(page, address, login)


def take(browser: Browser, address: str, site: Site, target: Path = TARGET) -> int:
    """Take all pictures; returns how many pages were seen."""
    target.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(reduced_motion="reduce")
    page, who = context.new_page(), ""
    page.goto(f"{address}/sign-in")
    picture(page, target, "sign-in")
    pages = sorted(tour(site), key=lambda entry: entry[1])
    for name, login, path in pages:
        if login != who:
            sign_in_as_other(page, address, login)
            who = login
        page.goto(address + path)
        settle(page)
        picture(page, target, name)
    page.click("text=Lock")
    picture(page, target, "locked")
    page.context.clear_cookies()
    for name in story(page, address, site):
        picture(page, target, name)
    context.close()
    return len(pages)


def main() -> None:
    """Seed, serve, look, close."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served_demo(Path(folder) / "site") as (address, site),
        services.chromium() as browser,
    ):
        print(f"{take(browser, address, site)} pages and a story, in {TARGET}")


if __name__ == "__main__":
    main()
