"""Devices post readings with their own credentials; the person accepts them; what is typed instead is an exception."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from engine import clock
from engine.site import Site
from tests.api.conftest import AsRole, Client
from tests.batches import put_into_effect, start
from tests.people import PASSWORD, Staff
from tests.small_recipes import with_a_device

BATCH = "/batches/B-1"
TASK = f"{BATCH}/tasks/S001"
SECRET = "scale-secret-" + "7" * 30


@pytest.fixture
def operator(site: Site, staff: Staff, as_role: AsRole) -> Client:
    """The operator at a started step, with two scales on the site."""
    start(site, staff, put_into_effect(site, staff, with_a_device()), "B-1")
    for number, due in (("SC-1", "2199-01-01T00:00:00Z"), ("SC-OLD", "2020-01-01T00:00:00Z")):
        scale = {
            "equipment_id": number, "equipment_class": "scale", "calibration_due_at": due, "secret": SECRET,
            "software_version": "4.2",
        }  # fmt: skip
        assert as_role("QA_FLR").post("/equipment", scale).status_code == 201
    operator = as_role("MFG_OP")
    operator.post(f"{TASK}/start", {})
    return operator


def post_reading(app: Flask, scale: str = "SC-1", secret: str = SECRET, **more: str) -> Any:
    device = Client(app)
    device.headers = {"Authorization": f"Device {scale}:{secret}"}
    measured = {"step_id": "S001", "parameter_id": "weight", "text": "80.10", "uom": "g"}
    return device.post(f"{BATCH}/readings", {"measured_at": clock.text(clock.now()), **measured, **more})


@pytest.mark.requirement("P11-17", "MHRA-02")
def test_a_reading_is_posted_accepted_and_signed_without_any_exception(operator: Client, app: Flask) -> None:
    assert operator.post(f"{TASK}/scans", {"code": "SC-1"}).get_json()["accepted"]
    reading = post_reading(app).get_json()["reading"]
    accepted = operator.post(f"{TASK}/readings", {"readings": {"weight": reading}}).get_json()
    assert accepted["exceptions"] == []
    assert operator.post(f"{TASK}/signatures", {"meaning": "performed_by", "password": PASSWORD}).get_json()["completed"]


@pytest.mark.requirement("P11-17", "G-03")
def test_a_device_that_is_not_assigned_calibrated_or_in_the_right_unit_is_refused(operator: Client, app: Flask) -> None:
    unassigned = post_reading(app)
    assert (unassigned.status_code, "scan it" in unassigned.get_json()["detail"]) == (422, True)
    assert not operator.post(f"{TASK}/scans", {"code": "SC-OLD"}).get_json()["accepted"]
    assert post_reading(app, "SC-OLD").status_code == 422
    operator.post(f"{TASK}/scans", {"code": "SC-1"})
    assert "kg" in post_reading(app, uom="kg").get_json()["detail"]
    assert post_reading(app, text="eighty").status_code == 422
    assert post_reading(app, measured_at="2199-01-01T00:00:00Z").status_code == 422


def test_a_device_with_a_wrong_secret_and_a_person_post_no_reading(operator: Client, app: Flask) -> None:
    assert post_reading(app, secret="wrong" * 8).status_code == 401
    assert post_reading(app, "SC-404").status_code == 401
    assert operator.post(f"{BATCH}/readings", {}).status_code == 403


def test_a_refused_reading_is_in_the_trail(operator: Client, app: Flask) -> None:
    post_reading(app)
    refused = operator.get(f"{BATCH}/audit-trail?what=reading").get_json()["items"]
    assert [(one["tag"], one["actor_id"], one["source"]) for one in refused] == [("reading:refused", "SC-1", "device")]


def test_a_value_typed_where_the_scale_reports_is_exception_9(operator: Client) -> None:
    typed = operator.post(f"{TASK}/values", {"entries": {"weight": "80.10"}}).get_json()
    assert [one["number"] for one in typed["exceptions"]] == [9]


def test_an_order_for_a_device_and_a_reading_of_another_batch_are_refused(operator: Client, app: Flask) -> None:
    operator.post(f"{TASK}/scans", {"code": "SC-1"})
    post_reading(app)
    foreign = operator.post(f"{TASK}/readings", {"readings": {"weight": "batch:B-9/1/1"}})
    assert foreign.status_code == 404
