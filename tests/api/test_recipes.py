"""Recipes over the API: checked, loaded, signed by three different people, put into effect; a faulty one is refused."""

from __future__ import annotations

import pytest

from tests.api.conftest import AsRole
from tests.batches import ENTRIES, SIGNERS
from tests.people import PASSWORD
from tests.small_recipes import sequence

XML = sequence(2).decode()
REVISION = "MR-ROW-001@1.0"


def test_a_diagram_is_checked_and_nothing_is_loaded(as_role: AsRole) -> None:
    author = as_role("PROC")
    broken = XML.replace('targetRef="end"', 'targetRef="nowhere"')
    report = author.post("/recipes/checks", {"xml": broken}).get_json()
    assert not report["ok"]
    assert all(finding["line"] and finding["what_to_do"] for finding in report["findings"])
    unit = author.post("/recipes/checks", {"xml": XML.replace('uom="g"', 'uom="gramm"')}).get_json()["findings"][0]
    assert [unit[name] for name in ("element_id", "parameter", "property", "path")] == ["S001", "weight", "uom", []]
    assert author.get("/recipes").get_json()["items"] == []


def test_a_faulty_diagram_is_refused_with_every_finding(as_role: AsRole) -> None:
    refused = as_role("PROC").post("/recipes", {"xml": XML.replace('uom="g"', 'uom="furlong"')})
    problem = refused.get_json()
    assert (refused.status_code, problem["type"]) == (422, "urn:batchwright:problem:diagram-refused")
    assert {finding["rule"] for finding in problem["findings"]} == {"units"}


@pytest.mark.parametrize(
    "xml", ["<", "no xml", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "\ud800", "<a>" * 10_000, "\0"]
)
def test_what_is_no_diagram_is_refused(as_role: AsRole, xml: str) -> None:
    for path in ("/recipes", "/recipes/checks"):
        answer = as_role("PROC").post(path, {"xml": xml})
        assert answer.status_code == 422 or not answer.get_json()["ok"]


@pytest.mark.requirement("G-16", "C4-01")
def test_a_revision_goes_from_draft_to_effect_by_three_people_and_quality(as_role: AsRole) -> None:
    imported = as_role("PROC").post("/recipes", {"xml": XML}).get_json()
    for meaning, role in SIGNERS:
        body = {"meaning": meaning, "password": PASSWORD, "entries": ENTRIES[meaning]}
        assert as_role(role).post(f"/recipes/{REVISION}/signatures", body).status_code == 200
    effect = {"effective_at": "2199-01-01T00:00:00Z", "password": PASSWORD}
    assert as_role("QA_DISP").post(f"/recipes/{REVISION}/effectivity", effect).get_json()["state"] == "APPROVED"
    shown = as_role("MFG_OP").get(f"/recipes/{REVISION}").get_json()
    assert shown["revision"]["hash"] == imported["hash"]
    assert [one["meaning"] for one in shown["signatures"]] == [*(meaning for meaning, _ in SIGNERS), "approved_by_qa"]
    assert not shown["revision"]["in_effect"], "its instant has not come"


@pytest.mark.requirement("G-04")
def test_an_operator_loads_no_recipe_and_the_author_does_not_approve_it(as_role: AsRole) -> None:
    assert as_role("MFG_OP").post("/recipes", {"xml": XML}).status_code == 403
    author = as_role("PROC")
    author.post("/recipes", {"xml": XML})
    for meaning in ("authored_by", "approved_by_qa"):
        body = {"meaning": meaning, "password": PASSWORD, "entries": ENTRIES[meaning]}
        last = author.post(f"/recipes/{REVISION}/signatures", body)
    assert last.status_code in (403, 422)


def test_the_diagram_comes_back_as_it_was_stored(as_role: AsRole) -> None:
    as_role("PROC").post("/recipes", {"xml": XML})
    answer = as_role("QA_DISP").get(f"/recipes/{REVISION}/diagram")
    assert (answer.mimetype, answer.get_data(as_text=True)) == ("application/xml", XML)
