"""An operator works through a step over the API: start, record, sign; and what is refused on the way."""

from __future__ import annotations

from typing import Any

import pytest

from engine.site import Site
from tests.api.conftest import AsRole, Client
from tests.batches import put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import sequence

BATCH = "B-1"
TASK = f"/batches/{BATCH}/tasks/S001"
VALUES = {"weight": "80.10", "label": "L-1"}


@pytest.fixture
def operator(site: Site, staff: Staff, as_role: AsRole) -> Client:
    """The operator, trained, with a batch of two steps just issued."""
    recipe_id = put_into_effect(site, staff, sequence(2))
    start(site, staff, recipe_id, BATCH)
    return as_role("MFG_OP")


def sign(client: Client, task: str = TASK, **more: Any) -> Any:
    return client.post(f"{task}/signatures", {"meaning": "performed_by", "password": PASSWORD, **more})


@pytest.mark.requirement("P11-13", "P11-28")
def test_the_operator_starts_records_and_signs_and_the_next_step_opens(operator: Client) -> None:
    assert operator.post(f"{TASK}/start", {}).get_json()["task"]["state"] == "started"
    assert operator.post(f"{TASK}/values", {"entries": VALUES}).status_code == 200
    signed = sign(operator).get_json()
    assert signed["completed"]
    assert "S002" in str(signed["opened"])


@pytest.mark.requirement("P11-13")
def test_a_step_that_is_not_open_can_not_be_started_recorded_or_signed(operator: Client) -> None:
    later = f"/batches/{BATCH}/tasks/S002"
    assert operator.post(f"{later}/start", {}).status_code == 404
    assert operator.post(f"{TASK}/values", {"entries": VALUES}).status_code == 409
    assert sign(operator).status_code == 409


def test_all_problems_of_an_entry_come_at_once_and_the_entry_comes_back(operator: Client) -> None:
    operator.post(f"{TASK}/start", {})
    wrong = {"weight": "eighty", "label": "", "limit": "1000"}
    refused = operator.post(f"{TASK}/values", {"entries": wrong})
    problem = refused.get_json()
    assert refused.status_code == 422
    assert problem["entries"] == wrong
    assert {one["field"] for one in problem["problems"]} >= {"limit"}


def test_a_stale_form_is_refused_and_its_entry_is_kept_for_the_person(operator: Client) -> None:
    seen = operator.post(f"{TASK}/start", {}).get_json()["task"]["version"]
    operator.post(f"{TASK}/values", {"entries": {"label": "L-1"}, "version": seen})
    block = {"entries": {"weight": "120"}, "reasons": {}}
    assert operator.post(f"{TASK}/values", block).get_json()["task"]["version"] > seen
    stale = operator.post(f"{TASK}/values", {"entries": {"weight": "80.10"}, "version": seen})
    assert (stale.status_code, stale.get_json()["type"]) == (409, "urn:batchwright:problem:stale-record")
    assert stale.get_json()["entries"] == {"weight": "80.10"}


def test_a_wrong_password_signs_nothing(operator: Client) -> None:
    operator.post(f"{TASK}/start", {})
    refused = operator.post(f"{TASK}/signatures", {"meaning": "performed_by", "password": "wrong", "entries": VALUES})
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:batchwright:problem:wrong-password")
    assert sign(operator, entries=VALUES).get_json()["completed"]


def test_a_value_outside_par_blocks_the_step_until_quality_decides(operator: Client, as_role: AsRole) -> None:
    operator.post(f"{TASK}/start", {})
    found = operator.post(f"{TASK}/values", {"entries": VALUES | {"weight": "100.1"}}).get_json()["exceptions"]
    assert [(one["number"], one["blocks"]) for one in found] == [(4, True)]
    assert sign(operator).get_json()["type"] == "urn:batchwright:problem:task-blocked"
    decision = {"outcome": "proceed", "reason": "The scale was checked.", "password": PASSWORD}
    assert operator.post(f"{TASK}/decisions", decision).status_code == 403
    assert as_role("QA_FLR").post(f"{TASK}/decisions", decision).get_json()["open_roles"] == []


@pytest.mark.requirement("P11-11", "A11-10")
def test_a_correction_needs_a_reason_and_keeps_both_values(operator: Client, site: Site) -> None:
    operator.post(f"{TASK}/start", {})
    operator.post(f"{TASK}/values", {"entries": VALUES})
    with site.read() as reader:
        value_id = reader.fetch("SELECT id FROM parameter_value WHERE parameter_id = 'weight'")[0][0]
    corrected = {"value_id": value_id, "text": "80.20", "reason": "Misread the scale."}
    assert operator.post(f"/batches/{BATCH}/corrections", corrected | {"reason": ""}).status_code == 422
    assert operator.post(f"/batches/{BATCH}/corrections", corrected).status_code == 200
    with site.read() as reader:
        texts = reader.fetch("SELECT text FROM parameter_value WHERE parameter_id = 'weight' ORDER BY recorded_at")
    assert texts == [("80.10",), ("80.20",)]


@pytest.mark.requirement("DI-06")
def test_a_value_that_can_not_be_had_is_recorded_as_missing_with_its_reason(operator: Client) -> None:
    operator.post(f"{TASK}/start", {})
    lost = {"parameter_id": "weight", "reason": "The scale is broken."}
    assert operator.post(f"{TASK}/omissions", lost | {"reason": ""}).status_code == 422
    assert operator.post(f"{TASK}/omissions", lost).status_code == 200
    assert operator.post(f"{TASK}/omissions", lost).status_code == 409
    signed = sign(operator, entries={"label": "L-1"}).get_json()
    assert [one["number"] for one in signed["exceptions"]] == [13]
    assert not signed["completed"]


@pytest.mark.requirement("DI-07")
def test_a_laboratorys_pass_outside_the_limits_is_an_exception_and_a_verdict_comes_with_its_value(operator: Client) -> None:
    operator.post(f"{TASK}/start", {})
    for wrong in ({"weight": "fine"}, {"label": "pass"}):
        assert operator.post(f"{TASK}/values", {"entries": {"weight": "120"}, "verdicts": wrong}).status_code == 422
    found = operator.post(f"{TASK}/values", {"entries": {"weight": "120"}, "verdicts": {"weight": "pass"}}).get_json()
    assert {one["number"] for one in found["exceptions"]} == {4, 40}
