"""Forms over the API: which there are, what a step takes from one, and a site's own revision begun and saved."""

from __future__ import annotations

import json

from tests.api.conftest import AsRole


def test_a_step_takes_its_parameters_from_a_form_as_the_diagram_writes_them(as_role: AsRole) -> None:
    taken = as_role("PROC").get("/forms/decision/parameters").get_json()
    assert taken["form"] == "decision@1"
    outcome, reason, reference = taken["parameters"]
    assert outcome["choices"][0] == {"value": "proceed", "label": "Proceed"}
    assert reason == {
        "id": "reason", "name": "Reason", "type": "text", "multiline": True, "minLength": 3, "maxLength": 4000
    }  # fmt: skip
    assert (reference["optional"], reference["example"]) == (True, "PD-2026-001")
    assert as_role("PROC").get("/forms/unheard/parameters").status_code == 404


def test_a_revision_of_a_form_is_begun_and_saved_as_a_draft(as_role: AsRole) -> None:
    author = as_role("PROC")
    assert author.post("/forms", {"name": "reason"}).get_json()["revision"] == "reason@2"
    draft = author.get("/drafts/reason@2").get_json()
    form = json.loads(draft["xml"]) | {"title": "Why"}
    assert author.post("/drafts/reason@2", {"xml": json.dumps(form), "version": 1}, method="PUT").status_code == 200
    listed = {form["name"]: form for form in as_role("MFG_OP").get("/forms").get_json()["forms"]}
    assert [r["state"] for r in listed["reason"]["revisions"]] == ["PACKAGED", "DRAFT"]
    assert listed["reason"]["current"] == "reason@1"
    assert author.get("/forms/reason/parameters?revision=2").get_json()["title"] == "Why"
    assert as_role("MFG_OP").post("/forms", {"name": "x"}).status_code == 403
