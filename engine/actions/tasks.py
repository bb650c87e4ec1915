"""Start a step, sign it, complete it: the operator's acts, from the first touch to the next open step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn import vocabulary as v
from engine import clock
from engine.actions import access, change_rules, diagram_timers
from engine.actions.calculations import calculate
from engine.actions.completion import judge_step, missing_records
from engine.actions.dispositions import after_signature, gate
from engine.actions.exceptions import write_comment
from engine.actions.findings import comments_due, judge_and_raise
from engine.actions.holds import hold_event
from engine.actions.signatures import give_signature
from engine.actions.submissions import enter, take_readings
from engine.actions.values import master_values
from engine.actions.verification import compare
from engine.batch_record import BatchRecord
from engine.errors import (
    CommentRequiredError,
    EventTimeError,
    MeaningNotAllowedError,
    MissingRecordsError,
    SamePersonError,
    StaleRecordError,
)
from engine.passwords import Proof
from engine.rules.facts import EntryFacts
from engine.step_content import content, content_hash
from engine.transaction import Act, Actor


def start_task(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    version: int | None = None,
    event_at: str | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Start an open step: its hold times end or begin here, and values can be recorded from now on.

    `event_at`: ISO instant of the real start where it is entered late. Raises TaskNotReadyError, NotPermittedError,
    TrainingMissingError, TaskBlockedError, EventTimeError.
    """
    batch = access.open_batch(act, batch_id, task_key)
    task = batch.task(task_key)
    step = batch.step(task)
    access.permit(actor, access.performer_roles(step))
    access.require_training(act, actor, batch, task)
    if task["state"] != "open":
        raise access.not_ready(task)
    access.fresh(task, version)
    access.unblocked(task)
    at = access.event_instant(act, task, event_at)
    if clock.text(at) < task["opened_at"]:
        raise EventTimeError(f"{event_at} is before the step was open ({task['opened_at']}).")
    batch.change_task(task, state="started", started_at=clock.text(at), started_by=actor.id)
    shown = _late(act, batch, task, at, reason)
    shown += hold_event(act, batch, f"{step.id}.start", at, task)
    diagram_timers.recorded(act, batch, f"{step.id}.start")
    shown += master_values(act, actor, batch, task)
    shown += calculate(act, batch, task)
    if batch.row["state"] == "ISSUED":
        batch.change(state="IN_PROGRESS")
    act.note("task:started", task=task_key, event_at=clock.text(at), reason=reason)
    batch.save(act)
    return {"task": access.task_answer(task), "exceptions": shown}


def sign_task(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    meaning: str,
    proof: Proof,
    version: int | None = None,
    shown_hash: str | None = None,
    entries: Mapping[str, str] | None = None,
    readings: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    verdicts: Mapping[str, str] | None = None,
    comments: Mapping[str, str] | None = None,
    verification: Mapping[str, str] | None = None,
    event_at: str | None = None,
) -> dict[str, Any]:
    """Sign a started step in the slot that is the actor's; the performer's signature ends it, the last one completes it.

    `entries`, `readings`, `reasons`, `verdicts`: recorded first, in the same act. `comments`: exception id, parameter id
    or hold id -> comment. `verification`: what an independent verifier read, by parameter. `shown_hash`: of the content shown.
    A value recorded here that blocks the step leaves it recorded, judged and unsigned (answer `signed`: False).
    Source: 21 CFR 11.50, 11.70, 11.200.
    """
    batch = access.open_batch(act, batch_id, task_key)
    task = batch.task(task_key)
    slot_name, slot = _slot(batch, task, actor, meaning)
    lapsed = access.require_training(act, actor, batch, task)
    access.fresh(task, version)
    if shown_hash is not None and shown_hash != content_hash(batch, task):
        raise StaleRecordError("The record changed after it was shown to you.", version=task["version"])
    was_blocked, ends = task["blocked"], task["state"] == "started"
    shown = lapsed + _submit(act, actor, batch, task, entries or {}, readings or {}, reasons or {}, verdicts or {})
    if task["blocked"] and not was_blocked:
        act.note("value:recorded", task=task_key, parameters=sorted({*(entries or {}), *(readings or {})}))
        return _answer(act, batch, task, shown)
    access.unblocked(task)
    gate(act, batch, task, meaning)
    change_rules.gate(act, batch, task, actor, meaning)
    if ends:
        shown += _end(act, batch, task, actor, event_at)
    differing = _verify(act, batch, task, actor, slot, verification)
    if differing:
        act.note("verification:differed", task=task_key, parameters=sorted(differing), critical=True)
        return _answer(act, batch, task, shown) | {"differs": differing}
    _comment(act, batch, task, actor, comments or {}, shown)
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"task:{task_key}",
        slot=slot_name,
        meaning=meaning,
        role=access.permit(actor, slot.roles),
        record=content(batch, task),
        batch=batch,
        task=task,
    )
    if ends:
        batch.change_task(task, state="performed", performed_by=actor.id)
        shown += judge_step(act, batch, task)
    act.note("task:signed", task=task_key, meaning=meaning, slot=slot_name, signature=signature["id"])
    done = after_signature(act, batch, task, slot, meaning)
    answer = _answer(act, batch, task, shown + done.exceptions)
    return answer | {"signed": True, "signature": signature["id"], "opened": done.opened}


def _answer(act: Act, batch: BatchRecord, task: dict[str, Any], shown: list[dict[str, Any]]) -> dict[str, Any]:
    """Write what changed; the answer says unsigned until somebody adds that it was signed."""
    batch.save(act)
    return {
        "task": access.task_answer(task),
        "exceptions": shown,
        "signed": False,
        "completed": task["state"] == "completed",
        "opened": [],
    }


def _submit(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    entries: Mapping[str, str],
    readings: Mapping[str, str],
    reasons: Mapping[str, str],
    verdicts: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Record what came with a signature, as those may who work on the step."""
    if not (entries or readings or verdicts):
        return []
    access.permit(actor, access.performer_roles(batch.step(task)))
    shown = enter(act, actor, batch, task, entries, reasons, None, verdicts) if entries or verdicts else []
    return shown + (take_readings(act, actor, batch, task, readings, reasons) if readings else [])


def _verify(
    act: Act,
    batch: BatchRecord,
    task: dict[str, Any],
    actor: Actor,
    slot: v.Signature,
    verification: Mapping[str, str] | None,
) -> dict[str, str]:
    """What an independent verifier read otherwise than recorded. Nobody verifies a step that only they worked on."""
    if slot.code == "P" or "P" not in batch.step(task).slots:
        return {}
    if verification is None and slot.meanings[0] != "verified_by":
        return {}
    return compare(act, batch, task, actor, verification or {})


def open_slots(step: v.Step, signed: set[str]) -> dict[str, v.Signature]:
    """The signature slots of a step that nobody signed yet, in the order they are to be signed."""
    return {name: slot for name, slot in step.slots.items() if name not in signed}


def _slot(batch: BatchRecord, task: dict[str, Any], actor: Actor, meaning: str) -> tuple[str, v.Signature]:
    """The slot this person may sign now: the performer's first, then the others; never two by the same person."""
    if task["state"] not in ("started", "performed"):
        raise access.not_ready(task)
    given = batch.signatures(task["key"])
    waiting = open_slots(batch.step(task), {row["slot"] for row in given})
    if not waiting:
        raise access.not_ready({**task, "state": "performed"})
    if "P" in waiting:
        waiting = {"P": waiting["P"]}
    fitting = {name: slot for name, slot in waiting.items() if meaning in slot.meanings}
    if not fitting:
        open_here = ", ".join(v.MEANINGS[m] for slot in waiting.values() for m in slot.meanings)
        raise MeaningNotAllowedError(f"Open here: {open_here}.")
    access.permit(actor, [role for slot in fitting.values() for role in slot.roles])
    performed = task["performed_by"] == actor.id and "P" not in fitting
    if performed or any(row["person_id"] == actor.id for row in given):
        raise SamePersonError(f"{actor.full_name} has signed {task['key']} already.").recording(
            _refused_signature, f"batch:{batch.id}", batch_id=batch.id, task_key=task["key"], meaning=meaning
        )
    name, slot = next((name, slot) for name, slot in fitting.items() if actor.roles.intersection(slot.roles))
    if why := access.barred(batch, slot).get(actor.id):
        raise SamePersonError(f"{actor.full_name} {why}.").recording(
            _refused_signature, f"batch:{batch.id}", batch_id=batch.id, task_key=task["key"], meaning=meaning
        )
    return name, slot


def _refused_signature(act: Act, *, actor: Actor, batch_id: str, task_key: str, meaning: str) -> dict[str, Any]:
    act.note("signature:refused", task=task_key, meaning=meaning, why="the same person", critical=True)
    return {}


def _end(act: Act, batch: BatchRecord, task: dict[str, Any], actor: Actor, event_at: str | None) -> list[dict[str, Any]]:
    """The step ends: its end, what is calculated from it, the hold times that hang on it; nothing it asks for is missing."""
    at = access.event_instant(act, task, event_at)
    batch.change_task(task, ended_at=clock.text(at))
    shown = _late(act, batch, task, at, "")
    shown += master_values(act, actor, batch, task)
    missing = missing_records(act, batch, task, after_end=False)
    if missing:
        raise MissingRecordsError("; ".join(missing), missing=missing)
    shown += calculate(act, batch, task, final=True)
    diagram_timers.recorded(act, batch, f"{task['step_id']}.end")
    return shown + hold_event(act, batch, f"{task['step_id']}.end", at, task)


def _late(act: Act, batch: BatchRecord, task: dict[str, Any], at: Any, reason: str) -> list[dict[str, Any]]:
    if at == act.now:
        return []
    time_of_step = v.Parameter(id="time", name=f"Time of {task['key']}", type="date_time")
    facts = EntryFacts(
        parameter=time_of_step,
        source_used="manual",
        source_expected="manual",
        n=1,
        reason=reason,
        event_at=at,
        entered_at=act.now,
        late_after=batch.late_after,
    )
    return judge_and_raise(act, batch, "entry", facts, task)


def _comment(
    act: Act,
    batch: BatchRecord,
    task: dict[str, Any],
    actor: Actor,
    comments: Mapping[str, str],
    shown: list[dict[str, Any]],
) -> None:
    """Write the comments that came with the signature. What this very act found may be commented later, before completion."""
    due = comments_due(act, batch, task)
    for row in due:
        text = next((comments[k] for k in (row["id"], row["parameter_id"], row["hold_id"]) if k and k in comments), "")
        if text.strip():
            write_comment(act, batch, row["id"], actor, text)
    new = {item["id"] for item in shown}
    silent = [row for row in comments_due(act, batch, task) if row["id"] not in new]
    if silent:
        raise CommentRequiredError(
            "; ".join(row["message"] for row in silent), exceptions={row["id"]: row["message"] for row in silent}
        )
