"""Changes of one batch and planned departures over the API: asked for, signed, applied, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.site import Site
from tests.api.conftest import AsRole
from tests.batches import put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence

CHANGES, DEPARTURES = "/batches/B-1/ad-hoc-changes", "/batches/B-1/departures"
REPEAT = {"kind": "repeat_step", "step_id": "S001", "new_id": ""}
ABOUT = {"category": "quality", "reason": "The sample was lost.", "risk": "low", "password": PASSWORD}
WORD = {"outcome": "approve", "reason": "Agreed, it is needed.", "password": PASSWORD}
PLAN = {
    "departure_id": "PD-1", "step_id": "S001", "parameter_id": "weight", "low": "100", "high": "120", "uses": 1,
    "reason": "One large dose.", "risk": "None known.", "mitigation": "Weighed twice.", "roles": ["QA_FLR", "MED"],
}  # fmt: skip


@pytest.fixture
def batch(site: Site, staff: Staff, as_role: AsRole) -> AsRole:
    """A batch of two steps just issued."""
    start(site, staff, put_into_effect(site, staff, sequence(2)), "B-1")
    return as_role


@pytest.mark.requirement("P4-06")
def test_a_step_is_repeated_with_one_request_and_one_signature(batch: AsRole) -> None:
    asked = batch("MFG_SUP").post(CHANGES, {**ABOUT, "edit": REPEAT})
    assert (asked.status_code, asked.get_json()["step"]) == (201, "S001_R1")
    one = f"{CHANGES}/{asked.get_json()['ad_hoc']}"
    seen = batch("QA_FLR").get(one).get_json()
    assert (seen["change"]["mine"], seen["change"]["open_roles"], seen["refused"]) == ("QA_FLR", ["QA_FLR"], [])
    assert [entry["kind"] for entry in seen["entries"]] == ["added"]
    assert batch("QA_FLR").post(f"{one}/signatures", WORD).get_json()["state"] == "APPLIED"
    listed = batch("MFG_OP").get(CHANGES).get_json()
    assert listed["items"][0]["state"] == "APPLIED"
    assert [entry["step"] for entry in listed["differences"]] == ["S001_R1"]
    review = batch("QA_FLR").get("/batches/B-1/review").get_json()
    assert [(e["step_id"], e["number"]) for e in review["exceptions"]] == [("S001_R1", 23)]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"kind": "repeat_step", "step_id": "S009", "new_id": ""}, "no step"),
        ({"kind": "dance"}, "kind of an edit"),
        ({"kind": ["skip_step"]}, "kind of an edit"),
        ({"kind": "skip_step", "step_id": "S002", "why": "?"}, "has no why"),
        ({"kind": "insert_step", "after": "S001", "step": {"id": "a b", "title": "X"}}, "no id of a step"),
        ({"kind": "insert_step", "after": "S001", "step": {"id": "", "title": "X\x00"}}, "no plain text"),
    ],
)
def test_what_is_no_edit_of_this_batch_is_refused_in_words(batch: AsRole, edit: dict[str, Any], words: str) -> None:
    refused = batch("MFG_SUP").post(CHANGES, {**ABOUT, "edit": edit})
    assert refused.status_code == 409
    assert words in refused.get_json()["detail"]


def test_who_may_not_ask_or_sign_is_refused(batch: AsRole) -> None:
    assert batch("MFG_OP").post(CHANGES, {**ABOUT, "edit": REPEAT}).status_code == 403
    one = f"{CHANGES}/{batch('QA_FLR').post(CHANGES, {**ABOUT, 'edit': REPEAT}).get_json()['ad_hoc']}"
    assert batch("QA_FLR").post(f"{one}/signatures", WORD).get_json()["type"].endswith("same-person")
    assert batch("MED").post(f"{one}/signatures", WORD).get_json()["type"].endswith("not-permitted")
    assert batch("PROC").post(f"{one}/proposal", {"change_id": "CC-1", "revision": "1.1"}).status_code == 409


@pytest.mark.requirement("G-12")
def test_a_departure_is_planned_approved_and_used(batch: AsRole) -> None:
    assert batch("PROC").post(DEPARTURES, PLAN).status_code == 201
    for role in ("QA_FLR", "MED"):
        answer = batch(role).post(f"{DEPARTURES}/PD-1/signatures", WORD)
    assert answer.get_json()["state"] == "APPROVED"
    operator = batch("MFG_OP")
    operator.post("/batches/B-1/tasks/S001/start", {})
    recorded = operator.post("/batches/B-1/tasks/S001/values", {"entries": {"weight": "110"}}).get_json()
    assert [e["number"] for e in recorded["exceptions"]] == [4, 24]
    assert recorded["task"]["blocked"] == 0
    [row] = operator.get(DEPARTURES).get_json()["items"]
    assert (row["state"], row["accepts"], [u["value"] for u in row["used"]]) == ("USED", "100 to 120 g", ["110 g"])


def test_a_departure_that_makes_no_sense_says_so_at_its_fields(batch: AsRole) -> None:
    refused = batch("PROC").post(DEPARTURES, PLAN | {"step_id": "S009", "roles": ["PROC"]})
    assert refused.status_code == 422
    assert {p["field"] for p in refused.get_json()["problems"]} == {"step_id", "roles"}
