"""What happens on the floor besides the plan: lost samples, wrong labels, late entries, repeats, wrong people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bpmn.expressions import parse
from engine import clock
from engine.actions.batches import hold_batch, resume_batch, start_batch, terminate_batch
from engine.actions.calculations import settled
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.departures import request_departure
from engine.actions.entries import accept_readings, record_values
from engine.actions.exceptions import triage_exception
from engine.actions.omissions import declare_not_obtained
from engine.actions.readings import post_reading
from engine.actions.scans import scan
from engine.actions.tasks import sign_task, start_task
from engine.errors import (
    BatchHeldError,
    CommentRequiredError,
    CorrectionRefusedError,
    DuplicateRecordError,
    EngineFaultError,
    EntryRefusedError,
    EventTimeError,
    MeaningNotAllowedError,
    MissingRecordsError,
    NotPermittedError,
    OrderRefusedError,
    OutcomeNotAllowedError,
    ReadingRefusedError,
    ReasonRequiredError,
    SamePersonError,
    StaleRecordError,
    TaskNotReadyError,
    TrainingMissingError,
)
from engine.queries.task_view import task_view
from engine.queries.trail import audit_trail
from engine.records import Batch, Correction, Equipment, ExceptionRecord, ParameterValue, Scan, Signature
from engine.step_content import still_valid
from engine.transaction import Actor, perform
from forms.form import FormError
from tests.stories.cart import ORDER, Cart, recorded
from web.demo.floor import Visit

B = "CT-26-0100"


def visit(step: str) -> Visit:
    return next(v for v in recorded() if v.step_id == step)


def begin(cart: Cart, step: str, before: str = "") -> None:
    """Run the batch up to a step, start it and scan what it wants."""
    earlier = [v for v in recorded() if v.ended_at <= visit(step).started_at and v.step_id != before]
    if earlier:
        cart.run(B, earlier)
    else:
        cart.floor.at(visit(step).started_at - timedelta(minutes=5))
        cart.issue(B)
    cart.floor.at(visit(step).started_at)
    cart.floor.begin(B, visit(step))


def sign(cart: Cart, role: str, step: str, meaning: str, **more: object) -> dict:
    return cart.act(sign_task, role, B, task_key=step, meaning=meaning, proof=True, **more)


@pytest.mark.requirement("DI-06", "DI-02")
def test_a_lost_sample_is_declared_missing_and_blocks_instead_of_staying_empty(cart: Cart) -> None:
    begin(cart, "S04")
    cart.floor.record(B, replace(visit("S04"), values={"tnc": "8990000000", "viab": "98.1"}))
    with pytest.raises(MissingRecordsError, match="cd3_pct"):
        sign(cart, "MFG_OP", "S04", "performed_by")
    cart.act(declare_not_obtained, "MFG_OP", B, task_key="S04", parameter_id="cd3_pct", reason="Tube broke in the centrifuge.")
    sign(cart, "MFG_OP", "S04", "performed_by")
    assert ("S04", 13, "major") in cart.exceptions(B)
    assert cart.task(B, "S04")["blocked"] == 1


@pytest.mark.requirement("G-26", "P11-18")
def test_another_patients_label_is_critical_and_stays_so_after_the_right_one(cart: Cart) -> None:
    cart.floor.at(visit("S01").started_at)
    cart.issue(B)
    cart.hands.start("MFG_OP", B, "S01")
    answer = cart.act(scan, "MFG_OP", B, task_key="S01", code="COI-NVX-000118")
    assert not answer["accepted"]
    assert cart.act(scan, "MFG_OP", B, task_key="S01", code="COI-NVX-000117")["accepted"]
    assert cart.exceptions(B) == [("S01", 25, "critical")]
    assert cart.task(B, "S01")["blocked"] == 1
    wrong = cart.act(scan, "MFG_OP", B, task_key="S01", code="G1234 98 654321 K")
    assert "check character should be H" in wrong["message"]


@pytest.mark.requirement("N-09", "DI-03", "C4-02")
def test_times_of_events_are_never_before_the_start_never_in_the_future_and_late_ones_are_flagged(cart: Cart) -> None:
    begin(cart, "S05")
    started = visit("S05").started_at
    cart.floor.at(started + timedelta(minutes=50))
    for wrong in (started - timedelta(minutes=1), started + timedelta(hours=3)):
        with pytest.raises(EventTimeError):
            cart.act(
                record_values,
                "MFG_OP",
                B,
                task_key="S05",
                entries={"clean_end": "2026-03-01T20:00:00Z"},
                event_at=clock.text(wrong),
            )
    cart.act(
        record_values,
        "MFG_OP",
        B,
        task_key="S05",
        entries={"clean_end": "2026-03-01T20:00:00Z"},
        event_at=clock.text(started + timedelta(seconds=5)),
    )
    assert ("S05", 19, "minor") in cart.exceptions(B)
    row = cart.values(B)["S05", "", "clean_end"]
    assert row["event_at"] < row["recorded_at"]


@pytest.mark.requirement("N-14", "N-05", "DI-12")
def test_a_second_measurement_needs_a_reason_and_both_are_kept(cart: Cart) -> None:
    begin(cart, "S20")
    cart.act(record_values, "MFG_OP", B, task_key="S20", entries={"v_lvv": "1.30"})
    cart.act(record_values, "MFG_OP", B, task_key="S20", entries={"v_lvv": "1.33"}, reasons={"v_lvv": "Pipette replaced."})
    assert [r["text"] for r in cart.rows(ParameterValue, B, parameter_id="v_lvv")] == ["1.30", "1.33"]
    assert cart.exceptions(B) == [("S20", 21, "minor")]


@pytest.mark.requirement("P11-16", "P11-15")
def test_only_the_named_role_signs_and_nobody_signs_twice(cart: Cart) -> None:
    begin(cart, "S03")
    cart.floor.record(B, visit("S03"))
    with pytest.raises(NotPermittedError):
        sign(cart, "QA_DISP", "S03", "performed_by")
    sign(cart, "MFG_OP", "S03", "performed_by")
    operator, proof = cart.crew["MFG_OP"]
    both = replace(operator, roles=frozenset({"MFG_OP", "MFG_WIT"}))
    with pytest.raises(SamePersonError):
        perform(
            cart.site, sign_task, actor=both, stream=f"batch:{B}", batch_id=B, task_key="S03", meaning="witnessed_by", proof=proof
        )
    assert sign(cart, "MFG_WIT", "S03", "witnessed_by")["completed"]


@pytest.mark.requirement("P11-16", "D11-01")
def test_a_refused_second_signature_is_in_the_trail_as_critical(cart: Cart) -> None:
    begin(cart, "S03")
    cart.floor.record(B, visit("S03"))
    sign(cart, "MFG_OP", "S03", "performed_by")
    operator, proof = cart.crew["MFG_OP"]
    both = replace(operator, roles=frozenset({"MFG_OP", "MFG_WIT"}))
    with pytest.raises(SamePersonError):
        perform(
            cart.site, sign_task, actor=both, stream=f"batch:{B}", batch_id=B, task_key="S03", meaning="witnessed_by", proof=proof
        )
    assert [e["tag"] for e in audit_trail(cart.site, f"batch:{B}", critical=True)] == ["signature:refused"]


@pytest.mark.requirement("P11-24", "N-12")
def test_a_meaning_that_the_step_does_not_offer_and_a_step_not_started_are_refused(cart: Cart) -> None:
    begin(cart, "S03")
    with pytest.raises(MeaningNotAllowedError):
        sign(cart, "MFG_OP", "S03", "released_by")
    with pytest.raises(Exception, match=r"not open|never was"):
        sign(cart, "MFG_OP", "S04", "performed_by")


@pytest.mark.requirement("P11-25", "D11-11", "N-08")
def test_a_correction_makes_the_signatures_over_it_invalid(cart: Cart) -> None:
    from engine.batch_record import BatchRecord

    begin(cart, "S20")
    cart.floor.finish(B, visit("S20"))
    value = cart.values(B)["S20", "", "v_lvv"]
    cart.act(correct_value, "MFG_OP", B, value_id=value["id"], text="1.34", reason="Misread the pipette.")
    with cart.site.read() as reader:
        batch = BatchRecord(cart.site, reader, B)
        assert [still_valid(batch, s) for s in batch.signatures("S20")] == [False, False]
        assert all(still_valid(batch, s) for s in batch.signatures("S19"))


@pytest.mark.requirement("P11-11", "DI-05")
def test_what_was_calculated_from_a_corrected_value_is_calculated_again(cart: Cart) -> None:
    begin(cart, "S20")
    cart.floor.finish(B, visit("S20"))
    value = cart.values(B)["S20", "", "v_lvv"]
    cart.act(correct_value, "MFG_OP", B, value_id=value["id"], text="4.00", reason="Misread the pipette.")
    rows = cart.rows(ParameterValue, B, parameter_id="moi")
    assert [r["value"][:4] for r in sorted(rows, key=lambda r: r["recorded_at"])] == ["3.00", "9.03"]
    assert ("S20", 4, "major") in cart.exceptions(B)
    assert len(cart.rows(Correction, B)) == 2


@pytest.mark.requirement("A11-10", "P11-11")
def test_a_correction_needs_a_reason_and_only_the_value_that_counts_is_corrected(cart: Cart) -> None:
    begin(cart, "S20")
    cart.act(record_values, "MFG_OP", B, task_key="S20", entries={"v_lvv": "1.33"})
    value = cart.values(B)["S20", "", "v_lvv"]
    for empty in ("", "x", "..."):
        with pytest.raises(ReasonRequiredError):
            cart.act(correct_value, "MFG_OP", B, value_id=value["id"], text="1.34", reason=empty)
    cart.act(correct_value, "MFG_OP", B, value_id=value["id"], text="1.34", reason="Misread.")
    with pytest.raises(CorrectionRefusedError):
        cart.act(correct_value, "MFG_OP", B, value_id=value["id"], text="1.35", reason="Once more.")


@pytest.mark.requirement("P11-17", "G-03", "DI-01")
def test_a_device_that_was_not_scanned_or_sends_another_unit_is_refused_and_that_is_noted(cart: Cart) -> None:
    cart.floor.at(visit("S01").started_at)
    cart.issue(B)
    with pytest.raises(ReadingRefusedError, match="not assigned"):
        _post(cart, "LOG-01", "S02", "t_min", "3.1", "C")
    for there in recorded("S01"):
        cart.floor.run(B, [there])
    cart.floor.at(visit("S02").started_at)
    cart.floor.begin(B, visit("S02"))
    with pytest.raises(ReadingRefusedError, match="is in C"):
        _post(cart, "LOG-01", "S02", "t_min", "38", "F")
    assert [e["tag"] for e in audit_trail(cart.site, f"batch:{B}", what="reading:refused")] == ["reading:refused"] * 2


@pytest.mark.requirement("DI-04", "MHRA-02")
def test_an_accepted_reading_leads_back_to_its_device_and_a_typed_one_is_exception_9(cart: Cart) -> None:
    begin(cart, "S02")
    reading = _post(cart, "LOG-01", "S02", "t_min", "3.1", "C")["reading"]
    cart.act(accept_readings, "MFG_OP", B, task_key="S02", readings={"t_min": reading})
    cart.act(record_values, "MFG_OP", B, task_key="S02", entries={"t_max": "6.8"})
    values = cart.values(B)
    assert values["S02", "", "t_min"]["reading_id"] == reading
    assert values["S02", "", "t_max"]["source"] == "manual"
    assert cart.exceptions(B) == [("S02", 9, "minor")]


@pytest.mark.requirement("C4-02", "G-07")
def test_a_step_with_a_minor_exception_is_signed_only_with_a_comment(cart: Cart) -> None:
    begin(cart, "S02")
    cart.floor.record(B, replace(visit("S02"), values={"t_min": "1.5", "t_max": "6.8"}))
    with pytest.raises(CommentRequiredError):
        sign(cart, "MFG_OP", "S02", "performed_by")
    assert sign(cart, "MFG_OP", "S02", "performed_by", comments={"t_min": "Logger near the ice pack."})["signed"]


@pytest.mark.requirement("P11-15", "G-21", "P11-19")
def test_without_training_nobody_acts_and_the_state_is_kept_with_each_signature(cart: Cart) -> None:
    begin(cart, "S03")
    stranger = Actor("sam", "Sam Adeyemi", frozenset({"MFG_OP"}), "person", "s", True)
    with cart.site.read() as reader:
        trained = {s["training_state"] for s in reader.rows(Signature, batch_id=B)}
    assert trained == {"valid"}
    cart.floor.at(clock.now() + timedelta(days=800))
    with pytest.raises(TrainingMissingError):
        perform(
            cart.site, record_values, actor=stranger, stream=f"batch:{B}", batch_id=B, task_key="S03", entries={"intact": "true"}
        )


def test_a_held_batch_stands_still_until_quality_lifts_the_hold(cart: Cart) -> None:
    begin(cart, "S03")
    cart.act(hold_batch, "MFG_SUP", B, reason="Power failure in suite 3.")
    with pytest.raises(BatchHeldError):
        cart.floor.record(B, visit("S03"))
    with pytest.raises(NotPermittedError):
        cart.act(resume_batch, "MFG_SUP", B, reason="Power is back.", proof=True)
    cart.act(resume_batch, "QA_FLR", B, reason="Power is back, suite checked.", proof=True)
    cart.floor.finish(B, visit("S03"))
    assert cart.task(B, "S03")["state"] == "completed"


@pytest.mark.requirement("S88-04", "G-17")
def test_a_batch_runs_the_frozen_copy_of_the_approved_revision_and_its_number_is_used_once(cart: Cart) -> None:
    cart.floor.at(visit("S01").started_at)
    cart.issue(B)
    with cart.site.read() as reader:
        row = reader.get(Batch, id=B)
        approved = reader.fetch("SELECT hash FROM recipe_revision WHERE id = 'MR-CART-001@3.0'")[0][0]
    assert row["recipe_hash"] == approved
    with pytest.raises(DuplicateRecordError):
        cart.issue(B)


def test_an_order_with_several_faults_says_all_of_them_and_starts_nothing(cart: Cart) -> None:
    actor, proof = cart.crew["MFG_SUP"]
    bad = ORDER | {"weight_kg": "seventy", "collection_end": "yesterday"}
    with pytest.raises(FormError) as refused:
        perform(
            cart.site, start_batch, actor=actor, stream=f"batch:{B}", recipe_id="MR-CART-001", batch_id=B, order=bad, proof=proof
        )
    assert {p.field for p in refused.value.problems} == {"weight_kg", "collection_end"}
    with pytest.raises(OrderRefusedError):
        cart.issue(B, ORDER | {"din": "G1234 98 654321 K"})
    with cart.site.read() as reader:
        assert reader.find(Batch, id=B) is None


@pytest.mark.requirement("P11-13")
def test_a_form_drawn_before_the_step_changed_is_refused(cart: Cart) -> None:
    begin(cart, "S20")
    version = cart.task(B, "S20")["version"]
    sign_version = version - 1
    with pytest.raises(StaleRecordError):
        cart.act(record_values, "MFG_OP", B, task_key="S20", entries={"v_lvv": "1.33"}, version=sign_version)
    with pytest.raises(TaskNotReadyError):
        cart.act(start_task, "MFG_OP", B, task_key="S20")


def test_an_entry_can_set_neither_a_calculated_nor_an_unknown_value(cart: Cart) -> None:
    begin(cart, "S20")
    with pytest.raises(EntryRefusedError) as refused:
        cart.act(record_values, "MFG_OP", B, task_key="S20", entries={"moi": "3", "par_high": "99", "titer": "1"})
    assert refused.value.details["problems"].keys() == {"moi", "par_high", "titer"}
    assert "S20" not in {k[0] for k in cart.values(B) if k[2] != "titer"}


@pytest.mark.requirement("G-01", "G-02")
def test_production_triages_nothing_and_a_critical_exception_is_not_accepted_by_comment(cart: Cart) -> None:
    cart.floor.at(visit("S01").started_at)
    cart.issue(B)
    cart.hands.start("MFG_OP", B, "S01")
    cart.act(scan, "MFG_OP", B, task_key="S01", code="COI-NVX-000118")
    (row,) = cart.rows(ExceptionRecord, B)
    with pytest.raises(NotPermittedError):
        cart.act(triage_exception, "MFG_SUP", B, exception_id=row["id"], kind="accept", text="Label swapped.", proof=True)
    cart.act(decide, "QA_FLR", B, task_key="S01", outcome="proceed", reason="Label swapped, bag is right.", proof=True)
    with pytest.raises(OutcomeNotAllowedError):
        cart.act(triage_exception, "QA_DISP", B, exception_id=row["id"], kind="accept", text="Label swapped.", proof=True)
    done = cart.act(
        triage_exception,
        "QA_DISP",
        B,
        exception_id=row["id"],
        kind="deviation",
        text="Label swapped.",
        reference="DEV-1",
        proof=True,
    )
    assert done["kind"] == "deviation"


def test_quality_ends_a_batch_early_with_a_reason_and_nothing_of_it_stays_open(cart: Cart) -> None:
    begin(cart, "S03")
    cart.act(terminate_batch, "QA_FLR", B, reason="The clinic cancelled.", proof=True)
    assert cart.task(B, "S03")["state"] == "withdrawn"
    assert [r["result"] for r in cart.rows(Scan, B, result="refused")] == []


def _post(cart: Cart, device: str, step: str, parameter: str, text: str, uom: str) -> dict:
    actor = Actor(device, device, frozenset(), "device")
    return perform(
        cart.site,
        post_reading,
        actor=actor,
        stream=f"batch:{B}",
        source="device",
        batch_id=B,
        step_id=step,
        parameter_id=parameter,
        text=text,
        uom=uom,
        measured_at=clock.text(clock.now()),
    )


@pytest.mark.requirement("G-12")
def test_a_hold_time_exceeded_before_its_step_opens_blocks_that_step_once_it_is_open(cart: Cart) -> None:
    begin(cart, "S30")
    cart.floor.at(visit("S29").ended_at + timedelta(minutes=241))
    assert cart.exceptions(B) == [("S32", 18, "minor"), ("S32", 18, "major")]
    cart.floor.finish(B, visit("S30"))
    cart.floor.begin(B, visit("S31"))
    cart.floor.finish(B, visit("S31"))
    assert (cart.task(B, "S32")["state"], cart.task(B, "S32")["blocked"]) == ("open", 1)


@pytest.mark.requirement("G-12")
def test_a_late_daily_sample_concerns_the_next_one_only(cart: Cart) -> None:
    days = [v for v in recorded() if v.step_id == "S24"]
    cart.run(B, [v for v in recorded() if v.ended_at <= days[0].ended_at])
    cart.floor.at(days[0].ended_at + timedelta(hours=27, minutes=5))
    assert cart.exceptions(B) == [("S24", 18, "minor")]
    late = replace(days[1], started_at=clock.now() + timedelta(minutes=1), ended_at=clock.now() + timedelta(minutes=20))
    cart.floor.run(B, [late])
    assert cart.task(B, "S24", "D4")["state"] == "completed"
    assert [e[1] for e in cart.exceptions(B)] == [18]


@pytest.mark.requirement("P4-02")
def test_a_suite_serves_one_patient_until_that_batch_has_ended(cart: Cart) -> None:
    begin(cart, "S05")
    suite = next(s["equipment_id"] for s in cart.rows(Scan, B, kind="equipment") if s["name"] == "cleanroom suite")
    with cart.site.read() as reader:
        assert reader.get(Equipment, id=suite)["batch_id"] == B
    cart.act(terminate_batch, "QA_FLR", B, reason="The clinic cancelled.", proof=True)
    with cart.site.read() as reader:
        assert reader.get(Equipment, id=suite)["batch_id"] is None


def test_a_second_block_asks_those_again_who_decided_on_the_first(cart: Cart) -> None:
    begin(cart, "S04")
    cart.floor.record(B, replace(visit("S04"), values={"viab": "78"}))
    cart.act(
        request_departure,
        "PROC",
        B,
        task_key="S04",
        departure_id="PD-1",
        parameter_id="viab",
        reason="No second collection.",
        risk="Slow growth.",
        mitigation="Daily counts.",
    )
    cart.act(decide, "PROC", B, task_key="S04", outcome="proceed", reason="Agreed by MSAT.", proof=True)
    cart.floor.record(B, replace(visit("S04"), values={"tnc": "8990000000", "cd3_pct": "5"}))
    answer = cart.act(decide, "MED", B, task_key="S04", outcome="proceed", reason="Agreed.", proof=True)
    assert "PROC" in answer["open_roles"]


@pytest.mark.requirement("DI-07")
def test_a_pass_that_contradicts_the_limit_is_an_exception_of_its_own(cart: Cart) -> None:
    begin(cart, "S16")
    with pytest.raises(EntryRefusedError):
        cart.act(record_values, "MFG_OP", B, task_key="S16", entries={"seed_n": "4e7"}, verdicts={"seed_n": "fine"})
    cart.act(record_values, "MFG_OP", B, task_key="S16", entries={"seed_n": "4e7"}, verdicts={"seed_n": "pass"})
    assert {number for _, number, _ in cart.exceptions(B)} == {4, 40}
    assert cart.values(B)["S16", "", "seed_n"]["raw"] == "pass"


def test_a_calculation_that_is_exactly_at_its_limit_is_not_pushed_over_it_by_rounding() -> None:
    found = parse("24*ln(2)/ln(8/4)").evaluate({})
    assert found != 24
    assert settled(found) == 24


@pytest.mark.requirement("A11-07")
def test_a_verifier_sees_no_typed_value_before_reading_it_and_a_difference_is_not_signed(cart: Cart) -> None:
    begin(cart, "S05")
    cart.act(record_values, "MFG_OP", B, task_key="S05", entries={"clean_end": "2026-03-01T20:00:00Z"})
    sign(cart, "MFG_OP", "S05", "performed_by")
    seen = {role: task_view(cart.site, B, "S05", cart.crew[role][0])["values"].keys() for role in ("MFG_VER", "MFG_OP")}
    assert "clean_end" not in seen["MFG_VER"]
    assert "clean_end" in seen["MFG_OP"]
    read = cart.act(
        sign_task,
        "MFG_VER",
        B,
        task_key="S05",
        meaning="verified_by",
        proof=True,
        verification={"clean_end": "2026-03-01T21:00:00Z"},
    )
    assert not read["signed"]
    assert ("S05", 26, "minor") in cart.exceptions(B)


def test_an_error_of_the_engine_leaves_nothing_half_done_and_holds_the_batch_for_quality(
    cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(cart, "S03")
    cart.floor.record(B, visit("S03"))
    sign(cart, "MFG_OP", "S03", "performed_by")

    def broken(*_: object) -> None:
        raise EngineFaultError("S03 led nowhere.")

    monkeypatch.setattr("engine.workflow.Run.complete", broken)
    with pytest.raises(EngineFaultError):
        sign(cart, "MFG_WIT", "S03", "witnessed_by")
    monkeypatch.undo()
    with cart.site.read() as reader:
        batch = reader.get(Batch, id=B)
    assert batch["held"] == 1
    assert "S03 led nowhere" in batch["incident"]
    assert cart.task(B, "S03")["state"] == "performed"
    assert [s["slot"] for s in cart.rows(Signature, B, subject="task:S03")] == ["P"]
    cart.act(resume_batch, "QA_FLR", B, reason="Cause found and mended.", proof=True)
    assert sign(cart, "MFG_WIT", "S03", "witnessed_by")["completed"]
