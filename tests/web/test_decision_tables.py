"""The page of a decision table: Pia writes it in a draft, everybody reads it, and nothing typed is lost."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from bpmn.checks import check_diagram
from bpmn.decision_tables import write_file
from engine.actions.drafts import save_draft, start_draft
from engine.actor import Actor
from engine.queries.decision_tables import decision_table
from engine.queries.drafts import draft_view
from engine.site import Site
from engine.transaction import perform
from tests import drawings as d
from tests.web.conftest import hire, sign_in
from tests.web.serving import served
from tests.web.test_accessibility import sideways, violations

PIA = Actor("pia", "Pia Owner", frozenset({"PROC"}))
REVISION, PATH = "MR-WAY-001@1.0", "/recipes/MR-WAY-001@1.0/decisions/D1"
ASKS = (
    '<bpmn:userTask id="S1"><bpmn:extensionElements><mes:step title="Count"><mes:signature code="P" roles="MFG_OP"'
    ' meanings="performed_by"/><mes:parameter id="n" name="Count" type="num" uom="1"/><mes:parameter id="origin"'
    ' name="Origin" type="choice"><mes:choice value="fresh"/><mes:choice value="frozen"/></mes:parameter></mes:step>'
    "</bpmn:extensionElements></bpmn:userTask>"
)
TABLE = d.rules({"S1.n": "num", "S1.origin": "text"}, {"way": "text"}, '< 5 | - | "short"', '>= 5 | "fresh" | "long"')


def drawn() -> str:
    flows = 'begin > S1 > D1 > x1; x1 > S2 if D1.way == "long"; x1 > S3 else; S2 > end; S3 > end2'
    return d.process(flows, S1=ASKS, D1=d.table("D1", TABLE)).decode()


@pytest.fixture
def site(small_site: Site) -> Site:
    hire(small_site, "pia", "Pia Owner", ("PROC",))
    perform(small_site, start_draft, actor=PIA, stream="recipe:MR-WAY-001", recipe_id="MR-WAY-001", revision="1.0", xml=drawn())
    return small_site


def page_of(client: FlaskClient, login: str = "pia") -> Any:
    sign_in(client, login)
    return client.get(PATH)


def fields(text: str) -> dict[str, str]:
    """What the form of the page would send."""
    form = text[text.index('id="decision-form"') :]
    found = {
        n: unescape(v) for n, v in re.findall(r'<input type="(?:hidden|text)"[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form)
    }
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(r'value="([^"]*)"', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def send(client: FlaskClient, page: Any, do: str, **changes: Any) -> Any:
    return client.post(PATH, data={**fields(page.text), "do": do, **{n.replace("__", ":"): v for n, v in changes.items()}})


def test_what_is_wrong_stands_beside_its_rule_with_an_example(site: Site, client: FlaskClient) -> None:
    page = page_of(client)
    assert "No rule matches S1.n = 5, S1.origin = &#34;frozen&#34;" in page.text
    again = send(client, page, "check", **{"r2.in1": ">= 3"})
    row = again.text[again.text.index('class="bad told"') :]
    assert "Rule 1 matches too, for example for S1.n = 3, S1.origin = &#34;fresh&#34;" in row


def test_a_table_is_written_row_by_row_and_saved_into_the_draft(site: Site, client: FlaskClient) -> None:
    page = send(client, page_of(client), "rule.add")
    page = send(client, page, "check", **{"r3.in1": ">= 5", "r3.in2": '"frozen"', "r3.out1": '"short"'})
    assert "No problems found" in page.text
    assert "Not saved yet" in page.text
    assert draft_view(site, REVISION)["version"] == 1
    assert send(client, page, "save").status_code == 302
    draft = draft_view(site, REVISION)
    assert draft["version"] == 2
    assert [f.message for f in check_diagram(draft["xml"].encode()).findings if f.rule == "decision_table"] == []
    table = decision_table(site, REVISION, "D1").table
    assert table is not None
    assert table.rules[2].outputs == ('"short"',)


@pytest.mark.parametrize(
    ("do", "shape"),
    [("rule.add.1", (2, 1, 3)), ("rule.remove.1", (2, 1, 1)), ("inputs.add", (3, 1, 2)), ("inputs.remove.1", (1, 1, 2)),
     ("outputs.add", (2, 2, 2)), ("rule.up.2", (2, 1, 2)), ("rule.nonsense", (2, 1, 2)), ("x.remove.99999", (2, 1, 2))],
)  # fmt: skip
def test_rules_and_columns_come_and_go_by_buttons(site: Site, client: FlaskClient, do: str, shape: tuple[int, ...]) -> None:
    sent = fields(send(client, page_of(client), do).text)
    assert tuple(int(sent[name]) for name in ("inputs", "outputs", "rules")) == shape


def test_who_saves_second_is_told_and_keeps_what_they_typed(site: Site, client: FlaskClient) -> None:
    page = page_of(client)
    xml = draft_view(site, REVISION)["xml"].replace('title="Count"', 'title="Count bags"')
    perform(site, save_draft, actor=PIA, stream="recipe:MR-WAY-001", revision_id=REVISION, xml=xml, version=1)
    refused = send(client, page, "save", **{"r1.out1": '"brief"'})
    assert refused.status_code == 409
    assert "Pia Owner saved version 2" in refused.text
    assert fields(refused.text)["r1.out1"] == '"brief"'
    assert send(client, refused, "save").status_code == 302
    draft = draft_view(site, REVISION)["xml"]
    assert '"brief"' in draft
    assert 'title="Count bags"' in draft


def test_trying_it_shows_the_outcome_and_the_rules_that_said_so(site: Site, client: FlaskClient) -> None:
    page = page_of(client)
    said = send(client, page, "try", **{"try:S1.n": "7.5", "try:S1.origin": "fresh"})
    assert "Rule 2 said so" in said.text
    assert 'class="fired' in said.text
    assert "No answer: no rule matches" in send(client, page, "try", **{"try:S1.n": "7", "try:S1.origin": "frozen"}).text
    assert "is not a number" in send(client, page, "try", **{"try:S1.n": "seven"}).text


def test_a_file_takes_the_place_of_the_table_or_says_why_not(site: Site, client: FlaskClient) -> None:
    page = page_of(client)
    other = write_file(d.rules({"S1.n": "num"}, {"way": "text"}, '- | "long"'), "T")
    read = send(client, page, "import", file=(io.BytesIO(other), "table.dmn"))
    assert (read.status_code, fields(read.text)["rules"]) == (200, "1")
    bad = send(client, page, "import", file=(io.BytesIO(other.replace(b"UNIQUE", b"ANY")), "table.dmn"))
    assert bad.status_code == 422
    assert "the hit policy ANY is not run" in bad.text
    assert fields(bad.text)["rules"] == "2"
    exported = client.get(f"{PATH}/table.dmn").data
    assert b"https://www.omg.org/spec/DMN/20230324/MODEL/" in exported


def test_others_read_it_and_try_it_and_can_t_write_it(site: Site, client: FlaskClient) -> None:
    page = page_of(client, "anna")
    assert "Save the table" not in page.text
    assert "&gt;= 5" in page.text
    assert "Rule 1 said so" in send(client, page, "try", **{"try:S1.n": "1", "try:S1.origin": "fresh"}).text
    assert send(client, page, "save").status_code == 403
    assert client.get("/recipes/MR-WAY-001@1.0/decisions/S1").status_code == 404


def test_the_page_in_a_browser(site: Site, app: Any, browser: Any, tmp_path: Any) -> None:
    """Pia works by keyboard: what she types is judged when she leaves the cell, and the next cell keeps the focus."""
    from tests.web.conftest import OWN

    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page, found = context.new_page(), []
    with served(app) as address:
        page.goto(f"{address}/sign-in")
        page.fill("#f-login", "pia")
        page.fill("#f-password", OWN)
        page.click("button.main")
        page.goto(address + PATH)
        page.focus("#f-r2-in1")
        page.keyboard.press("Control+A")
        page.keyboard.type(">= 3")
        page.keyboard.press("Tab")
        page.wait_for_selector("text=Rule 1 matches too")
        assert page.evaluate("document.activeElement.id") == "f-r2-in2"
        for width in (1280, 1024, 320):
            page.set_viewport_size({"width": width, "height": 800})
            found += violations(page) + sideways(page)
    context.close()
    assert found == []
