"""WCAG 2.2 AA on every page: filled, empty, with errors, locked; wide and at 320 px; and nothing scrolls sideways."""

from __future__ import annotations

import pytest

from tests.screenshots import settle, story, tour
from tests.services import ROOT
from tests.web.serving import served_demo, sign_in_as

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1280, 320)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with served_demo(tmp_path_factory.mktemp("demo") / "site") as (address, site):
        yield address, site


@pytest.fixture(params=WIDTHS)
def station(browser, request):
    context = browser.new_context(viewport={"width": request.param, "height": 800}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def violations(page) -> list[str]:
    """What axe-core finds wrong, each with its first element."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{page.url}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]


def sideways(page) -> list[str]:
    """Pages wider than the screen: whoever enlarges the text would have to scroll in two directions."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{page.url} is {wide} px too wide"] if wide > 0 else []


def test_every_page_of_the_demo_site(demo, station):
    address, site = demo
    who, found = "", []
    for _, login, path in sorted(tour(site), key=lambda entry: entry[1]):
        if login != who:
            station.context.clear_cookies()
            sign_in_as(station, address, login)
            who = login
        station.goto(address + path)
        settle(station)
        found += violations(station) + sideways(station)
    assert found == []


ERRORS = [
    ("anna", "/account/password"),
    ("susan", "/equipment/new"),
    ("susan", "/materials/new"),
    ("sam", "/people/new"),
    ("susan", "/start"),
]


def test_pages_with_errors_and_the_locked_station(demo, station):
    address, _ = demo
    found = []
    for login, path in ERRORS:
        station.context.clear_cookies()
        sign_in_as(station, address, login)
        station.goto(address + path)
        station.click("main .button.main")
        station.wait_for_selector("#problems")
        assert station.evaluate("document.activeElement.id") == "problems"
        found += violations(station) + sideways(station)
    station.click("text=Lock")
    station.wait_for_selector("text=Go on")
    found += violations(station) + sideways(station)
    station.fill("#f-login", "nobody")
    station.click("main .button.main")
    station.wait_for_selector("#problems")
    assert found + violations(station) == []


def test_a_step_at_every_moment_of_its_life(browser, tmp_path):
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 800}, reduced_motion="reduce")
    page, found = context.new_page(), []
    with served_demo(tmp_path / "site") as (address, site):
        for _ in story(page, address, site):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                found += violations(page) + sideways(page)
        context.close()
    assert found == []


def test_the_keyboard_reaches_the_content_first(demo, station):
    address, _ = demo
    sign_in_as(station, address, "anna")
    station.goto(f"{address}/tasks")
    station.keyboard.press("Tab")
    assert station.evaluate("document.activeElement.className") == "skip"
    station.keyboard.press("Enter")
    assert station.evaluate("document.activeElement.id") == "main"


def test_main_actions_are_large_enough_for_gloves(demo, station):
    address, _ = demo
    sign_in_as(station, address, "ben")
    for size, press in ((64, False), (88, True)):
        station.goto(f"{address}/account")
        if press:
            station.click("text=Switch glove mode on")
        station.goto(f"{address}/account/password")
        assert station.locator("main .button.main").bounding_box()["height"] >= size
    station.goto(f"{address}/account")
    station.click("text=Switch glove mode off")
