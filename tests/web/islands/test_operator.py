"""What scripts add at a step: kept drafts, the scanner's burst, the limit bar, the connection, Enter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.queries.equipment import equipment
from tests.screenshots import EXPANSION, WAITING
from tests.web.serving import served_demo, sign_in_as

FAST_MS, SLOW_MS = 0, 120


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with served_demo(tmp_path_factory.mktemp("operator") / "site") as (address, site):
        yield address, site


@pytest.fixture
def operator(demo, page) -> Iterator:
    """Anna at her station, at the first step that waits for her."""
    sign_in_as(page, demo[0], "anna")
    page.goto(f"{demo[0]}/batches/{WAITING}/tasks/S05")
    if page.query_selector("button[value=start]"):
        page.click("button[value=start]")
    page.wait_for_selector("html[data-scripts=ready]")
    return page


def test_what_was_typed_is_back_after_the_page_was_left_and_a_password_never_is(operator):
    operator.fill('[name="v:clean_end"]', "2026-11-2")
    operator.fill("[name=password]", "secret thing")
    operator.reload()
    operator.wait_for_selector("text=What you typed here before is back")
    assert operator.input_value('[name="v:clean_end"]') == "2026-11-2"
    assert operator.input_value("[name=password]") == ""
    assert "secret thing" not in operator.evaluate("JSON.stringify(sessionStorage)")


def test_another_person_at_the_station_sees_nothing_of_it(demo, operator):
    operator.fill('[name="v:clean_end"]', "2026-11-2")
    operator.context.clear_cookies()
    sign_in_as(operator, demo[0], "ben")
    operator.goto(f"{demo[0]}/batches/{WAITING}/tasks/S05")
    operator.wait_for_selector("html[data-scripts=ready]")
    assert operator.input_value('[name="v:clean_end"]') == ""
    assert operator.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:anna')).length") == 0


def test_a_code_that_was_refused_does_not_come_back_into_its_field(operator):
    operator.fill("[name=code]", "NOPE")
    with operator.expect_navigation():
        operator.click("button[value=scan]")
    operator.wait_for_selector("html[data-scripts=ready]")
    assert operator.inner_text("#scans li:last-child code") == "NOPE", "the attempt is on record"
    assert operator.input_value("[name=code]") == "", "the next code is typed without clearing the field"
    assert operator.query_selector("text=What you typed here before is back") is None


def test_a_scanners_burst_goes_to_the_scan_field_wherever_the_focus_is(demo, operator):
    _, site = demo
    suite = next(e["id"] for e in equipment(site) if e["equipment_class"] == "cleanroom suite" and not e["batch_id"])
    operator.fill('[name="v:clean_end"]', "2026")
    operator.focus('[name="v:clean_end"]')
    operator.wait_for_timeout(SLOW_MS)
    operator.keyboard.type(suite, delay=FAST_MS)
    with operator.expect_navigation():
        operator.keyboard.press("Enter")
    assert operator.inner_text("#scans li:last-child code") == suite
    assert operator.input_value('[name="v:clean_end"]') == "2026"


def test_enter_in_a_field_records_nothing_and_in_the_password_field_signs(operator):
    operator.fill('[name="v:clean_end"]', "2026-11-2")
    operator.press('[name="v:clean_end"]', "Enter")
    assert operator.query_selector("#problems") is None
    operator.fill("[name=password]", "wrong")
    with operator.expect_navigation():
        operator.press("[name=password]", "Enter")
    assert operator.query_selector("#problems") is not None


def test_without_a_connection_nothing_is_sent_and_the_entry_stays(operator):
    operator.fill('[name="v:clean_end"]', "2026-11-20 10:00")
    operator.context.set_offline(True)
    operator.wait_for_selector("#connection[data-state=offline]")
    assert "nothing can be recorded now" in operator.inner_text("#connection")
    operator.click("button[value=record]")
    operator.wait_for_selector("text=Not connected: nothing was recorded")
    assert operator.input_value('[name="v:clean_end"]') == "2026-11-20 10:00"
    operator.context.set_offline(False)
    operator.wait_for_selector("#connection[data-state=online]")


@pytest.mark.parametrize(("text", "told"), [("6,95", "Below the normal"), ("7.0", ""), ("6.1", "Below the accepted"), ("x", "")])
def test_the_bar_follows_what_is_typed_and_compares_digit_for_digit(demo, page, text, told):
    sign_in_as(page, demo[0], "anna")
    page.goto(f"{demo[0]}/batches/{EXPANSION}/tasks/S24[4]")
    if page.query_selector("button[value=start]"):
        page.click("button[value=start]")
    page.wait_for_selector("html[data-scripts=ready]")
    page.evaluate("document.querySelectorAll('details.device-field').forEach((d) => { d.open = true; })")
    field = page.locator('[name="v:ph"]')
    field.fill(text)
    state = page.locator(".entry:has([name='v:ph']) .limit-told")
    assert (state.is_visible(), told in state.inner_text() if told else True) == (bool(told), True)


def test_reaching_an_exclusive_limit_is_told_as_outside(demo, page):
    sign_in_as(page, demo[0], "anna")
    page.goto(f"{demo[0]}/batches/{EXPANSION}/tasks/S24[4]")
    page.wait_for_selector("html[data-scripts=ready]")
    told = page.evaluate(
        """(field) => ["9.99", "10", "10.0"].map((text) => {
          field.dataset.limits = JSON.stringify({nor_high: "10", exclusive: ["nor_high"]});
          field.value = text;
          field.dispatchEvent(new Event("input"));
          return field.closest(".entry").querySelector(".limit-told").textContent;
        })""",
        page.query_selector('[name="v:ph"]'),
    )
    assert told == ["", "◆ Above the normal range", "◆ Above the normal range"]
