"""Quality compares a draft with the revision it comes from: every change in a list, and on both diagrams."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from bpmn.diff import diff
from engine.actions import drafts
from engine.actor import Actor
from engine.site import Site
from engine.transaction import perform
from tests.small_recipes import sequence
from tests.web.conftest import hire, sign_in
from tests.web.serving import served
from web.cli import main

PIA = Actor("pia", "Pia Process", frozenset({"PROC"}))
FIRST, SECOND = "MR-ROW-001@1.0", "MR-ROW-001@1.1"
CHANGED: tuple[tuple[str, str], ...] = (
    ('norHigh="90"', 'norHigh="95"'),
    ('code="P" roles="MFG_OP"', 'code="P" roles="MFG_OP MFG_SUP"'),
    ("Weigh and write down.", "Weigh twice and write down."),
)


def edited(xml: str) -> str:
    """What a process owner changes in the first step."""
    for old, new in CHANGED:
        assert old in xml
        xml = xml.replace(old, new, 1)
    return xml


@pytest.fixture
def recipe_site(small_site: Site) -> Site:
    hire(small_site, "pia", "Pia Process", ("PROC",))
    stream = "recipe:MR-ROW-001"
    begin = partial(perform, small_site, drafts.start_draft, actor=PIA, stream=stream, recipe_id="MR-ROW-001")
    begin(revision="1.0", xml=sequence(3).decode())
    draft = begin(revision="1.1", based_on=FIRST)
    with small_site.read() as reader:
        xml = reader.get(drafts.RecipeDraft, revision_id=SECOND)["xml"]
    perform(
        small_site, drafts.save_draft, actor=PIA, stream=stream, revision_id=SECOND, xml=edited(xml), version=draft["version"],
    )  # fmt: skip
    return small_site


@pytest.fixture
def pia(recipe_site: Site, client: FlaskClient) -> FlaskClient:
    sign_in(client, "pia")
    return client


def page_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", answer.text)


def test_the_list_says_old_and_new_and_what_it_means_without_scripts(pia: FlaskClient) -> None:
    text = page_of(pia, f"/recipes/{SECOND}/compare/{FIRST}")
    assert "4 changes, 2 of them weaker control." in text
    assert "Weight: upper normal limit" in text
    assert '<del><span class="visually-hidden">was </span>90</del>' in text
    assert '<ins><span class="visually-hidden">is </span>95</ins>' in text
    for meaning in ("Limit loosened", "Why unchanged", "Verification weakened", "Changed: instruction", "Revision number"):
        assert meaning in text


def test_only_what_is_weaker(pia: FlaskClient) -> None:
    text = page_of(pia, f"/recipes/{SECOND}/compare/{FIRST}?only=weaker")
    assert "Limit loosened" in text
    assert "Changed: instruction" not in text
    assert "Weaker control (2)" in text
    assert "No change of this kind" in page_of(pia, f"/recipes/{SECOND}/compare/{FIRST}?only=critical")


def test_a_revision_is_compared_with_the_one_it_was_begun_from(pia: FlaskClient) -> None:
    answer = pia.get(f"/recipes/{SECOND}/compare")
    assert answer.location == f"/recipes/{SECOND}/compare/{FIRST}"


def test_a_revision_compared_with_itself_says_so(pia: FlaskClient) -> None:
    assert "Both say the same" in page_of(pia, f"/recipes/{FIRST}/compare/{FIRST}")


def test_nobody_is_shown_a_revision_that_is_not_there(pia: FlaskClient) -> None:
    page_of(pia, f"/recipes/{SECOND}/compare/MR-ROW-001@7.7", 404)


def test_programs_get_the_same_entries(pia: FlaskClient) -> None:
    answer = pia.get(f"/api/v1/recipes/{FIRST}/diff/{SECOND}")
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    limit = next(entry for entry in found["entries"] if entry["property"] == "norHigh")
    assert (limit["step"], limit["parameter"], limit["old"], limit["new"]) == ("S001", "weight", "90", "95")
    assert limit["meanings"] == ["limit_loosened", "why_unchanged"]
    assert found["summary"]["weaker"] == 2


def test_the_command_line_compares_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.bpmn", tmp_path / "new.bpmn"
    old.write_bytes(sequence(3))
    new.write_text(edited(sequence(3).decode()))
    with pytest.raises(SystemExit) as ended:
        main(["diff", str(old), str(new)])
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert "~ S001 Weigh S001, Weight: upper normal limit from 90 to 95 (limit loosened, why unchanged)" in told
    with pytest.raises(SystemExit):
        main(["diff", "--json", str(old), str(new)])
    assert json.loads(capsys.readouterr().out) == diff(old.read_bytes(), new.read_bytes()).to_json()


@pytest.fixture
def shown(recipe_site: Site, app, browser: Browser) -> Iterator[Callable[[int], Page]]:
    """The comparison in a browser of that width."""
    contexts = []
    with served(app) as address:

        def show(width: int) -> Page:
            contexts.append(browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce"))
            page = contexts[-1].new_page()
            page.goto(f"{address}/sign-in")
            page.fill("#f-login", "pia")
            page.fill("#f-password", "Quiet-Copper-88")
            page.click("main .button.main")
            page.goto(f"{address}/recipes/{SECOND}/compare/{FIRST}")
            page.wait_for_selector(".comparison[data-ready=true]")
            return page

        yield show
        for context in contexts:
            context.close()


def test_keys_go_from_change_to_change_and_both_diagrams_follow(shown: Callable[[int], Page]) -> None:
    page = shown(1280)
    assert page.locator(".drawing[data-ready=true] .djs-element.diff-changed[data-element-id=S001]").count() == 2
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("#position").inner_text() == "Change 2 of 4"
    assert page.locator(".diff-here[data-element-id=S001]").count() == 2
    page.uncheck("#keys")
    page.keyboard.press("j")
    assert page.locator("#position").inner_text() == "Change 2 of 4"
    views = "[...document.querySelectorAll('.drawing .viewport')].map((view) => view.getAttribute('transform'))"
    before = page.evaluate(views)
    page.click(".drawing[data-side=old] button[title='Zoom in']")
    after = page.evaluate(views)
    assert before[0] != after[0]
    assert before[1] != after[1]
