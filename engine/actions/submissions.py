"""What a person submits at a step, checked against the step's own fields: typed entries and accepted readings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bpmn import vocabulary as v
from engine import clock
from engine.actions import access
from engine.actions.calculations import calculate
from engine.actions.values import Origin, applicable, write_value
from engine.batch_record import BatchRecord
from engine.errors import AlreadyRecordedError, EntryRefusedError, ReadingRefusedError
from engine.form import field_of, needed_field
from engine.scope import Row
from engine.transaction import Act, Actor
from forms.field import Entry
from forms.form import check


def enter(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    entries: Mapping[str, str],
    reasons: Mapping[str, str],
    event_at: str | None,
    verdicts: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Check a submission against the step's own fields, record it, then calculate what can be calculated."""
    asked = applicable(batch, task)
    _refuse_the_systems_own(batch.step(task), asked, entries)
    _refuse_wrong_verdicts(asked, entries, verdicts or {})
    checked = check([field_of(p) for p in asked.values() if _typed_by_hand(p) and p.id in entries], entries, act.site.zone)
    at = access.event_instant(act, task, event_at)
    recorded = batch.values(task["key"])
    again = [p for p in checked if p in recorded and not reasons.get(p, "").strip()]
    if again:
        raise _recorded_already(again, recorded, entries)
    shown: list[dict[str, Any]] = []
    for parameter_id, entry in checked.items():
        access.after_end_only(task, asked[parameter_id])
        if batch.is_batch:  # a process of the site plans ahead; a batch records what has happened
            _refuse_future(act, asked[parameter_id], entry)
        reason, verdict = reasons.get(parameter_id, ""), (verdicts or {}).get(parameter_id, "")
        origin = Origin(actor=actor, source="manual", event_at=at, reason=reason, verdict=verdict)
        shown += write_value(act, batch, task, asked[parameter_id], entry, origin)
    return shown + calculate(act, batch, task)


def take_readings(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    readings: Mapping[str, str],
    reasons: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Record accepted readings as the step's values, each with its device and time of measurement."""
    asked, recorded, shown = applicable(batch, task), batch.values(task["key"]), []
    again = [p for p in readings if p in recorded and not reasons.get(p, "").strip()]
    if again:
        raise _recorded_already(again, recorded, {})
    for parameter_id, reading_id in readings.items():
        parameter = asked.get(parameter_id)
        row = access.reading(act, reading_id)
        if (
            parameter is None
            or parameter.source != "device"
            or row["batch_id"] != batch.id
            or (row["step_id"], row["parameter_id"]) != (task["step_id"], parameter_id)
        ):
            raise ReadingRefusedError(f"Reading {reading_id} was not taken for {task['step_id']} {parameter_id} of this batch.")
        if row["measured_at"] < task["started_at"]:
            raise ReadingRefusedError(f"Reading {reading_id} was taken before the step was started.")
        access.after_end_only(task, parameter)
        entry = check([needed_field(parameter)], {parameter_id: row["text"]})[parameter_id]
        measured, reason = clock.parse(row["measured_at"]), reasons.get(parameter_id, "")
        origin = Origin(actor=actor, source="device", event_at=measured, reason=reason, reading_id=reading_id)
        shown += write_value(act, batch, task, parameter, entry, origin)
    return shown + calculate(act, batch, task)


def _recorded_already(again: list[str], recorded: Mapping[str, Row], entries: Mapping[str, str]) -> AlreadyRecordedError:
    """The refusal of values that are there already; it gives the entries back, so that nobody types them twice."""
    told = "; ".join(f"{p} is {recorded[p]['text']}, by {recorded[p]['entered_by']}" for p in again)
    return AlreadyRecordedError(f"{told}.", parameters=again, entries=dict(entries))


def _typed_by_hand(parameter: v.Parameter) -> bool:
    return parameter.source in ("manual", "device")


def _refuse_the_systems_own(step: v.Step, asked: Mapping[str, v.Parameter], entries: Mapping[str, str]) -> None:
    origin = {
        "calc": "is calculated by the system",
        "scan": "is counted from scans",
        "master": "comes from the lot's certificate",
    }
    problems = {}
    for name in entries:
        parameter = step.parameter(name)
        if parameter is None:
            problems[name] = f"{name} is not a parameter of {step.id}."
        elif parameter.source in origin:
            problems[name] = f"{parameter.name} {origin[parameter.source]} and can't be typed."
        elif name not in asked:
            problems[name] = f"{parameter.name} is not asked for here, because {parameter.when} does not hold."
    if problems:
        raise EntryRefusedError(" ".join(problems.values()), problems=problems, entries=dict(entries))


def _refuse_wrong_verdicts(asked: Mapping[str, v.Parameter], entries: Mapping[str, str], verdicts: Mapping[str, str]) -> None:
    """A pass or fail came with each entry, as a laboratory reports it; a rule compares it with the limits."""
    wrong = {
        p: f"The verdict on {asked[p].name if p in asked else p} is pass or fail, for a value entered here."
        for p, word in verdicts.items()
        if word not in ("pass", "fail") or p not in entries
    }
    if wrong:
        raise EntryRefusedError(" ".join(wrong.values()), problems=wrong, entries=dict(entries))


def _refuse_future(act: Act, parameter: v.Parameter, entry: Entry) -> None:
    if parameter.type == "date_time" and isinstance(entry.value, datetime) and entry.value > act.now:
        text = f"{parameter.name} lies in the future. Enter it when it has happened."
        raise EntryRefusedError(text, problems={parameter.id: text})
