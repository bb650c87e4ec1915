"""The draft saves itself, says so only when it is true, and nobody overwrites anybody."""

from __future__ import annotations

import pytest

from engine.queries.drafts import draft_view
from tests.web.editor.desk import desk

NAME = "(title) => batchwrightEditor.model.setRecipe({ title })"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture(scope="module")
def signed_in(browser, table):
    """The browsers of both process owners."""
    pages = {login: table.page(browser, login) for login in ("pia", "pat")}
    yield {login: page.context for login, page in pages.items()}
    for page in pages.values():
        page.context.close()


@pytest.fixture
def pia(signed_in):
    return signed_in["pia"].new_page()


@pytest.fixture
def pat(signed_in):
    return signed_in["pat"].new_page()


def says(page, text: str) -> None:
    """Wait until the state line says it."""
    page.wait_for_function("text => document.querySelector('#editor-saved').textContent.includes(text)", arg=text)


def stored_title(table, revision: str) -> str:
    return draft_view(table.site, revision)["title"]


def test_a_change_is_saved_by_itself_and_called_saved_only_then(table, pia):
    revision = table.draft("MR-SAVE-1", title="Before")
    table.open(pia, revision)
    held = []
    pia.route("**/api/v1/drafts/*", lambda route: held.append(route) if route.request.method == "PUT" else route.continue_())
    with pia.expect_request(lambda request: request.method == "PUT"):
        pia.evaluate(NAME, "After")
    says(pia, "Saving")
    assert stored_title(table, revision) == "Before"
    held.pop().continue_()
    says(pia, "Saved")
    assert stored_title(table, revision) == "After"
    assert pia.inner_text("#editor-saved").count(":") == 2  # Saved 14:03:22


def test_a_closed_laptop_loses_nothing(table, pia):
    revision = table.draft("MR-SAVE-2", title="Before")
    table.open(pia, revision)
    pia.route("**/api/v1/drafts/*", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    pia.evaluate(NAME, "Typed on the train")
    says(pia, "kept on this station since")
    pia.unroute("**/api/v1/drafts/*")
    asked: list[str] = []

    def agree(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    pia.on("dialog", agree)
    pia.close(run_before_unload=True)
    later = pia.context.new_page()
    later.wait_for_timeout(100)
    table.open(later, revision)
    assert asked == ["beforeunload"]
    assert stored_title(table, revision) == "Before"
    later.click("button:text-is('Take them')")
    says(later, "Saved")
    assert stored_title(table, revision) == "Typed on the train"
    table.open(later, revision)
    assert later.locator("#editor-notices button").count() == 0


def test_when_the_connection_comes_back_the_draft_is_saved_once(table, pia):
    revision = table.draft("MR-SAVE-3", title="Before")
    table.open(pia, revision)
    lost: list[str] = []

    def cut(route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()  # the server saves it, the answer never arrives
            route.abort()
        else:
            route.continue_()

    pia.route("**/api/v1/drafts/*", cut)
    pia.evaluate(NAME, "Sent twice")
    says(pia, "no connection")
    with pia.expect_request(lambda request: request.method == "PUT") as again:
        pia.evaluate("window.dispatchEvent(new Event('online'))")
    says(pia, "Saved")
    assert again.value.headers["idempotency-key"] == lost[0]
    assert draft_view(table.site, revision)["version"] == 2


def test_two_process_owners_never_overwrite_each_other(table, pia, pat):
    revision = table.draft("MR-SAVE-4", title="Before")
    table.open(pia, revision)
    table.open(pat, revision)
    pat.evaluate(NAME, "Pat's title")
    says(pat, "Saved")
    pia.evaluate(NAME, "Pia's title")
    says(pia, "somebody else saved")
    assert "Pat Process saved this draft at" in pia.inner_text("#editor-notices")
    assert stored_title(table, revision) == "Pat's title"
    pia.click("button:text-is('Show what differs')")
    row = pia.inner_text(".editor-differences tbody tr")
    assert "Pat's title" in row
    assert "Pia's title" in row
    pia.click("button:text-is('Save mine as a new draft')")
    pia.fill("#editor-new-revision", "1.0-pia")
    pia.click("button:text-is('Begin the draft')")
    pia.wait_for_url("**/MR-SAVE-4*1.0-pia/edit")
    assert stored_title(table, "MR-SAVE-4@1.0-pia") == "Pia's title"
    assert stored_title(table, revision) == "Pat's title"


def test_who_takes_the_other_draft_goes_on_from_there_and_can_still_download_the_own_one(table, pia, pat):
    revision = table.draft("MR-SAVE-5", title="Before")
    table.open(pia, revision)
    table.open(pat, revision)
    pat.evaluate(NAME, "Pat's title")
    says(pat, "Saved")
    pia.evaluate(NAME, "Pia's title")
    says(pia, "somebody else saved")
    pia.click("button:text-is('Take theirs')")
    pia.wait_for_selector('#editor-title:text-is("Pat\'s title")')
    with pia.expect_download() as download:
        pia.click("button:text-is('Download mine')")
    assert "Pia&#39;s title" in download.value.path().read_text("utf-8")
    pia.evaluate(NAME, "Both agree")
    says(pia, "Saved")
    assert stored_title(table, revision) == "Both agree"


def test_a_draft_that_went_into_review_is_locked_and_says_so(table, pia, browser):
    revision = table.draft("MR-SAVE-6", title="Before")
    table.open(pia, revision)
    pia.route(
        "**/api/v1/drafts/*",
        lambda route: (
            route.fulfill(
                status=409,
                json={"type": "revision-locked", "title": "Locked", "status": 409, "detail": "MR-SAVE-6@1.0 is in review."},
            )
            if route.request.method == "PUT"
            else route.continue_()
        ),
    )
    pia.evaluate(NAME, "Too late")
    says(pia, "locked")
    assert "MR-SAVE-6@1.0 is in review." in pia.inner_text("#editor-notices")
    refused = "(() => { try { batchwrightEditor.model.setRecipe({title: 'x'}); } catch (e) { return e.message; } })()"
    assert pia.evaluate(refused) == "This revision is locked."


def test_quality_looks_at_a_draft_and_cannot_edit_it(table, browser):
    revision = table.draft("MR-SAVE-7", title="Before")
    page = table.page(browser, "quinn")
    table.open(page, revision)
    assert page.inner_text("#editor-saved") == "Read only"
    assert "Process owners edit it." in page.inner_text("#editor-notices")
    assert page.get_attribute("#editor-panel input >> nth=0", "readonly") is not None
    assert page.locator("button:text-is('Step')").count() == 0
    page.context.close()


def test_the_page_that_follows_shows_what_was_just_written(table, pia):
    revision = table.draft("MR-SAVE-8", title="Before")
    table.open(pia, revision)
    pia.evaluate(NAME, "Just now")
    pia.click("text=Submit for review")
    pia.wait_for_url("**/recipes/MR-SAVE-8*1.0")
    assert stored_title(table, revision) == "Just now"
    assert "Just now" in pia.inner_text("h1")
