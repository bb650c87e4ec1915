"""Who may act on which task now, and at what time: the guards that every act on a batch shares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bpmn import vocabulary as v
from engine import clock
from engine.actions.findings import raise_findings
from engine.batch_record import BatchRecord
from engine.errors import (
    BatchClosedError,
    BatchHeldError,
    EventTimeError,
    NotPermittedError,
    StaleRecordError,
    TaskBlockedError,
    TaskNotReadyError,
    TrainingMissingError,
)
from engine.records import Change, ChangeItem, MaterialLot, Reading, RecipeDraft, RecipeRevision
from engine.rules import judge, training
from engine.rules.facts import StepFacts
from engine.scope import Row
from engine.training import Standing
from engine.training_facts import defining
from engine.transaction import Act, Actor

CLOSED = frozenset({"REJECTED", "TERMINATED", "COMPLETED"})


def open_batch(
    act: Act, batch_id: str, task_key: str = "", *, even_held: bool = False, even_closed: bool = False
) -> BatchRecord:
    """The batch of this act; refused when it is closed, or on hold. `task_key`: the one task that the act is about."""
    batch = BatchRecord.at_task(act, batch_id, task_key) if task_key else BatchRecord(act.site, act, batch_id)
    if batch.row["state"] in CLOSED and not even_closed:
        raise BatchClosedError(f"Batch {batch_id} is {batch.row['state'].lower()}.")
    if batch.row["held"] and not even_held:
        raise BatchHeldError(f"Reason: {batch.row['held_reason']}")
    return batch


def open_for_entry(
    act: Act, actor: Actor, batch_id: str, task_key: str, version: int | None
) -> tuple[BatchRecord, dict[str, Any]]:
    """Batch and task for somebody who records at a started step; checks role, training, state and the form's version."""
    batch = open_batch(act, batch_id, task_key)
    task = batch.task(task_key)
    permit(actor, performer_roles(batch.step(task)))
    require_training(act, actor, batch, task)
    if task["state"] not in ("started", "performed"):
        raise not_ready(task)
    fresh(task, version)
    return batch, task


def performer_roles(step: v.Step) -> tuple[str, ...]:
    """The roles that work on a step: those of its first signature (the performer's where there is one)."""
    first = next((s for s in step.signatures if s.code == "P"), None) or next(iter(step.signatures), None)
    return first.roles if first else ("MFG_OP",)


def permit(actor: Actor, roles: Iterable[str]) -> str:
    """The first of the roles that the actor has; NotPermittedError names those that would do."""
    wanted = tuple(roles)
    for role in wanted:
        if role in actor.roles:
            return role
    names = " or ".join(v.ROLES.get(role, role) for role in wanted)
    raise NotPermittedError(f"This needs the role {names}.", roles=list(wanted))


def role_text(actor: Actor, step: v.Step) -> str:
    """The role in which somebody records at a step, for the record."""
    return next((r for r in performer_roles(step) if r in actor.roles), next(iter(sorted(actor.roles)), actor.kind))


def standing(person_id: str, batch: BatchRecord, at: datetime, task: Row | None = None) -> Standing:
    """How a person stands at a task of a patient's batch at an instant; without a task, at every step of theirs.

    Where items of several revisions were adopted at its step, training is needed on each: the first that is missing.
    """
    step_id, instant = task["step_id"] if task else "", clock.text(at)
    revisions = defining(batch, task)
    found = [batch.trainings.standing(person_id, revision, step_id, instant) for revision in revisions]
    return next((one for one in found if not one.valid), found[0])


def training_state(act: Act, person_id: str, batch: BatchRecord, at: datetime, task: Row | None = None) -> str:
    """ "valid", "lapsed", "none": a person's training for a task, or for the batch, at an instant; else "not needed"."""
    return standing(person_id, batch, at, task).state if batch.is_batch else "not needed"


def trained(act: Act, person_id: str, batch: BatchRecord, at: datetime, task: Row | None = None) -> bool:
    """Whether a person may act on this run: on a patient's batch only with valid training."""
    return training_state(act, person_id, batch, at, task) in ("valid", "not needed")


def require_training(act: Act, actor: Actor, batch: BatchRecord, task: Row) -> list[dict[str, Any]]:
    """Refuse somebody without valid training for this task, and say what to read. Source: 21 CFR 211.25, 11.10(i).

    Who has worked on a running task, trained when it was started, may finish it: that is an exception, once for the task,
    and returned.
    """
    if actor.kind != "person" or trained(act, actor.id, batch, act.now, task):
        return []
    if may_finish(actor.id, batch, task):
        facts = StepFacts(
            step=batch.step(task), batch_id=batch.id, ended_at=act.now, training_valid_at_start=True, training_valid_at_end=False
        )
        found = judge("step", facts, (training,)).findings
        return raise_findings(act, batch, found, task, subject=training_subject(task))
    missing = standing(actor.id, batch, act.now, task)
    raise TrainingMissingError(
        what_to_read(missing, task["key"]), revision=missing.revision_id, reading=[one.reading for one in missing.asked]
    )


def may_finish(person_id: str, batch: BatchRecord, task: Row) -> bool:
    """Whether somebody without valid training may finish a running task: they work on it, and were trained at its start."""
    if task["state"] not in ("started", "performed") or person_id not in worked_on(batch, task):
        return False
    return standing(person_id, batch, clock.parse(task["started_at"]), task).valid


def worked_on(batch: BatchRecord, task: Row) -> set[str]:
    """Who has started a task, recorded or scanned something at it, or performed it."""
    entered = {row["entered_by"] for row in batch.value_rows(task["key"])}
    scanned = {row["by"] for row in batch.scans if row["task_key"] == task["key"]}
    return {person for person in (task["started_by"], task["performed_by"], *entered, *scanned) if person}


def training_subject(task: Row) -> str:
    """What an exception about training is about: the task, once, whoever it was."""
    return f"training:{task['key']}"


def what_to_read(missing: Standing, task_key: str) -> str:
    """What somebody without training is told: which revision to read, what of it, and where."""
    revision = missing.revision_id
    why = "has lapsed" if missing.state == "lapsed" else "is missing"
    asked = "; ".join(one.reading.strip().rstrip(".") for one in missing.asked) or "all of it"
    return (
        f"{task_key}: the training on {revision} {why}. To read under Training, {revision}: {asked}. Then sign there that you "
        "have read and understood it, or have a supervisor record your training."
    )


def not_ready(task: Row) -> TaskNotReadyError:
    """Why a task can't be worked on, in words."""
    words = {
        "open": "It has not been started.",
        "started": "It has been started already.",
        "performed": "Its performer has ended it already.",
        "withdrawn": "It was withdrawn.",
        "completed": "It is already completed",
    }
    text = words[task["state"]]
    if task["state"] == "completed":
        text += f", performed by {task['performed_by']} at {task['completed_at']}."
    return TaskNotReadyError(f"{task['key']}: {text}", task=task["key"], state=task["state"])


def fresh(task: Row, version: int | None) -> None:
    """Refuse a form that was drawn before the task changed."""
    if version is not None and version != task["version"]:
        raise StaleRecordError(
            f"{task['key']} is at version {task['version']}, your form at {version}.", version=task["version"]
        )


def barred(batch: BatchRecord, slot: v.Signature) -> dict[str, str]:
    """Who may not sign this slot although they have the role, and why: who signed a step that it differs from, and who
    wrote what the run is about: its revision, or of a change every revision of it, and who proposed it.

    Source: 21 CFR 211.186(a), a second person.
    """
    if not slot.differs:
        return {}
    found = _authors(batch)
    for step_id in slot.differs:
        for task in batch.tasks_of(step_id):
            found |= {row["person_id"]: f"has signed {task['title']}" for row in batch.signatures(task["key"])}
    return found


def _authors(batch: BatchRecord) -> dict[str, str]:
    """Who wrote, saved last or proposed what a run is about."""
    reader, subject = batch.reader, batch.row["subject"]
    if not subject:
        return {}
    change = reader.get(Change, id=subject) if batch.row["kind"] == "change" else None
    found = {change["opened_by"]: f"has opened {subject}"} if change else {}
    items = [row for row in reader.rows(ChangeItem, change_id=subject) if not row["withdrawn"]] if change else []
    for revision_id in dict.fromkeys(row["revision_id"] for row in items if row["revision_id"]) if change else [subject]:
        revision, draft = reader.find(RecipeRevision, id=revision_id), reader.find(RecipeDraft, revision_id=revision_id)
        found |= {row[by]: f"has written {revision_id}" for row, by in ((revision, "authored_by"), (draft, "saved_by")) if row}
    return found


def unblocked(task: Row) -> None:
    """Refuse to go on with a blocked task."""
    if task["blocked"]:
        ways = "hold, terminate or reject" if task["stopped"] else "proceed, hold, terminate or reject"
        raise TaskBlockedError(
            f"{task['key']}: the decision is to {ways}.", task=task["key"], roles=task["decision_roles"]
        )


def event_instant(act: Act, task: Row, text: str | None) -> datetime:
    """When an event happened: now, or the instant given; never before the step's start and never in the future."""
    if text is None:
        return act.now
    at = instant_of(text)
    if at > act.now:
        raise EventTimeError(f"{text} lies in the future.")
    if task["started_at"] and clock.text(at) < task["started_at"]:
        raise EventTimeError(f"{text} is before the step was started ({task['started_at']}).")
    return at


def instant_of(text: str) -> datetime:
    """An ISO 8601 instant with its offset; EventTimeError for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise EventTimeError(f"{text} is not a time like 2026-03-02T08:00:00+01:00.") from None
    if at.tzinfo is None:
        raise EventTimeError(f"{text} has no time zone.")
    return at


def after_end_only(task: Row, parameter: v.Parameter) -> None:
    """A value is recorded while the step runs; one that follows the step's end, after it."""
    if parameter.after_end != (task["state"] == "performed"):
        when = "after the step was ended" if parameter.after_end else "before the step is ended"
        raise TaskNotReadyError(f"{parameter.name} is recorded {when}.", task=task["key"], state=task["state"])


def task_answer(task: Row) -> dict[str, Any]:
    """What an answer says about a task."""
    return {name: task[name] for name in ("key", "step_id", "label", "state", "blocked", "stopped", "version")}


def reading(act: Act, reading_id: str) -> Mapping[str, Any]:
    """A device's reading by id."""
    return act.get(Reading, id=reading_id)


def lots_in_use(act: Act, batch: BatchRecord, materials: Iterable[str]) -> list[Mapping[str, Any]]:
    """The lots last scanned into the batch for these materials."""
    wanted = set(materials)
    if not wanted:
        return []
    latest = {s["name"]: s["lot_id"] for s in batch.scans if s["kind"] == "material" and s["name"] in wanted}
    return [act.get(MaterialLot, id=lot_id) for lot_id in latest.values()]


def lot_with(act: Act, batch: BatchRecord, materials: Iterable[str], name: str) -> tuple[str, str] | None:
    """Lot id and certificate value of the lot in use whose certificate has that entry."""
    for lot in lots_in_use(act, batch, materials):
        certificate = json.loads(lot["certificate"] or "{}")
        if name in certificate:
            return lot["id"], str(certificate[name])
    return None
