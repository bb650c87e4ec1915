"""Where a revision stands in its life cycle: what waits for whom, who signed, and which signatures a return to draft voided."""

from __future__ import annotations

from typing import Any

from bpmn import vocabulary as v
from engine.actions.access import barred
from engine.actions.life_cycle import KIND, open_steps
from engine.batch_record import BatchRecord
from engine.control_recipe import iteration_of
from engine.queries.signatures import signature_view
from engine.reader import Reader
from engine.records import Batch, Person, Task
from engine.scope import Row
from engine.site import Site
from engine.transaction import Actor


def life_cycle_view(site: Site, revision_id: str, actor: Actor) -> dict[str, Any]:
    """The life cycle of a revision. Without one, of a revision from before there was any, everything is empty.

    `held`: why it stands still, if it does. `waiting`: open steps with their roles, `mine` where this person may sign, else
    `why_not`, what an author stated `earlier`, and which steps signing it closes to this person (`bars`). `any_time`: what may
    come at any time, such as its withdrawal. `signatures`: each with `void`, who returned it, when and why. `said`: verdicts and
    reasons that people recorded, oldest first.
    """
    with site.read() as reader:
        row = reader.find(Batch, id=revision_id, kind=KIND)
        if row is None:
            return {"drawn": "", "held": "", "waiting": [], "any_time": [], "signatures": [], "said": []}
        return run_view(BatchRecord(site, reader, revision_id), actor)


def run_view(run: BatchRecord, actor: Actor) -> dict[str, Any]:
    """The same of any run of a process of the site."""
    reader, row = run.reader, run.row
    tasks = reader.rows(Task, batch_id=run.id, order=("opened_at", "key"))
    steps = [step_view(run, task, actor) for task in open_steps(reader, run.id)]
    return {
        "drawn": row["revision_id"],
        "held": row["incident"] or row["held_reason"],
        "waiting": [step for step in steps if step["step_id"] not in run.recipe.awaited],
        "any_time": [step for step in steps if step["step_id"] in run.recipe.awaited],
        "signatures": _signatures(run, tasks),
        "said": [said for task in tasks if task["state"] == "completed" and (said := _said(run, task))],
    }


def step_view(run: BatchRecord, task: Row, actor: Actor) -> dict[str, Any]:
    """One open step of a run as `run_view` has it; for lists, which show nothing else of the run."""
    slots = [slot for name, slot in run.step(task).slots.items() if name not in {s["slot"] for s in run.signatures(task["key"])}]
    slot = slots[0] if slots else None
    roles = list(slot.roles) if slot else []
    has_role = bool(actor.roles & set(roles))
    why_not = barred(run, slot).get(actor.id, "") if slot and has_role else ""
    return {
        "key": task["key"],
        "step_id": task["step_id"],
        "kind": run.step(task).kind,
        "title": task["title"],
        "label": task["label"],
        "roles": roles,
        "meanings": [v.MEANINGS[m] for m in slot.meanings] if slot else [],
        "opened_at": task["opened_at"],
        "mine": has_role and not why_not,
        "why_not": why_not,
        "bars": _closed_by(run, task["step_id"], actor) if has_role and not why_not else [],
        "earlier": _earlier(run, task) if slot and {"authored_by", "initiated_by"} & set(slot.meanings) else {},
    }


def last_word(site: Site, reader: Reader, run_id: str, kind: str = KIND) -> str:
    """Why a revision was rejected, withdrawn or retired, a change refused: what was said at the step that was completed last."""
    if reader.find(Batch, id=run_id, kind=kind) is None:
        return ""
    run = BatchRecord(site, reader, run_id)
    done = reader.rows(Task, batch_id=run_id, state="completed", order=("completed_at", "key"))
    said = _said(run, done[-1]) if done else None
    return str(said["why"]) if said else ""


def _closed_by(run: BatchRecord, step_id: str, actor: Actor) -> list[str]:
    """The titles of the steps that this person could sign, but no longer once they have signed this one."""
    steps = run.recipe.steps.values()
    return [s.title for s in steps if any(step_id in slot.differs and actor.roles & set(slot.roles) for slot in s.signatures)]


def _earlier(run: BatchRecord, task: Row) -> dict[str, str]:
    """What the author stated in the round before, by parameter, so that nobody types it twice."""
    done = [t for t in run.tasks_of(task["step_id"]) if t["state"] == "completed"]
    last = max(done, key=lambda t: t["completed_at"], default=None)
    return {name: row["text"] for name, row in run.values(last["key"]).items()} if last else {}


def _signatures(run: BatchRecord, tasks: list[Row]) -> list[dict[str, Any]]:
    """All signatures of the run, oldest first. Of a round that was followed by another one they are void."""
    found = []
    for task in tasks:
        following = [t["opened_at"] for t in tasks if _is_later_round(task, t)]
        void = _returned(run, tasks, task, min(following)) if following else None
        for row in run.signatures(task["key"]):
            found.append(signature_view(run, row) | {"title": task["title"], "label": task["label"], "void": void})
    return sorted(found, key=lambda row: (row["signed_at"], row["id"]))


def _is_later_round(task: Row, other: Row) -> bool:
    own, its = iteration_of(task["key"]), iteration_of(other["key"])
    return bool(own) and len(own) == len(its) and its > own


def _returned(run: BatchRecord, tasks: list[Row], task: Row, at: str) -> dict[str, str]:
    """Who ended the round of a task, and why: the last step that was completed in it."""
    own = iteration_of(task["key"])
    ended = [t for t in tasks if iteration_of(t["key"]) == own and t["state"] == "completed" and t["completed_at"] <= at]
    last = max(ended, key=lambda t: t["completed_at"], default=None)
    said = _said(run, last) if last else None
    return {"at": at, "by": said["by"] if said else "", "why": said["why"] if said else ""}


def _said(run: BatchRecord, task: Row) -> dict[str, Any] | None:
    """What somebody decided at a step, in words; None where nothing was asked."""
    values = run.values(task["key"])
    told = [(p, values[p.id]) for p in run.step(task).parameters if p.id in values and values[p.id]["value"]]
    if not told:
        return None
    return {
        "key": task["key"],
        "title": task["title"],
        "label": task["label"],
        "by": _name(run.reader, task["performed_by"]),
        "at": task["completed_at"],
        "values": [(p.name, _text(p, row)) for p, row in told],
        "why": "; ".join(row["text"] for p, row in told if p.type == "text"),
    }


def _text(parameter: v.Parameter, row: Row) -> str:
    labels = {choice.value: choice.label for choice in parameter.choices}
    if parameter.type == "bool":
        return "Yes" if row["value"] == "true" else "No"
    return labels.get(row["value"]) or str(row["text"])


def _name(reader: Reader, person_id: str | None) -> str:
    person = reader.find(Person, id=person_id) if person_id else None
    return person["full_name"] if person else person_id or ""
