"""Due times of the diagram's timers: computed from the record as soon as it can be, and again when it changes.

A timer whose due time hangs on what has not happened yet (`S24.start` while S24 is open) waits without one; it is never
due before its time is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bpmn import vocabulary as v
from bpmn.expressions import parse
from engine import clock
from engine.batch_record import BatchRecord
from engine.control_recipe import iteration_of
from engine.records import DueTime
from engine.scope import RecordScope, Row
from engine.transaction import Act
from engine.workflow import OpenItem
from engine.working_time import after_working


def set_timer(act: Act, batch: BatchRecord, item: OpenItem) -> None:
    """A timer of the diagram waits: write its due time if it is known. A hold time's own timer has its rows already."""
    timer = batch.recipe.diagram.nodes[item.node_id].timer
    if timer is None or timer.hold:
        return
    at = _due(act, batch, item, timer)
    if at is None:
        act.note("timer:without_due_time", timer=item.key, due=timer.due)
        return
    act.insert(
        DueTime,
        id=act.new_id("due"),
        batch_id=batch.id,
        kind="timer",
        ref=item.key,
        from_key=item.key,
        due_at=clock.text(at),
        state="waiting",
        fired_at=None,
        version=1,
    )


def recorded(act: Act, batch: BatchRecord, name: str) -> None:
    """Something that a due time hangs on is on record now, or was corrected: compute the timers that wait for it again."""
    nodes = batch.recipe.timers_using.get(name)
    if not nodes:
        return
    for item in [i for i in batch.run.open.values() if i.kind == "timer" and i.node_id in nodes]:
        for due in act.rows(DueTime, batch_id=batch.id, state="waiting", ref=item.key):
            act.update(DueTime, {"id": due["id"]}, was=due, state="cancelled")
        set_timer(act, batch, item)


def _due(act: Act, batch: BatchRecord, item: OpenItem, timer: v.Timer) -> datetime | None:
    found = parse(timer.due).try_evaluate(_scope(batch, item))
    if isinstance(found, timedelta) and timer.working:
        return after_working(act.now, found, act.site.zone, act.site.settings.holidays)
    if isinstance(found, timedelta):
        return act.now + found
    return found if isinstance(found, datetime) else None


def _scope(batch: BatchRecord, item: OpenItem) -> RecordScope:
    """What names mean at a timer: of a step in the same loop, only what this iteration recorded."""
    diagram = batch.recipe.diagram
    here = list(diagram.ancestors(item.node_id))
    around_the_call = len(item.iteration) - len(batch.recipe.loops(item.node_id))

    def tasks_of(step_id: str) -> list[Row]:
        rows = batch.tasks_of(step_id)
        shared = batch.recipe.shared_loops(step_id, here)
        if here[-1] in diagram.ancestors(step_id):
            shared += around_the_call
        return [row for row in rows if iteration_of(row["key"])[:shared] == item.iteration[:shared]]

    place = {"key": item.key, "step_id": item.node_id, "started_at": None, "ended_at": None}
    return RecordScope(batch.recipe, batch.order, place, {}, tasks_of, batch.typed_values)
