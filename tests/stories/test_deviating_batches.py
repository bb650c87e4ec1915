"""Batches that depart from the recorded one, and what the system must make of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine.actions import materials
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.departures import request_departure
from engine.actions.entries import record_values
from engine.actions.exceptions import comment_exception, triage_exception
from engine.actions.scans import scan
from engine.actions.tasks import sign_task, start_task
from engine.errors import (
    AlreadyRecordedError,
    MissingRecordsError,
    OpenItemsError,
    SamePersonError,
    TaskBlockedError,
    TaskNotReadyError,
)
from engine.queries.review import review
from engine.records import ExceptionRecord, ParameterValue, Scan, Task
from engine.transaction import perform
from tests.stories.cart import ORDER, Cart, recorded
from web.demo.floor import Visit

DECIDERS = ("PROC", "MED", "QA_FLR", "CLI_QA")
NOTES = {"reason": "Second apheresis impossible, the disease progresses.", "risk": "Lower expansion.", "mitigation": "Seed 7e7."}


def visit(step: str, label: str = "") -> Visit:
    return next(v for v in recorded() if (v.step_id, v.label) == (step, label))


def work(cart: Cart, batch: str, upto: str, changes: dict | None = None) -> None:
    """Run the batch to the end of a step, with other values at some steps."""
    cart.run(batch, [replace(v, values=v.values | (changes or {}).get((v.step_id, v.label), {})) for v in recorded(upto)])


def begin(cart: Cart, batch: str, step: str, label: str = "") -> str:
    """Start a step at its recorded time and scan what it wants; returns its key."""
    there = visit(step, label)
    cart.floor.at(there.started_at)
    cart.floor.begin(batch, there)
    return str(cart.task(batch, step, label)["key"])


@pytest.mark.requirement("G-12", "C4-02")
def test_0008_late_cells_raise_17_for_their_age_and_18_for_the_hold_time_with_a_comment_and_no_block(cart: Cart) -> None:
    cart.run("CT-26-0008", recorded("S05"), ORDER | {"collection_end": "2026-02-28T15:24:00Z"})
    assert cart.values("CT-26-0008")["S02", "", "age_h"]["value"].startswith("41.0")
    assert sorted(cart.exceptions("CT-26-0008")) == [("S02", 17, "minor"), ("S09", 18, "minor")]
    rows = cart.rows(ExceptionRecord, "CT-26-0008")
    assert all(r["needs_comment"] and not r["blocks"] for r in rows)
    assert not any(t["blocked"] for t in cart.rows(Task, "CT-26-0008"))


@pytest.mark.requirement("G-22", "P11-18")
def test_0008_an_expired_lot_is_refused_at_its_scan_and_another_accepted_without_an_exception(cart: Cart) -> None:
    _lot(cart, "IL15-OLD", "IL-15", datetime.fromisoformat("2026-03-01T23:00:00+00:00"))
    _lot(cart, "IL15-NEW", "IL-15", datetime.fromisoformat("2026-12-31T00:00:00+00:00"))
    work(cart, "CT-26-0008", "S05")
    cart.floor.at(visit("S06").started_at)
    cart.hands.start("MFG_OP", "CT-26-0008", "S06")
    others = [c for c in cart.floor.codes("CT-26-0008", "S06", cart.floor.recipe("CT-26-0008").steps["S06"]) if "IL15" not in c]
    for code in others:
        cart.hands.scan("MFG_OP", "CT-26-0008", "S06", code)
    refused = cart.act(scan, "MFG_OP", "CT-26-0008", task_key="S06", code="IL15-OLD")
    assert not refused["accepted"]
    assert "expired" in refused["message"]
    assert refused["still"] == ["material IL-15"]
    with pytest.raises(MissingRecordsError):
        cart.act(sign_task, "MFG_OP", "CT-26-0008", task_key="S06", meaning="performed_by", proof=True)
    assert cart.act(scan, "MFG_OP", "CT-26-0008", task_key="S06", code="IL15-NEW")["accepted"]
    cart.floor.sign("CT-26-0008", visit("S06"))
    assert cart.task("CT-26-0008", "S06")["state"] == "completed"
    assert cart.exceptions("CT-26-0008") == []
    assert [r["code"] for r in cart.rows(Scan, "CT-26-0008", result="refused")] == ["IL15-OLD"]


@pytest.mark.requirement("P4-06", "G-02", "G-07")
def test_0009_low_viability_blocks_until_all_four_roles_of_the_departure_have_signed_once(cart: Cart) -> None:
    batch = "CT-26-0009"
    work(cart, batch, "S03")
    begin(cart, batch, "S04")
    cart.floor.record(batch, replace(visit("S04"), values=visit("S04").values | {"viab": "78"}))
    assert cart.exceptions(batch) == [("S04", 4, "major")]
    assert cart.task(batch, "S04")["blocked"] == 1
    with pytest.raises(TaskBlockedError):
        cart.act(sign_task, "MFG_OP", batch, task_key="S04", meaning="performed_by", proof=True)
    cart.act(request_departure, "PROC", batch, task_key="S04", departure_id="PD-2026-031", parameter_id="viab", **NOTES)
    for role in DECIDERS:
        assert cart.task(batch, "S04")["blocked"] == 1
        _decide(cart, role, batch, "S04", "PD-2026-031")
        if role != DECIDERS[-1]:
            with pytest.raises(SamePersonError):
                _decide(cart, role, batch, "S04", "PD-2026-031")
    assert cart.task(batch, "S04")["blocked"] == 0


def test_0009_the_lower_seed_raises_17_for_seed_and_density(cart: Cart) -> None:
    work(cart, "CT-26-0009", "S16", {("S16", ""): {"seed_n": "7.0e7"}})
    assert cart.exceptions("CT-26-0009") == [("S16", 17, "minor"), ("S16", 17, "minor")]
    assert {r["parameter_id"] for r in cart.rows(ExceptionRecord, "CT-26-0009")} == {"seed_n", "dens"}


@pytest.mark.requirement("G-12", "P11-16")
def test_0012_thawed_vector_waits_122_minutes_minor_then_major_and_blocked(cart: Cart) -> None:
    batch = "CT-26-0012"
    work(cart, batch, "S19")
    begin(cart, batch, "S20")
    thawed = visit("S19").ended_at
    cart.floor.at(thawed + timedelta(minutes=60))
    assert cart.exceptions(batch) == []
    cart.floor.at(thawed + timedelta(minutes=61))
    assert cart.exceptions(batch) == [("S20", 18, "minor")]
    assert not cart.task(batch, "S20")["blocked"]
    cart.floor.at(thawed + timedelta(minutes=122))
    assert cart.exceptions(batch) == [("S20", 18, "minor"), ("S20", 18, "major")]
    assert cart.task(batch, "S20")["blocked"]
    with pytest.raises(TaskBlockedError):
        cart.floor.finish(batch, visit("S20"))
    _decide(cart, "QA_FLR", batch, "S20", None, links=["S39.vcn"])
    cart.floor.sign(batch, visit("S20"))
    assert cart.task(batch, "S20")["state"] == "completed"
    assert len(cart.exceptions(batch)) == 2
    results = {r["link"] for e in review(cart.site, batch)["exceptions"] for r in e["results"]}
    assert {"S39.vcn", "S30.car_pct", "S39.car_pct"} <= results


@pytest.mark.requirement("N-01", "P11-11", "DI-12")
def test_0015_a_slip_of_the_decimal_point_stays_visible_and_its_correction_closes_nothing(cart: Cart) -> None:
    batch, day = "CT-26-0015", visit("S24", "D6")
    cart.run(batch, [v for v in recorded() if v.ended_at < day.started_at])
    key = begin(cart, batch, "S24", "D6")
    cart.act(record_values, "MFG_OP", batch, task_key=key, entries={"viab": "9.41"})
    assert sorted(cart.exceptions(batch)) == [("S24", 4, "major"), ("S24", 9, "minor")]
    assert cart.task(batch, "S24", "D6")["blocked"]
    first = cart.values(batch)["S24", "D6", "viab"]
    cart.act(correct_value, "MFG_OP", batch, value_id=first["id"], text="94.1", reason="Decimal point one place off.")
    assert [e[1:] for e in cart.exceptions(batch)][2:] == [(20, "minor"), (38, "major")]
    rows = [r["text"] for r in cart.rows(ParameterValue, batch, parameter_id="viab", label="D6")]
    assert sorted(rows) == ["9.41", "94.1"]
    assert cart.task(batch, "S24", "D6")["blocked"]
    opened = [e["number"] for e in review(cart.site, batch)["exceptions"] if e["open"]]
    assert 4 in opened
    _decide(cart, "QA_FLR", batch, key, None)
    assert not cart.task(batch, "S24", "D6")["blocked"]


@pytest.mark.requirement("P11-13", "DI-11")
def test_0016_a_double_submit_is_one_record_and_a_second_entry_is_refused(cart: Cart) -> None:
    batch = "CT-26-0016"
    work(cart, batch, "S19")
    key = begin(cart, batch, "S20")
    again = {"task_key": key, "entries": {"v_lvv": "1.33"}, "idempotency_key": "tablet-7:submit-1"}
    answers = [cart.act(record_values, "MFG_OP", batch, **again) for _ in range(2)]
    assert answers[0] == answers[1]
    with pytest.raises(AlreadyRecordedError):
        cart.act(record_values, "MFG_OP", batch, task_key=key, entries={"v_lvv": "1.33"})
    assert len(cart.rows(ParameterValue, batch, parameter_id="v_lvv")) == 1
    assert cart.exceptions(batch) == []
    cart.floor.at(visit("S20").ended_at)
    cart.floor.sign(batch, visit("S20"))
    with pytest.raises(TaskNotReadyError):
        cart.act(start_task, "MFG_OP", batch, task_key=key)


@pytest.mark.requirement("G-14")
def test_0017_a_label_that_is_missing_blocks_with_30_until_it_is_decided(cart: Cart) -> None:
    batch = "CT-26-0017"
    labels = {"printed": "14", "used": "12", "destroyed": "1", "retained": "0"}
    there = visit("S33")
    cart.run(batch, [v for v in recorded() if v.ended_at <= there.started_at])
    begin(cart, batch, "S33")
    cart.floor.record(batch, replace(there, values=there.values | labels))
    assert cart.values(batch)["S33", "", "lbl_bal"]["value"] == "1"
    assert cart.exceptions(batch) == [("S33", 30, "major")]
    assert cart.task(batch, "S33")["blocked"]
    _decide(cart, "QA_FLR", batch, "S33", None)
    cart.floor.at(there.ended_at)
    cart.floor.sign(batch, there)
    assert cart.task(batch, "S33")["state"] == "completed"


@pytest.mark.requirement("N-07", "A16-01", "D11-07")
def test_a_batch_with_an_open_exception_is_not_reviewed_until_quality_has_triaged_it(cart: Cart) -> None:
    batch = "CT-26-0018"
    cart.run(batch, [_warm(v) for v in recorded("S38")])
    (row,) = cart.rows(ExceptionRecord, batch)
    cart.floor.at(visit("S40").started_at)
    cart.floor.begin(batch, visit("S40"))
    with pytest.raises(OpenItemsError):
        cart.act(sign_task, "QA_DISP", batch, task_key="S40", meaning="reviewed_by_qa", proof=True)
    cart.act(comment_exception, "QA_DISP", batch, exception_id=row["id"], text="Read, one door opening.")
    with pytest.raises(OpenItemsError):
        cart.act(sign_task, "QA_DISP", batch, task_key="S40", meaning="reviewed_by_qa", proof=True)
    cart.act(triage_exception, "QA_DISP", batch, exception_id=row["id"], kind="accept", text="No effect on growth.", proof=True)
    signed = cart.act(sign_task, "QA_DISP", batch, task_key="S40", meaning="reviewed_by_qa", proof=True)
    assert signed["completed"]


@pytest.mark.requirement("P11-16", "G-10")
def test_the_deciding_person_has_not_worked_on_the_step(cart: Cart) -> None:
    batch = "CT-26-0019"
    work(cart, batch, "S03")
    begin(cart, batch, "S04")
    cart.floor.record(batch, replace(visit("S04"), values=visit("S04").values | {"viab": "78"}))
    operator, proof = cart.crew["MFG_OP"]
    as_quality = replace(operator, roles=frozenset({"MFG_OP", "QA_FLR"}))
    with pytest.raises(SamePersonError):
        perform(
            cart.site,
            decide,
            actor=as_quality,
            stream=f"batch:{batch}",
            batch_id=batch,
            task_key="S04",
            outcome="proceed",
            reason="My own values are fine.",
            proof=proof,
        )
    assert cart.task(batch, "S04")["blocked"]


def _warm(there: Visit) -> Visit:
    return replace(there, values=there.values | {"temp": "37.7"}) if there.step_id == "S17" else there


def _decide(cart: Cart, role: str, batch: str, key: str, reference: str | None, **more: object) -> None:
    cart.act(
        decide,
        role,
        batch,
        task_key=key,
        outcome="proceed",
        reason="Agreed, no other way.",
        proof=True,
        reference=reference,
        **more,
    )


def _lot(cart: Cart, lot: str, material: str, expires_at: datetime) -> None:
    stream = f"lot:{lot}"
    perform(
        cart.site,
        materials.register_lot,
        actor=cart.crew["MFG_SUP"][0],
        stream=stream,
        lot_id=lot,
        material=material,
        expires_at=expires_at,
    )
    perform(
        cart.site,
        materials.set_lot_status,
        actor=cart.crew["QA_FLR"][0],
        stream=stream,
        lot_id=lot,
        version=1,
        status="released",
        reason="Certificate checked.",
    )
