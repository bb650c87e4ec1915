"""Changes over the API: opened, described, searched, and refused with every reason."""

from __future__ import annotations

import pytest

from engine.site import Site
from tests.api.conftest import AsRole
from tests.changes import ABOUT, CHANGE, ITEM, ChangeTeam
from tests.people import PASSWORD, Staff

TEXT = {**ITEM, "kind": "text", "proposed": "The vessel is cleaned twice."}


@pytest.fixture
def team(site: Site, staff: Staff) -> ChangeTeam:
    return ChangeTeam(site, staff)


def test_a_change_is_opened_described_and_found(as_role: AsRole) -> None:
    pia = as_role("PROC")
    listed = pia.get("/changes").get_json()
    assert listed["items"] == []
    opened = pia.post("/changes", ABOUT | {"change_id": listed["next_id"]})
    assert opened.status_code == 201
    change_id = opened.get_json()["change"]
    assert pia.post(f"/changes/{change_id}/items", TEXT).get_json()["item"] == 1
    version = opened.get_json()["version"]
    told = {"patient_impact": "None is known.", "version": version}
    assert pia.post(f"/changes/{change_id}", told, method="PATCH").status_code == 200
    assert pia.post(f"/changes/{change_id}", told, method="PATCH").status_code == 409
    seen = pia.get(f"/changes/{change_id}").get_json()
    assert seen["change"]["patient_impact"] == "None is known."
    assert [entry["ticked"] for entry in seen["items"][0]["entries"]] == [False]
    assert pia.get("/changes?text=cleaned").get_json()["items"][0]["id"] == change_id
    assert pia.get("/changes?text=cleaned&state=CLOSED").get_json()["items"] == []
    assert pia.get("/changes?state=BLESSED").status_code == 422
    assert [row["key"] for row in pia.get("/inbox").get_json()["items"]] == ["INITIATE[1]"]
    assert as_role("MFG_OP").get("/inbox").get_json()["items"] == []


def test_every_problem_is_told_by_field(as_role: AsRole) -> None:
    body = ABOUT | {"change_id": CHANGE, "temporary": True, "client": "", "client_signs": True}
    answer = as_role("PROC").post("/changes", body)
    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.get_json()["problems"]} == {"until", "client"}
    assert as_role("MFG_OP").post("/changes", ABOUT | {"change_id": CHANGE}).status_code == 403
    assert as_role("PROC").get(f"/changes/{CHANGE}").status_code == 404


def test_entries_are_ticked_and_steps_signed_with_what_was_shown(as_role: AsRole, team: ChangeTeam) -> None:
    team.open()
    team.put(kind="text", revision_id=None, proposed="The vessel is cleaned twice.")
    client = as_role("PROC")
    seen = client.get(f"/changes/{CHANGE}").get_json()
    step = seen["run"]["waiting"][0]
    body = {"task_key": step["key"], "meaning": "initiated_by", "password": PASSWORD, "shown_hash": step["shown_hash"]}
    [entry] = [row["entry"] for row in seen["items"][0]["entries"]]
    assert client.post(f"/changes/{CHANGE}/reviews", {"entries": [entry]}).get_json() == {"change": CHANGE, "of": 1, "ticked": 1}
    team.put(n=1, version=1, kind="text", revision_id=None, proposed="The vessel is cleaned three times.")
    assert client.post(f"/changes/{CHANGE}/signatures", body).status_code == 409
    assert client.post(f"/changes/{CHANGE}/reviews", {"entries": [entry]}).status_code == 422
    assert client.post(f"/changes/{CHANGE}/signatures", body | {"shown_hash": "0" * 64}).status_code == 409
    del body["shown_hash"]
    assert client.post(f"/changes/{CHANGE}/signatures", body).get_json()["state"] == "ASSESSMENT"


def test_a_change_is_cancelled_and_its_duties_are_its_own(as_role: AsRole, team: ChangeTeam) -> None:
    team.open()
    team.open("CC-2026-0002")
    client = as_role("PROC")
    duty = client.post(f"/changes/{CHANGE}/duties", {"title": "Old labels destroyed", "owner": "QA_FLR"}).get_json()["duty"]
    quality = as_role("QA_FLR")
    [waiting] = quality.get("/inbox").get_json()["duties"]
    assert (waiting["id"], waiting["title"], waiting["change"]["id"]) == (duty, "Old labels destroyed", CHANGE)
    assert client.post(f"/changes/{CHANGE}/duties", {"title": "Clean", "owner": "MFG_OP"}).status_code == 422
    done = {"duty_id": duty, "evidence": "Seen."}
    assert quality.post("/changes/CC-2026-0002/duties/done", done).status_code == 404
    assert quality.post(f"/changes/{CHANGE}/duties/done", done).get_json()["state"] == "done"
    assert quality.post(f"/changes/{CHANGE}/duties/cancelled", {"duty_id": duty, "reason": "No."}).status_code == 409
    body = {"reason": "The vendor gave up the vessel.", "password": PASSWORD}
    assert quality.post(f"/changes/{CHANGE}/cancellation", body).get_json()["state"] == "CANCELLED"
    assert client.get("/changes?text=vendor").get_json()["items"][0]["why"] == "The vendor gave up the vessel."
    assert client.post(f"/changes/{CHANGE}/items", TEXT).status_code == 409
