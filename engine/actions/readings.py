"""Readings that registered devices post. A reading is the original; a person's acceptance makes it the step's value.

Source: 21 CFR 11.10(h), 211.68; ALCOA+ original.
"""

from __future__ import annotations

from typing import Any

from engine import clock
from engine.actions import access
from engine.actions.values import applicable
from engine.batch_record import BatchRecord
from engine.errors import EventTimeError, ReadingRefusedError
from engine.form import needed_field
from engine.records import Equipment, Reading, Task
from engine.rules.equipment import READY
from engine.transaction import Act, Actor
from forms.form import check


def post_reading(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    step_id: str,
    parameter_id: str,
    text: str,
    uom: str,
    measured_at: str,
) -> dict[str, Any]:
    """Keep what a device measured for a parameter of a started step, as it sent it.

    Refused (and noted) unless the device is ready, calibrated at `measured_at`, assigned to the batch by a scan, of a
    class that the step uses, and sends the parameter's unit of measure. Answer: `reading`, its id.
    """
    if actor.kind != "device":
        raise ReadingRefusedError("Only a registered device posts readings.")
    batch = access.open_batch(act, batch_id)
    at = access.instant_of(measured_at)
    if at > act.now:
        raise EventTimeError(f"{measured_at} lies in the future.")
    equipment = act.get(Equipment, id=actor.id)
    refusal = _refusal(act, batch, equipment, step_id, parameter_id, text, uom, clock.text(at))
    if refusal:
        raise ReadingRefusedError(refusal).recording(
            note_refused_reading,
            f"batch:{batch_id}",
            step_id=step_id,
            parameter_id=parameter_id,
            text=text,
            why=refusal,
        )
    row = act.insert(
        Reading,
        id=act.new_id("reading"),
        batch_id=batch_id,
        equipment_id=equipment["id"],
        step_id=step_id,
        parameter_id=parameter_id,
        text=text,
        uom=uom,
        measured_at=clock.text(at),
        received_at=act.now_text,
        device_config=equipment["software_version"],
    )
    act.note("reading:received", step=step_id, parameter=parameter_id, equipment=equipment["id"])
    batch.save(act)
    return {"reading": row["id"]}


def note_refused_reading(
    act: Act, *, actor: Actor, step_id: str, parameter_id: str, text: str, why: str
) -> dict[str, Any]:
    """A device's reading that was not taken: who sent it and why not."""
    act.note("reading:refused", step=step_id, parameter=parameter_id, text=text[:200], why=why)
    return {}


def _refusal(
    act: Act,
    batch: BatchRecord,
    equipment: dict[str, Any],
    step_id: str,
    parameter_id: str,
    text: str,
    uom: str,
    at: str,
) -> str:
    """Why this device may not report this, or nothing."""
    name = equipment["id"]
    if equipment["status"] not in READY:
        return f"{name} is {equipment['status']}."
    if equipment["calibration_due_at"] and equipment["calibration_due_at"] < at:
        return f"The calibration of {name} was due at {equipment['calibration_due_at']}."
    if not any(s["equipment_id"] == name for s in batch.scans):
        return f"{name} is not assigned to batch {batch.id}: scan it at the step first."
    started = [t for t in act.rows(Task, batch_id=batch.id, step_id=step_id) if t["state"] in ("started", "performed")]
    if not started:
        return f"{step_id} of batch {batch.id} is not started."
    task = batch.task(started[-1]["key"])
    parameter = applicable(batch, task).get(parameter_id)
    if parameter is None or parameter.source != "device":
        return f"{step_id} takes no reading of {parameter_id}."
    if equipment["equipment_class"] not in batch.step(task).equipment:
        return f"{step_id} is not done with a {equipment['equipment_class']}."
    if uom != parameter.uom:
        return f"{name} sent {uom or 'no unit of measure'}, {parameter.name} is in {parameter.uom or 'none'}."
    if at < task["started_at"]:
        return f"{name} measured before {step_id} was started."
    check([needed_field(parameter)], {parameter_id: text}, act.site.zone)
    return ""
