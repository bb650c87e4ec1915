"""Drafts over the API: begun empty, from a diagram or from a revision, saved often, and never over somebody else's save."""

from __future__ import annotations

import pytest

from bpmn.diagram import Diagram
from tests.api.conftest import AsRole
from tests.small_recipes import sequence

BEGIN = {"recipe_id": "MR-NEW-001", "revision": "1.0", "title": "Buffer", "product": "NVX-7"}
DRAFT = "/drafts/MR-NEW-001@1.0"


def test_an_empty_draft_is_the_smallest_diagram_with_its_header(as_role: AsRole) -> None:
    author = as_role("PROC")
    assert author.post("/drafts", BEGIN).status_code == 201
    draft = author.get(DRAFT).get_json()
    diagram = Diagram.parse(draft["xml"].encode())
    assert (draft["state"], draft["version"], draft["title"]) == ("DRAFT", 1, "Buffer")
    assert (diagram.recipe.id, diagram.recipe.revision, diagram.recipe.product) == ("MR-NEW-001", "1.0", "NVX-7")
    found = author.post("/recipes/checks", {"xml": draft["xml"]}).get_json()["findings"]
    assert [finding["message"] for finding in found] == ["the recipe has no step"]


def test_a_draft_is_saved_whether_or_not_it_is_fit_for_use(as_role: AsRole) -> None:
    author = as_role("PROC")
    author.post("/drafts", BEGIN)
    xml = author.get(DRAFT).get_json()["xml"]
    unfit = xml.replace('targetRef="end"', 'targetRef="nowhere"').replace('title="Buffer"', 'title="Wash buffer"')
    saved = author.post(DRAFT, {"xml": unfit, "version": 1}, method="PUT").get_json()
    draft = author.get(DRAFT).get_json()
    assert (saved["version"], draft["xml"], draft["title"]) == (2, unfit, "Wash buffer")
    assert author.post(DRAFT, {"xml": "<a", "version": 2}, method="PUT").status_code == 422


def test_of_two_editors_the_later_save_is_told_who_saved_and_when(as_role: AsRole) -> None:
    author = as_role("PROC")
    author.post("/drafts", BEGIN)
    xml = author.get(DRAFT).get_json()["xml"]
    first = author.post(DRAFT, {"xml": xml.replace("Buffer", "Saline"), "version": 1}, method="PUT").get_json()
    late = author.post(DRAFT, {"xml": xml.replace("Buffer", "Medium"), "version": 1}, method="PUT")
    told = late.get_json()
    assert (late.status_code, told["version"], told["saved_at"]) == (409, 2, first["saved_at"])
    assert told["saved_by"] in told["detail"]
    assert "Saline" in author.get(DRAFT).get_json()["xml"]


def test_a_draft_begins_with_a_copy_of_another_revision(as_role: AsRole) -> None:
    author = as_role("PROC")
    author.post("/recipes", {"xml": sequence(2).decode()})
    begun = author.post("/drafts", {"recipe_id": "MR-ROW-001", "revision": "1.1", "based_on": "MR-ROW-001@1.0"})
    draft = author.get("/drafts/MR-ROW-001@1.1").get_json()
    diagram = Diagram.parse(draft["xml"].encode())
    assert begun.status_code == 201
    assert (draft["based_on"], diagram.recipe.revision, len(diagram.steps)) == ("MR-ROW-001@1.0", "1.1", 2)


@pytest.mark.parametrize(("field", "value"), [("recipe_id", "a/b"), ("revision", ""), ("recipe_id", "é")])
def test_a_number_that_can_t_be_one_is_refused_at_its_field(as_role: AsRole, field: str, value: str) -> None:
    refused = as_role("PROC").post("/drafts", BEGIN | {field: value})
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.get_json()["problems"]] == [field]


def test_only_process_owners_write_and_numbers_are_used_once(as_role: AsRole) -> None:
    assert as_role("MFG_OP").post("/drafts", BEGIN).status_code == 403
    assert as_role("PROC").post("/drafts", BEGIN).status_code == 201
    assert as_role("PROC").post("/drafts", BEGIN).status_code == 409
