"""What waits for a person: open steps they may work on, signatures they may give, blocks they may decide."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.actions import access
from engine.actions.access import CLOSED, performer_roles
from engine.actions.decisions import OUTCOMES
from engine.actions.tasks import open_slots
from engine.batch_record import BatchRecord
from engine.records import Batch, Decision, DueTime, Signature, Task
from engine.scope import Row
from engine.site import Site
from engine.transaction import Actor

WAITING = ("open", "started", "performed")


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do. `act` is start, work, sign, decide or wait; `due_at` the next hold time limit at this step.

    `kind`: of a batch, or of a process such as a revision's life cycle; then `batch_id` is what that is about.
    """

    batch_id: str
    coi: str
    recipe: str
    task_key: str
    step_id: str
    label: str
    title: str
    unit_procedure: str
    state: str
    act: str
    roles: tuple[str, ...]
    mine: bool
    due_at: str
    due_hold: str
    opened_at: str
    held: bool
    kind: str = "batch"


def worklist(site: Site, actor: Actor) -> list[WorkItem]:
    """Everything open on the site, what the actor may act on first, then by due time. `mine` marks the former."""
    with site.read() as reader:
        found: list[WorkItem] = []
        for row in reader.rows(Batch):
            if row["state"] not in CLOSED:
                found += batch_items(BatchRecord(site, reader, row["id"]), actor)
    return sorted(found, key=lambda i: (not i.mine, i.held, i.due_at or "9999", i.opened_at, i.batch_id))


def batch_items(batch: BatchRecord, actor: Actor) -> list[WorkItem]:
    """The open steps of one batch, as they stand for this person."""
    reader, found = batch.reader, []
    dues = reader.rows(DueTime, batch_id=batch.id, state="waiting", order=("due_at",))
    tasks = [task for state in WAITING for task in reader.rows(Task, batch_id=batch.id, state=state)]
    # What a correction blocked afterwards, or a block whose step was withdrawn, waits for its decision all the same.
    tasks += [task for task in reader.rows(Task, batch_id=batch.id, blocked=1) if task["state"] not in WAITING]
    if not batch.is_batch:  # what may come any time, such as a withdrawal, waits for nobody
        tasks = [task for task in tasks if task["step_id"] not in batch.recipe.awaited]
    for task in tasks:
        act, roles, barred = _act(batch, task)
        due = next(
            (d for d in dues if d["kind"] != "timer" and task["step_id"] in batch.recipe.holds[d["ref"]].to_steps),
            None,
        )
        mine = bool(actor.roles & set(roles)) and actor.id not in barred and act != "wait"
        step = batch.step(task)
        found.append(
            WorkItem(
                batch.id,
                batch.row["coi"],
                batch.recipe.title,
                task["key"],
                task["step_id"],
                task["label"],
                task["title"],
                step.unit_procedure,
                task["state"],
                act,
                tuple(roles),
                mine,
                due["due_at"] if due else "",
                due["ref"] if due else "",
                task["opened_at"],
                bool(batch.row["held"]),
                batch.row["kind"],
            )
        )
    return found


def _act(batch: BatchRecord, task: Row) -> tuple[str, list[str], set[str]]:
    """What is next at a task, which roles may do it, and who may not although they have the role."""
    step = batch.step(task)
    if task["blocked"]:
        done = {
            d["role"]: d["by"]
            for d in batch.reader.rows(Decision, batch_id=batch.id, task_key=task["key"])
            if d["outcome"] == OUTCOMES[0] and d["at"] >= (task["blocked_at"] or "")
        }
        return (
            "decide",
            [r for r in json.loads(task["decision_roles"]) if r not in done],
            {*done.values(), task["performed_by"] or ""},
        )
    if task["state"] == "open" and batch.is_batch:
        return "start", list(performer_roles(step)), set()
    if task["state"] == "open":
        first = next(iter(step.slots.values()))
        return "sign", list(first.roles), set(access.barred(batch, first))
    signed = batch.reader.rows(Signature, batch_id=batch.id, subject=f"task:{task['key']}")
    slots = open_slots(step, {row["slot"] for row in signed})
    if task["state"] == "started":
        return "work", list(next(iter(slots.values())).roles if slots else performer_roles(step)), set()
    roles = [role for slot in slots.values() for role in slot.roles]
    return ("sign" if roles else "wait"), roles or list(performer_roles(step)), {row["person_id"] for row in signed}
