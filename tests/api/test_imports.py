"""What an author pastes: limit phrases are read over the API, each for itself."""

from __future__ import annotations

import base64

import pytest

from bpmn.importers.sources.examples import example
from tests.api.conftest import AsRole


def test_an_author_has_pasted_phrases_read_each_for_itself(as_role: AsRole) -> None:
    texts = ["25.0 ± 0.5 g", "< 0.25", "as usual 12 ways", "Performed by", "not detected"]
    answer = as_role("PROC").post("/recipes/phrases", {"texts": texts, "unit": "EU/mL"})
    weight, assay, prose, signature, text = answer.get_json()["phrases"]
    assert (weight["uom"], weight["target"], weight["par_low"], weight["par_high"]) == ("g", "25.0", "24.5", "25.5")
    assert (assay["uom"], assay["par_high"], assay["exclusive"], assay["qualifier"]) == ("EU/mL", "0.25", ["par_high"], True)
    assert prose["text"] == texts[2]
    assert prose["problem"]
    assert signature["type"] == ""
    assert text["choices"] == ["not detected", "detected"]


def test_too_many_phrases_are_refused(as_role: AsRole) -> None:
    assert as_role("PROC").post("/recipes/phrases", {"texts": ["1"] * 1001}).status_code == 422


@pytest.mark.parametrize("kind", ["csv", "xlsx", "docx"])
def test_tables_are_proposed_and_nothing_is_recorded(as_role: AsRole, kind: str) -> None:
    owner = as_role("PROC")
    files = [{"name": f"wash.{kind}", "content": base64.b64encode(example(kind)).decode()}]
    found = owner.post("/recipes/imports", {"files": files}).get_json()
    assert owner.post("/recipes/checks", {"xml": found["xml"]}).get_json()["ok"]
    assert found["tables"][0]["columns"][:5] == ["step_id", "title", "instruction", "name", "limit"]
    assert (found["left_out"], found["problems"], found["findings"]) == ([], [], [])
    assert owner.get("/recipes").get_json()["items"] == []


def test_a_client_says_what_the_columns_are(as_role: AsRole) -> None:
    mapping = {"role": "steps", "heading_row": -1, "columns": ["limit", "title"]}
    found = as_role("PROC").post("/recipes/imports", {"pasted": "5 to 6 g\tWeigh\n< 2 h\tWait", "mappings": [mapping]}).get_json()
    assert found["xml"].count("<bpmn:userTask") == 2
    assert as_role("PROC").post("/recipes/imports", {"pasted": "a\tb", "mappings": []}).status_code == 422


def test_files_that_can_not_be_read_are_named(as_role: AsRole) -> None:
    files = [{"name": "a.pdf", "content": ""}, {"name": "b.xlsx", "content": "!"}]
    refused = as_role("PROC").post("/recipes/imports", {"files": files})
    assert refused.status_code == 422
    assert [one["file"] for one in refused.get_json()["files"]] == ["a.pdf", "b.xlsx"]
    assert as_role("MFG_OP").post("/recipes/imports", {"files": []}).status_code == 403
