"""The import page for diagrams of other modelers: what a process owner sees, agrees to, and makes a draft of."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from bpmn.diagram import Diagram
from engine.queries.drafts import draft_view
from tests.services import ROOT
from tests.small_recipes import sequence
from tests.web.conftest import hire, sign_in
from tests.web.serving import served_demo, sign_in_as
from tests.web.test_accessibility import WIDTHS, sideways, violations

DATA = ROOT / "tests" / "data" / "interchange"


@pytest.fixture
def owner(app, small_site):
    """Pia, a process owner, at her desk."""
    hire(small_site, "pia", "Pia Process", ("PROC",))
    client = app.test_client()
    sign_in(client, "pia")
    return client


def read(client, data: bytes, name: str = "drawn.bpmn"):
    """Choose a file and open it."""
    sent = {"do": "read", "diagram": (io.BytesIO(data), name)}
    return client.post("/import/bpmn", data=sent, content_type="multipart/form-data")


def fields(page) -> dict[str, list[str]]:
    """What the form would send: hidden fields, texts, ticked boxes."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page.text[page.text.index('name="file"') - 200 :]):
        given = {name: unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        if "name" in given and (given["type"] != "checkbox" or " checked" in tag):
            found.setdefault(given["name"], []).append(given.get("value", ""))
    return found


def test_a_diagram_of_another_modeler_becomes_a_draft_with_its_repairs_on_record(owner, small_site):
    page = read(owner, (DATA / "two_pools.bpmn").read_bytes())
    assert "becomes a step of the recipe" in page.text
    sent = fields(page) | {"id": ["MR-PLANT"], "revision": ["1"]}
    assert "pool:Clinic" not in sent["repair"]
    answer = owner.post("/import/bpmn", data=sent | {"do": "draft", "repair": sent["offered"]})
    assert answer.headers["Location"] == "/recipes/MR-PLANT@1/edit"
    draft = draft_view(small_site, "MR-PLANT@1")
    assert list(Diagram.parse(draft["xml"].encode()).steps) == ["make", "test"]
    assert any("another pool" in repair for repair in draft["origin"]["repairs"])


def test_a_repair_that_is_not_agreed_to_is_not_made(owner):
    sent = fields(read(owner, (DATA / "plain_tasks.bpmn").read_bytes()))
    sent["repair"].remove("user_task:S01")
    again = owner.post("/import/bpmn", data=sent | {"do": "again"})
    assert "task is not run" in again.text
    assert "user_task:S01" not in fields(again)["repair"]


def test_what_another_program_dropped_is_named_and_put_back(owner, small_site):
    xml = sequence(2)
    owner.post("/import/bpmn", data=fields(read(owner, xml)) | {"do": "draft"})
    dropped = re.sub(rb'<mes:parameter id="weight".*?/>', b"", xml, count=1)
    page = read(owner, dropped)
    assert "Lost since revision 1.0" in page.text
    owner.post("/import/bpmn", data=fields(page) | {"do": "draft"})
    steps = Diagram.parse(draft_view(small_site, "MR-ROW-001@2.0")["xml"].encode()).steps
    assert set(steps["S001"].parameters) == set(Diagram.parse(xml).steps["S001"].parameters)


def test_a_step_that_came_back_empty_is_put_back_whole_and_needs_no_repair(owner, small_site):
    xml = sequence(2)
    owner.post("/import/bpmn", data=fields(read(owner, xml)) | {"do": "draft"})
    page = read(owner, re.sub(rb"(?s)<mes:step.*?</mes:step>", b"", xml, count=1))
    assert "S001 lost the step&#39;s data: Weigh S001 (2 parameters)" in page.text
    assert "becomes a step of the recipe" not in page.text
    owner.post("/import/bpmn", data=fields(page) | {"do": "draft"})
    steps = Diagram.parse(draft_view(small_site, "MR-ROW-001@2.0")["xml"].encode()).steps
    assert steps == Diagram.parse(xml).steps


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 a zip", b"<!DOCTYPE a><a/>", b"<a/>"])
def test_a_file_that_is_no_diagram_is_refused_with_what_to_do(owner, data):
    page = read(owner, data)
    assert page.status_code == 422
    assert 'href="#f-diagram"' in page.text


def test_a_mangled_form_is_refused_and_an_operator_has_no_page(owner, app):
    assert owner.post("/import/bpmn", data={"do": "again", "file": "eJwD"}).status_code == 422
    operator = app.test_client()
    sign_in(operator, "anna")
    assert operator.get("/import/bpmn").status_code == 403


def test_the_page_is_for_everybody_wide_and_narrow(browser, tmp_path):
    found = []
    with served_demo(tmp_path / "site") as (address, _):
        for width in WIDTHS:
            page = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce").new_page()
            sign_in_as(page, address, "pia")
            page.goto(f"{address}/import/bpmn")
            found += violations(page) + sideways(page)
            page.set_input_files("#f-diagram", DATA / "times_and_ways.bpmn")
            page.click("main .button.main")
            page.wait_for_selector(".diagram[data-ready=true]")
            found += violations(page) + sideways(page)
            page.context.close()
    assert found == []
