"""The pages of forms: Pia writes a revision, its preview is what an operator would see, and nothing typed is lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from bpmn import vocabulary as v
from engine.queries.forms import form_view
from engine.site import Site
from tests.stories.workshop import recipe, step
from tests.web.conftest import OWN, hire, sign_in
from tests.web.editor.desk import desk
from tests.web.serving import served
from tests.web.test_accessibility import sideways, violations

DRAFT = "/forms/reason@2"


@pytest.fixture
def site(small_site: Site) -> Site:
    hire(small_site, "pia", "Pia Owner", ("PROC",))
    return small_site


@pytest.fixture
def pia(site: Site, client: FlaskClient) -> FlaskClient:
    sign_in(client, "pia")
    assert client.post("/forms", data={"name": "reason"}).location == DRAFT
    return client


def fields(text: str) -> dict[str, str]:
    """What the form of the page would send."""
    form = text[text.index('name="version"') - 40 : text.index('aria-label="Preview"')]
    found = {
        n: unescape(v) for n, v in re.findall(r'<input type="(?:hidden|text)"[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form)
    }
    found |= dict.fromkeys(re.findall(r'<input type="checkbox" name="([^"]+)" value="yes" checked', form), "yes")
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    found |= {n: unescape(text) for n, text in areas}
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def send(client: FlaskClient, page: Any, do: str, **changes: str) -> Any:
    return client.post(DRAFT, data={**fields(page.text), "do": do, **changes})


def test_the_forms_of_the_product_are_revision_1_and_read_by_everybody(site: Site, client: FlaskClient) -> None:
    sign_in(client, "anna")
    listed = client.get("/forms").text
    assert all(f"{name}@1" in listed for name in ("decision", "reason", "triage"))
    page = client.get("/forms/triage", follow_redirects=True).text
    assert "Deviation number (optional)" in page
    assert "Save the form" not in page
    assert client.post("/forms", data={"name": "reason"}).status_code == 403
    assert client.get("/forms/unheard").status_code == client.get("/forms/unheard@1").status_code == 404


def test_a_revision_begins_as_a_copy_and_is_saved_with_a_new_field(pia: FlaskClient, site: Site) -> None:
    page = send(pia, pia.get(DRAFT), "add.1")
    new = {"f2.label": "Impact", "f2.name": "impact", "f2.type": "choice", "f2.choices": "none = No impact\nsome"}
    page = send(pia, page, "check", **new)
    assert "No problems found" in page.text
    assert "No impact" in page.text[page.text.index('aria-label="Preview"') :]
    assert send(pia, page, "save").status_code == 302
    definition = form_view(site, "reason@2")["definition"]
    assert [(f.name, f.type) for f in definition.fields] == [("reason", "text"), ("impact", "choice")]
    assert [(c.value, c.label) for c in definition.fields[1].choices] == [("none", "No impact"), ("some", "")]


def test_every_problem_stands_at_its_field_and_an_unfinished_form_is_kept(pia: FlaskClient) -> None:
    page = send(
        pia, send(pia, pia.get(DRAFT), "add"), "check", **{"f1.min_length": "many", "f2.name": "1st", "f2.label": "First"}
    )
    first, second = page.text[page.text.index('id="field-1"') :].split('id="field-2"')
    assert "Min length has the wrong type" in first
    assert "Name must begin with a letter" in second
    assert send(pia, page, "save").status_code == 302
    kept = fields(pia.get(DRAFT).text)
    assert (kept["f1.min_length"], kept["f2.name"]) == ("many", "1st")


@pytest.mark.parametrize(
    ("do", "names"), [("up.2", ["b", "reason"]), ("down.1", ["b", "reason"]), ("remove.1", ["b"]), ("up.9", ["reason", "b"])]
)
def test_fields_move_and_go(pia: FlaskClient, do: str, names: list[str]) -> None:
    page = send(pia, send(pia, pia.get(DRAFT), "add"), "check", **{"f2.name": "b", "f2.label": "B"})
    sent = fields(send(pia, page, do).text)
    assert [sent[f"f{n}.name"] for n in range(1, int(sent["fields"]) + 1)] == names


def test_who_saves_second_is_told_and_keeps_what_they_typed(pia: FlaskClient) -> None:
    page = pia.get(DRAFT)
    send(pia, page, "save", title="First")
    refused = send(pia, page, "save", title="Second")
    assert refused.status_code == 409
    assert "Pia Owner saved version 2" in refused.text
    assert fields(refused.text)["title"] == "Second"
    assert send(pia, refused, "save").status_code == 302


def test_a_name_that_can_t_be_one_is_refused_at_its_field(pia: FlaskClient) -> None:
    refused = pia.post("/forms", data={"name": "No blanks"})
    assert refused.status_code == 422
    assert "lower-case letters" in refused.text
    assert pia.post("/forms", data={"name": "handover", "title": "Handover"}).location == "/forms/handover@1"


def test_the_page_in_a_browser(site: Site, pia: FlaskClient, app: Any, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page, found = context.new_page(), []
    with served(app) as address:
        page.goto(f"{address}/sign-in")
        page.fill("#f-login", "pia")
        page.fill("#f-password", OWN)
        page.click("button.main")
        page.goto(address + DRAFT)
        page.fill("#f-f1-label", "Why it is done")
        page.keyboard.press("Tab")
        page.wait_for_selector(".preview >> text=Why it is done")
        assert page.evaluate("document.activeElement.id") == "f-f1-name"
        for path in (DRAFT, "/forms", "/forms/triage@1"):
            page.goto(address + path)
            for width in (1280, 1024, 320):
                page.set_viewport_size({"width": width, "height": 800})
                found += violations(page) + sideways(page)
    context.close()
    assert found == []


TAKEN = """() => {
  const { model } = batchwrightEditor;
  const step = model.step(model.get("S1"));
  return { form: step.get("form") ?? "", asked: step.get("parameters").map((p) => [p.id, p.type, p.optional, p.norLow ?? ""]) };
}"""


def test_a_step_takes_a_form_in_the_editor_and_one_undo_takes_it_back(browser: Any, tmp_path: Any) -> None:
    own = v.Parameter("reason", "Why so", "text", nor_low="clear", nor_high="clear")
    with desk(tmp_path) as found:
        page = found.page(browser)
        found.open(page, found.draft("MR-FORM-001", recipe("begin > S1 > end", S1=step("S1", own))))
        before = page.evaluate(TAKEN)
        page.evaluate("batchwrightEditor.model.select([batchwrightEditor.model.get('S1')])")
        page.evaluate("document.querySelectorAll('#editor-panel details').forEach((part) => { part.open = true; })")
        page.locator("#editor-panel .field", has=page.locator("label:text-is('Form')")).locator("input").fill("decision")
        page.keyboard.press("Tab")
        page.click("button:text-is(\"Take the form's fields\")")
        page.wait_for_selector("#editor-panel summary:has-text('What is to happen')")
        taken = page.evaluate(TAKEN)
        page.click("[data-do=undo]")
        again = page.evaluate(TAKEN)
        page.context.close()
    assert [row[0] for row in taken["asked"]] == ["reason", "outcome", "reference"]
    assert taken["asked"][0] == ["reason", "text", False, "clear"]
    assert taken["asked"][2][2] is True
    assert again["asked"] == before["asked"]
