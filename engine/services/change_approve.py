"""Approves the revisions of the change, with the instant of their effect, and works out what is left to do.

Source: 21 CFR 211.100(a), 211.186(a); EU GMP Chapter 4, 4.2 to 4.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine import clock
from engine.change_duties import duties_of
from engine.change_facts import outdated, revisions_of
from engine.errors import ChangeNotReadyError
from engine.records import Duty, RecipeRevision, Task
from engine.services.call import Call, Message, revision_stream
from engine.services.effective_from import none_newer

NAME = "change.approve"
MESSAGE = "change.approved"
KIND = "change_approval"


def perform(call: Call) -> Iterable[Message]:
    """Set the instant that was approved, or now where that has passed meanwhile or the drawing asks for none.

    RevisionNotEffectiveError where a newer revision is in effect at that instant already; ChangeNotReadyError where another
    change was approved since, which this one would take back unseen.
    """
    act, run = call.act, call.run
    if missing := outdated(act, run.id):
        raise ChangeNotReadyError("; ".join(missing), missing=missing, problems=missing)
    approved = _approved_instant(call)
    at = clock.text(max(approved, act.now) if approved else act.now)
    revisions = revisions_of(act, run.id)
    for row in revisions:
        act.also(revision_stream(row["id"]))
        row = act.get(RecipeRevision, id=row["id"])
        none_newer(act, row, at)
        act.update(RecipeRevision, {"id": row["id"]}, was=row, effective_at=at)
    change = call.change_control(effective_at=at)
    for duty in duties_of(act, change):
        act.insert(Duty, id=act.new_id("duty"), change_id=run.id, state="open", version=1, **duty)
    named = [row["id"] for row in revisions]
    act.note("change:approved", critical=True, change=run.id, revisions=named, effective_at=at)
    return [Message(name, MESSAGE, needed=True) for name in named]


def _approved_instant(call: Call) -> datetime | None:
    """The instant that was recorded with the last approval."""
    run, found = call.run, []
    for row in call.act.rows(Task, batch_id=run.id):
        task, step = run.task(row["key"]), run.step(row)
        if step.kind == KIND and task["state"] == "completed":
            values = run.typed_values(task["key"])
            moments = [values[p.id] for p in step.parameters if p.type == "date_time" and p.id in values]
            found += [(task["completed_at"], moment) for moment in moments if isinstance(moment, datetime)]
    return max(found)[1] if found else None
