"""The record as the API shows it: live state, review, signatures with their validity, audit trail, seals."""

from __future__ import annotations

from typing import Any

import pytest

from engine.site import Site
from tests.api.conftest import AsRole, Client
from tests.batches import put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence

BATCH = "/batches/B-1"


@pytest.fixture
def quality(site: Site, staff: Staff, as_role: AsRole) -> Client:
    """Quality looks at a batch of two steps, whose first is signed with a weight outside NOR."""
    start(site, staff, put_into_effect(site, staff, sequence(2)), "B-1")
    operator = as_role("MFG_OP")
    operator.post(f"{BATCH}/tasks/S001/start", {})
    signing = {
        "meaning": "performed_by", "password": PASSWORD, "entries": {"weight": "65.0", "label": "L-1"},
        "comments": {"weight": "Small sample."},
    }  # fmt: skip
    operator.post(f"{BATCH}/tasks/S001/signatures", signing)
    exception = operator.get(f"{BATCH}/review").get_json()["exceptions"][0]["id"]
    operator.post(f"{BATCH}/comments", {"exception_id": exception, "text": "Small sample."})
    return as_role("QA_DISP")


def test_the_diagram_shows_what_is_done_and_what_is_open(quality: Client) -> None:
    state = quality.get(f"{BATCH}/state").get_json()
    assert {element: one["state"] for element, one in state.items()} == {"S001": "exception", "S002": "open"}


def test_the_live_state_is_sent_again_only_when_it_changed(quality: Client, as_role: AsRole) -> None:
    seen = quality.get(f"{BATCH}/state").headers["ETag"]
    assert quality.get(f"{BATCH}/state", headers={"If-None-Match": seen}).status_code == 304
    as_role("MFG_OP").post(f"{BATCH}/tasks/S002/start", {})
    assert quality.get(f"{BATCH}/state", headers={"If-None-Match": seen}).status_code == 200


def test_a_step_has_another_tag_as_soon_as_something_is_recorded(quality: Client, as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    operator.post(f"{BATCH}/tasks/S002/start", {})
    seen = operator.get(f"{BATCH}/tasks/S002").headers["ETag"]
    operator.post(f"{BATCH}/tasks/S002/values", {"entries": {"label": "L-2"}}, headers={"If-Match": seen})
    assert operator.get(f"{BATCH}/tasks/S002", headers={"If-None-Match": seen}).status_code == 200


def test_the_review_shows_the_exception_and_who_judged_every_value(quality: Client) -> None:
    review = quality.get(f"{BATCH}/review").get_json()
    assert [(one["number"], one["severity"]) for one in review["exceptions"]] == [(17, "minor")]
    judged = {value["parameter_id"]: value["judged_by"] for value in review["values"]}
    assert judged["weight"]
    assert judged["label"] == [], "a value without a limit is recorded, not judged"


@pytest.mark.requirement("P11-23", "P11-25", "D11-11")
def test_a_signature_shows_name_time_and_meaning_and_is_void_after_a_correction(quality: Client, as_role: AsRole) -> None:
    def on_step() -> dict[str, Any]:
        items = quality.get(f"{BATCH}/signatures").get_json()["items"]
        return next(one for one in items if one["subject"] == "task:S001")

    assert (on_step()["full_name"], on_step()["meaning_text"], on_step()["valid"]) == ("Operator One", "Performed by", True)
    assert on_step()["signed_at"]
    value = quality.get(f"{BATCH}/tasks/S001").get_json()["values"]["weight"]["id"]
    correction = {"value_id": value, "text": "75.0", "reason": "Digits were swapped."}
    assert as_role("MFG_OP").post(f"{BATCH}/corrections", correction).status_code == 200
    assert on_step()["valid"] is False


@pytest.mark.requirement("D11-04", "P11-08")
def test_the_audit_trail_is_searched_by_who_what_and_when(quality: Client) -> None:
    everything = quality.get(f"{BATCH}/audit-trail?limit=200").get_json()["items"]
    by_operator = quality.get(f"{BATCH}/audit-trail?who=mfg.op").get_json()["items"]
    assert {one["actor_name"] for one in by_operator} == {"Operator One"}
    assert 0 < len(by_operator) < len(everything)
    signed = quality.get(f"{BATCH}/audit-trail?what=task:signed").get_json()["items"]
    assert [change["new"]["full_name"] for change in signed[0]["changes"] if change["table"] == "signature"]
    assert quality.get(f"{BATCH}/audit-trail?since=2199-01-01T00:00:00Z").get_json()["items"] == []


def test_the_audit_trail_is_read_whole_page_by_page(quality: Client) -> None:
    seen: list[int] = []
    after = ""
    while True:
        page = quality.get(f"{BATCH}/audit-trail?limit=2{after}").get_json()
        seen += [one["seq"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 3


def test_the_trail_of_people_is_for_those_who_answer_for_it(quality: Client, as_role: AsRole) -> None:
    found = quality.get("/audit-trail?stream=person:mfg.op&what=role").get_json()["items"]
    assert [one["tag"] for one in found] == ["role:granted"]
    assert as_role("MFG_OP").get("/audit-trail?stream=person:qa.disp").status_code == 403


@pytest.mark.requirement("P11-02")
def test_the_record_is_verified_and_a_checkpoint_can_be_taken_away(quality: Client) -> None:
    made = quality.post("/checkpoints", {}).get_json()
    exported = quality.get("/checkpoints/latest").get_json()
    assert (exported["seq"], exported["root"]) == (made["seq"], made["root"])
    assert "batch:B-1" in exported["streams"]
    verified = quality.post("/verifications", {}).get_json()
    assert verified["ok"]
    assert verified["entries"] > 10


def test_a_hold_stops_the_work_until_quality_lifts_it(quality: Client, as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    assert as_role("MFG_SUP").post(f"{BATCH}/holds", {"reason": "Power cut."}).get_json()["held"]
    held = operator.post(f"{BATCH}/tasks/S002/start", {})
    assert (held.status_code, held.get_json()["type"]) == (409, "urn:batchwright:problem:batch-held")
    lifting = {"reason": "Power is back.", "password": PASSWORD}
    assert as_role("MFG_SUP").post(f"{BATCH}/resumptions", lifting).status_code == 403
    assert quality.post(f"{BATCH}/resumptions", lifting).status_code == 200
    assert operator.post(f"{BATCH}/tasks/S002/start", {}).status_code == 200
