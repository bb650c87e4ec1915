"""Hold times: an event starts and ends them, a due time tells when one is exceeded, and nobody waits for what can't come.

Source: 21 CFR 211.111.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine import clock
from engine.actions.findings import judge_and_raise
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.control_recipe import Hold
from engine.records import DueTime
from engine.rules.facts import HoldFacts
from engine.scope import Row
from engine.transaction import Act

LEVELS = ("nor", "par")


def hold_event(
    act: Act, batch: BatchRecord, event: str, at: datetime, task: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Something happened that hold times hang on (`S10.end`): end those that wait for it, then start those it starts."""
    shown: list[dict[str, Any]] = []
    for hold in batch.recipe.holds_to.get(event, ()):
        shown += _end(act, batch, hold, at, task)
    for hold in batch.recipe.holds_from.get(event, ()):
        _start(act, batch, hold, at, task["key"] if task else "")
    return shown


def begun_otherwise(act: Act, batch: BatchRecord, event: str) -> list[dict[str, Any]]:
    """The time that begins hold times was corrected: judge again those that have ended since.

    In a loop it is not certain which iteration's end belongs to it; there the correction itself is what quality sees.
    """
    shown: list[dict[str, Any]] = []
    for recipe, hold in ((one, hold) for one in batch.recipes for hold in one.holds_from.get(event, ())):
        for to_event in hold.definition.to_events:
            step_id, _, what = to_event.partition(".")
            tasks = [batch.task(row["key"]) for row in batch.tasks_of(step_id) if batch.recipe_of(row) is recipe]
            if any("[" in task["key"] for task in tasks):
                continue
            for task in tasks:
                if (at := happened(batch, task, what)) is not None:
                    shown += _end(act, batch, hold, at, task)
    return shown


def happened(batch: BatchRecord, task: Row, what: str) -> datetime | None:
    """When a task was started or ended, or the instant that its parameter gives; None if it has not."""
    if what in ("start", "end"):
        text = task["started_at"] if what == "start" else task["ended_at"]
        return clock.parse(text) if text else None
    value = batch.typed_values(task["key"]).get(what)
    return value if isinstance(value, datetime) else None


def _start(act: Act, batch: BatchRecord, hold: Hold, at: datetime, from_key: str) -> None:
    """Write the due times of a maximum. A later start of the same hold time replaces the one still waiting."""
    _cancel(act, _waiting(act, batch, hold.definition.id))
    if hold.definition.kind == "min":
        return
    for level, limit in zip(LEVELS, (hold.nor, hold.par), strict=True):
        if limit is not None:
            act.insert(
                DueTime,
                id=act.new_id("due"),
                batch_id=batch.id,
                kind=f"hold_{level}",
                ref=hold.definition.id,
                from_key=from_key,
                due_at=clock.text(at + limit),
                state="waiting",
                fired_at=None,
                version=1,
            )


def _end(act: Act, batch: BatchRecord, hold: Hold, at: datetime, task: dict[str, Any] | None) -> list[dict[str, Any]]:
    started = started_at(batch, hold, task)
    if started is None:
        return []
    begun, from_key = started
    if hold.definition.select == "next" and task is not None and from_key == task["key"]:
        return []
    facts = HoldFacts(hold=hold.definition, elapsed=at - begun, nor=hold.nor, par=hold.par, at_event=True)
    shown = judge_and_raise(act, batch, "hold", facts, task, **_about(hold, from_key))
    if hold.definition.select != "last":
        _cancel(act, _waiting(act, batch, hold.definition.id))
    return shown


def started_at(batch: BatchRecord, hold: Hold, task: Row | None) -> tuple[datetime, str] | None:
    """When the hold time began and at which task: the latest from-event of another task, or of this one before."""
    head, _, rest = hold.definition.from_event.partition(".")
    if head == "order":
        found = batch.order.get(rest)
        return (found, "") if isinstance(found, datetime) else None
    same_event = task is not None and hold.definition.select == "next" and head == task["step_id"]
    begun = []
    for other in batch.tasks_of(head):
        if same_event and task is not None and other["key"] == task["key"]:
            continue
        if (at := happened(batch, other, rest)) is not None:
            begun.append((at, other["key"]))
    return max(begun, default=None)


def fire_hold(act: Act, batch: BatchRecord, due: Row) -> list[dict[str, Any]]:
    """The timer of a maximum fired: judge it now, and block the step that is late (or will be, when it opens)."""
    hold = batch.recipe.holds[due["ref"]]
    if not can_still_end(batch, hold):
        _cancel(act, _waiting(act, batch, due["ref"]))
        return []
    level = due["kind"].removeprefix("hold_")
    limit = hold.nor if level == "nor" else hold.par
    assert limit is not None
    elapsed = act.now - (clock.parse(due["due_at"]) - limit)
    facts = HoldFacts(
        hold=hold.definition,
        elapsed=elapsed,
        nor=hold.nor,
        par=hold.par,
        at_event=False,
        timer="NOR" if level == "nor" else "PAR",
    )
    act.update(DueTime, {"id": due["id"]}, was=due, state="fired", fired_at=act.now_text)
    task = _open_task(act, batch, hold)
    return judge_and_raise(
        act, batch, "hold", facts, task, step_id=None if task else hold.to_steps[0], **_about(hold, due["from_key"])
    )


def block_late_step(act: Act, batch: BatchRecord, task: dict[str, Any]) -> None:
    """A step that opens after its hold time's PAR was exceeded opens blocked."""
    if not any(task["step_id"] in hold.to_steps for hold in batch.recipe.holds.values()):
        return
    rows = [row for row in batch.exceptions(task) if row["hold_id"] and row["task_key"] is None and row["blocks"]]
    if rows:
        roles = dump(list(batch.step(task).decision_roles))
        ids = dump([row["id"] for row in rows])
        batch.change_task(task, blocked=1, blocked_by=ids, blocked_at=act.now_text, decision_roles=roles)


def drop_unreachable(act: Act, batch: BatchRecord) -> None:
    """After the procedure went on: cancel what waits for an event that can't come any more (no S24 after harvest)."""
    if not batch.recipe.holds:
        return
    rows = _waiting(act, batch, None)
    gone = {ref for ref in {row["ref"] for row in rows} if not can_still_end(batch, batch.recipe.holds[ref])}
    _cancel(act, [row for row in rows if row["ref"] in gone])


def can_still_end(batch: BatchRecord, hold: Hold) -> bool:
    """Whether one of the hold time's to-events can still happen."""
    run, reach = batch.run, batch.recipe.procedure.can_reach
    for step_id in hold.to_steps:
        for item in run.open.values():
            if item.node_id == step_id:
                task = batch.task(item.key)
                waits_for = [e.partition(".")[2] for e in hold.definition.to_events if e.startswith(f"{step_id}.")]
                if _still_to_come(task, waits_for):
                    return True
            if reach(item, step_id):
                return True
    return False


def _still_to_come(task: Row, events: list[str]) -> bool:
    done = {"start": task["started_at"], "end": task["ended_at"]}
    return any(not done.get(event) for event in events)


def _open_task(act: Act, batch: BatchRecord, hold: Hold) -> dict[str, Any] | None:
    for item in batch.run.open.values():
        if item.node_id in hold.to_steps:
            return batch.task(item.key)
    return None


def _about(hold: Hold, from_key: str) -> dict[str, Any]:
    return {
        "hold_id": hold.definition.id,
        "why": hold.definition.why,
        "links": hold.definition.links,
        "subject": f"hold:{hold.definition.id}:{from_key}",
    }


def _waiting(act: Act, batch: BatchRecord, hold_id: str | None) -> list[Row]:
    rows = act.rows(DueTime, batch_id=batch.id, state="waiting")
    return [row for row in rows if row["kind"] != "timer" and hold_id in (None, row["ref"])]


def _cancel(act: Act, rows: list[Row]) -> None:
    for row in rows:
        act.update(DueTime, {"id": row["id"]}, was=row, state="cancelled")
