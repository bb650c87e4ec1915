"""Training over the API: what a revision asks for, what the caller reads and signs, the matrix."""

from __future__ import annotations

import pytest

from tests.api.conftest import AsRole
from tests.batches import ENTRIES, put_into_effect
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence

FIRST, SECOND = "MR-ROW-001@1.0", "MR-ROW-001@1.1"
CHANGED = sequence(2).decode().replace('revision="1.0"', 'revision="1.1"').replace('norHigh="90"', 'norHigh="85"', 1)


@pytest.fixture
def second(site, staff: Staff, as_role: AsRole) -> str:
    """The next revision, a draft."""
    put_into_effect(site, staff, sequence(2))
    assert as_role("PROC").post("/recipes", {"xml": CHANGED}).status_code == 201
    return SECOND


def submit(as_role: AsRole) -> None:
    body = {"meaning": "authored_by", "password": PASSWORD, "entries": ENTRIES["authored_by"]}
    assert as_role("PROC").post(f"/recipes/{SECOND}/signatures", body).status_code == 200


@pytest.mark.requirement("P11-15", "G-21")
def test_from_the_proposal_to_the_signature_of_who_has_read_it(as_role: AsRole, second: str) -> None:
    author, operator = as_role("PROC"), as_role("MFG_OP")
    assert [one["steps"] for one in author.get(f"/recipes/{second}/training").get_json()["uncovered"]] == [["S001"]]
    taken = author.post(f"/recipes/{second}/training/proposal", {}).get_json()
    assert len(taken["requirements"]) == 1
    submit(as_role)
    [item] = operator.get("/training/reading").get_json()["items"]
    assert (item["revision"], item["alone"]) == (second, True)
    shown = operator.get(f"/recipes/{second}/reading").get_json()
    assert [(c["old"], c["new"]) for c in shown["record"]["changes"]] == [("90", "85")]
    wrong = operator.post(f"/recipes/{second}/reading", {"password": PASSWORD, "shown_hash": "0" * 64})
    assert wrong.get_json()["type"] == "urn:batchwright:problem:stale-record"
    body = {"password": PASSWORD, "shown_hash": shown["shown_hash"]}
    signed = operator.post(f"/recipes/{second}/reading", body, key="read-once-1")
    assert signed.status_code == 201
    assert operator.post(f"/recipes/{second}/reading", body, key="read-once-1").get_json() == signed.get_json()
    found = as_role("MFG_SUP").get("/training?recipe_id=MR-ROW-001").get_json()
    [row] = [row for row in found["people"] if row["id"] == "mfg.op"]
    assert [(cell["state"], cell["basis"]) for cell in row["cells"]] == [("valid", "recorded"), ("valid", "read")]
    assert as_role("QA_FLR").get(f"/recipes/{second}/training").get_json()["progress"] == {
        "needed": 1, "trained": 1, "missing": [],
    }  # fmt: skip


def test_a_requirement_is_set_and_withdrawn_by_those_who_may(as_role: AsRole, second: str) -> None:
    path = f"/recipes/{second}/training"
    asked = {"roles": ["MFG_OP"], "steps": ["S002"], "reading": "The whole of S002"}
    assert as_role("MFG_OP").post(path, asked).status_code == 403
    made = as_role("QA_FLR").post(path, asked).get_json()
    wrong = as_role("PROC").post(path, asked | {"steps": ["S9"], "roles": ["SYS_ADM"]}).get_json()
    assert {problem["field"] for problem in wrong["problems"]} == {"roles", "steps"}
    withdrawal = {"requirement_id": made["requirement"], "version": made["version"] + 1}
    assert as_role("PROC").post(f"{path}/withdrawals", withdrawal).status_code == 409
    assert as_role("PROC").post(f"{path}/withdrawals", withdrawal | {"version": made["version"]}).status_code == 200
    assert as_role("PROC").get(path).get_json()["requirements"] == []


def test_a_draft_is_read_by_nobody(as_role: AsRole, second: str) -> None:
    operator = as_role("MFG_OP")
    assert operator.get(f"/recipes/{second}/reading").get_json()["record"] is None
    refused = operator.post(f"/recipes/{second}/reading", {"password": PASSWORD})
    assert (refused.status_code, refused.get_json()["type"]) == (409, "urn:batchwright:problem:not-readable")
    assert operator.get("/recipes/MR-NONE-001@1.0/reading").status_code == 404
