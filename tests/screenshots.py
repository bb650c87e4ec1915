"""A picture of every page of the demo site, for the documentation: `make screenshots`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import quote

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from playwright.sync_api import Browser, Page

from engine.queries.review import review
from engine.site import Site
from tests import services
from tests.web.serving import served_demo, sign_in_as

TARGET = services.ROOT / "docs" / "screenshots"
WIDTHS = {"desktop": (1280, 900), "tablet": (820, 1180), "phone": (320, 700)}
RELEASE, REVIEW, EXPANSION, WAITING = "CT-26-0031", "CT-26-0032", "CT-26-0033", "CT-26-0034"


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
        ("record", "diana", f"/batches/{REVIEW}/record"),
        ("review", "diana", f"/batches/{REVIEW}/review"),
        ("review-no-exceptions", "diana", f"/batches/{RELEASE}/review"),
        ("disposition", "diana", f"/batches/{RELEASE}/disposition"),
        ("disposition-step", "diana", f"/batches/{RELEASE}/tasks/{quote(disposition)}"),
        ("audit-trail", "diana", f"/batches/{WAITING}/trail"),
        ("correction", "anna", f"/batches/{REVIEW}/values/{quote(value['id'])}/correction"),
        ("recipes", "pia", "/recipes"),
        ("recipe", "pia", "/recipes/MR-CART-001@3.0"),
        ("start-batch", "susan", "/start"),
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
    if page.query_selector(".diagram"):
        page.wait_for_selector(".diagram[data-ready=true]", timeout=20_000)


def take(browser: Browser, address: str, site: Site, target: Path = TARGET) -> int:
    """Take all pictures; returns how many."""
    target.mkdir(parents=True, exist_ok=True)
    taken = 0
    for width, (wide, high) in WIDTHS.items():
        context = browser.new_context(viewport={"width": wide, "height": high})
        page, who = context.new_page(), ""
        page.goto(f"{address}/sign-in")
        page.screenshot(path=target / f"sign-in-{width}.png", full_page=True)
        for name, login, path in sorted(tour(site), key=lambda entry: entry[1]):
            if login != who:
                context.clear_cookies()
                sign_in_as(page, address, login)
                who = login
            page.goto(address + path)
            settle(page)
            page.screenshot(path=target / f"{name}-{width}.png", full_page=True)
            taken += 1
        page.click("text=Lock")
        page.screenshot(path=target / f"locked-{width}.png", full_page=True)
        context.close()
    return taken


def main() -> None:
    """Seed, serve, look, close."""
    with tempfile.TemporaryDirectory() as folder, served_demo(Path(folder) / "site") as (address, site):
        with services.chromium() as browser:
            print(f"{take(browser, address, site)} pictures in {TARGET}")


if __name__ == "__main__":
    main()
