"""The gates of review and disposition, and what their signatures do to the batch.

Source: 21 CFR 211.22, 211.192; EU GMP Annex 16; Part IV s.11.
"""

from __future__ import annotations

from typing import Any

from bpmn import vocabulary as v
from engine.actions import access
from engine.actions.completion import Progress, complete_if_ready, release_equipment
from engine.actions.findings import commented
from engine.actions.reasons import reason as said
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.errors import BatchClosedError, MeaningNotAllowedError, OpenItemsError
from engine.passwords import Proof
from engine.queries.counts import open_exceptions, review_counts
from engine.reader import Reader
from engine.records import DueTime, ExceptionRecord, Task
from engine.scope import Row
from engine.step_content import content, still_valid
from engine.transaction import Act, Actor

REJECTING = "rejected_by"
OPEN_STATES = ("open", "started", "performed")


def gate(act: Act, batch: BatchRecord, task: dict[str, Any], meaning: str) -> None:
    """Refuse a review or disposition while something it answers for is open. OpenItemsError lists all of it."""
    kind = batch.step(task).kind
    if kind == "production_review":
        silent = _named(act, batch).keys() - commented(act, batch)
        _refuse([f"{text} has no comment" for e, text in _named(act, batch).items() if e in silent])
    elif kind == "qa_review":
        _refuse(
            _untriaged(act, batch) + invalid_signatures(act, batch)
        )
    elif kind == "disposition" and meaning != REJECTING:
        _refuse(open_items(act, batch, disposing=task["key"]))


def open_items(reader: Reader, batch: BatchRecord, *, disposing: str) -> list[str]:
    """Everything that stands against a release, in words; empty when nothing does."""
    items = _untriaged(reader, batch)
    for state in OPEN_STATES:
        for row in reader.rows(Task, batch_id=batch.id, state=state):
            if row["step_id"] in batch.recipe.awaited and state == "open":
                continue  # a message that may come and that the end does not wait for
            if batch.task(row["key"])["state"] in OPEN_STATES and row["key"] != disposing:
                items.append(f"step {row['key']} is {state}")
    if batch.row["state"] != "QA_REVIEWED":
        items.append("the review by QA is missing, or was voided by a change after it")
    return items + invalid_signatures(reader, batch)


def invalid_signatures(reader: Reader, batch: BatchRecord) -> list[str]:
    """Signatures on reviews that no longer belong to what is on record, unless they were given again."""
    latest: dict[tuple[str, str], Row] = {}
    for row in reader.rows(Task, batch_id=batch.id, state="completed"):
        if batch.step(row).kind in ("production_review", "qa_review"):
            for signature in batch.signatures(row["key"]):
                latest[row["key"], signature["slot"]] = signature
    return [
        f"the signature on {key} no longer fits the record"
        for (key, _), s in latest.items()
        if not still_valid(batch, s)
    ]


def after_signature(act: Act, batch: BatchRecord, task: dict[str, Any], slot: v.Signature, meaning: str) -> Progress:
    """Complete the step if this was the last thing missing; a disposition then takes its effect."""
    if batch.step(task).kind != "disposition":
        return complete_if_ready(act, batch, task)
    if meaning == REJECTING:
        batch.change_task(task, state="completed", completed_at=act.now_text)
        close(act, batch, "REJECTED", meaning)
        return Progress()
    if batch.step(task).slots.keys() > {row["slot"] for row in batch.signatures(task["key"])}:
        return Progress()  # the others who release it have not signed yet
    meaning = batch.signatures(task["key"])[0]["meaning"]
    batch.change(state="RELEASED", disposition=meaning)
    act.note("batch:released", meaning=meaning, critical=True, counts=review_counts(act, batch.id))
    act.note(
        "batch:released",
        stream="site",
        batch=batch.id,
        product=batch.row["product"],
        person=act.actor.id,
        meaning=meaning,
    )
    return complete_if_ready(act, batch, task)


def close(act: Act, batch: BatchRecord, state: str, disposition: str) -> None:
    """The batch ends here: nothing of it is open any more, nothing of it is due."""
    for open_state in OPEN_STATES:
        for row in act.rows(Task, batch_id=batch.id, state=open_state):
            task = batch.task(row["key"])
            if task["state"] in OPEN_STATES:
                batch.change_task(task, state="withdrawn", completed_at=act.now_text)
    for due in act.rows(DueTime, batch_id=batch.id, state="waiting"):
        act.update(DueTime, {"id": due["id"]}, was=due, state="cancelled")
    release_equipment(act, batch)
    batch.change(state=state, disposition=disposition, held=0)
    act.note(f"batch:{state.lower()}", critical=True, disposition=disposition)
    act.note(f"batch:{state.lower()}", stream="site", batch=batch.id)


def release_conditionally(act: Act, *, actor: Actor, batch_id: str, proof: Proof, reason: str) -> dict[str, Any]:
    """The first of two steps of release, before the last results are in. Source: EU GMP Part IV s.11.

    Everything but results of the specification that are not recorded yet must be closed, and none recorded may depart.
    """
    batch = access.open_batch(act, batch_id)
    role = access.permit(actor, ("QA_DISP", "QP"))
    results = [t for t in act.rows(Task, batch_id=batch_id) if batch.step(t).kind == "qc_results"]
    waiting = [t["key"] for t in results if t["state"] in OPEN_STATES]
    items = [
        i
        for i in open_items(act, batch, disposing="")
        if not any(i == f"step {key} is {s}" for key in waiting for s in OPEN_STATES)
    ]
    if not waiting:
        items.append("no result is outstanding: sign the disposition itself")
    _refuse(items)
    if batch.row["disposition"]:
        raise BatchClosedError(f"Batch {batch_id} is {batch.row['disposition']} already.")
    recorded = {p for key in waiting for p in batch.values(key)}
    record = {
        "batch": batch_id,
        "reason": said(reason),
        "outstanding": waiting,
        "recorded": sorted(recorded),
        "counts": review_counts(act, batch_id),
    }
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"batch:{batch_id}:conditional",
        slot="Q",
        meaning="released_conditionally_by",
        role=role,
        record=record,
        batch=batch,
    )
    batch.change(disposition="released_conditionally_by")
    act.note("batch:released_conditionally", critical=True, reason=said(reason), signature=signature["id"])
    batch.save(act)
    return {"batch": batch_id, "disposition": "released_conditionally_by", "signature": signature["id"]}


def review_again(act: Act, *, actor: Actor, batch_id: str, task_key: str, meaning: str, proof: Proof) -> dict[str, Any]:
    """Sign a review again after a change voided its signature. Source: draft Annex 11 s.13."""
    batch = access.open_batch(act, batch_id)
    task = batch.task(task_key)
    step = batch.step(task)
    slot = next((s for s in step.signatures if meaning in s.meanings), None)
    if slot is None or step.kind not in ("production_review", "qa_review") or task["state"] != "completed":
        raise MeaningNotAllowedError(meaning)
    role = access.permit(actor, slot.roles)
    if step.kind == "qa_review":
        _refuse(_untriaged(act, batch))
    else:
        gate(act, batch, task, meaning)
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"task:{task_key}",
        slot=slot.code,
        meaning=meaning,
        role=role,
        record=content(batch, task),
        batch=batch,
        task=task,
    )
    if step.kind == "qa_review" and not invalid_signatures(act, batch):
        batch.change(state="QA_REVIEWED")
    act.note("review:repeated", task=task_key, signature=signature["id"], critical=True)
    batch.save(act)
    return {"signature": signature["id"], "state": batch.row["state"]}


def _refuse(items: list[str]) -> None:
    if items:
        raise OpenItemsError("; ".join(items) + ".", items=items)


def _untriaged(reader: Reader, batch: BatchRecord) -> list[str]:
    """Exceptions that quality has not closed, in words."""
    named = _named(reader, batch)
    return [f"{named[e]} is not closed by quality" for e in open_exceptions(reader, batch.id)]


def _named(reader: Reader, batch: BatchRecord) -> dict[str, str]:
    """Every exception of the batch by id, as people know it: step, number, what was found."""
    rows = reader.rows(ExceptionRecord, batch_id=batch.id, order=("raised_at", "id"))
    return {row["id"]: f"{row['step_id'] or 'batch'}, exception {row['number']} ({row['message'].rstrip('.')})" for row in rows}
