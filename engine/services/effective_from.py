"""Sets the instant from which batches are issued on the revision. Source: EU GMP Chapter 4, 4.2 to 4.6."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from engine import clock
from engine.errors import EngineFaultError, RevisionNotEffectiveError
from engine.reader import Reader
from engine.records import RecipeRevision
from engine.revisions import in_effect, revision_order
from engine.scope import Row
from engine.services.call import Call, Message

NAME = "recipe.effective_from"
JUST_NOW = timedelta(minutes=1)
"""People write minutes: who writes this one means now."""


def perform(call: Call) -> Iterable[Message]:
    """Write down the instant that the run recorded under the name the diagram gives (`EFFECTIVE_FROM.effective_at`).

    An instant of the current minute is now; an earlier one is refused, and one at which a newer revision is in effect.
    """
    act, row = call.act, call.revision
    step_id, _, parameter = call.value.partition(".")
    tasks = call.run.tasks_of(step_id)
    value = call.run.typed_values(tasks[-1]["key"]).get(parameter) if tasks else None
    if not isinstance(value, datetime):
        raise EngineFaultError(f"{call.value} is no instant that the run recorded.")
    not_past(value, act.now)
    at = clock.text(max(value, act.now))
    none_newer(act, row, at)
    call.change(effective_at=at)
    act.note("recipe:made_effective", critical=True, revision=row["id"], effective_at=at)
    return ()


def not_past(value: datetime, now: datetime) -> None:
    """Refuse an instant before the current minute."""
    if value <= now - JUST_NOW:
        raise RevisionNotEffectiveError(f"{clock.text(value)} is past.")


def none_newer(reader: Reader, row: Row, at: str) -> None:
    """Refuse an instant at which a newer revision is in effect."""
    others = [r for r in reader.rows(RecipeRevision, recipe_id=row["recipe_id"]) if r["id"] != row["id"]]
    newest = in_effect(others, at)
    if newest is not None and revision_order(newest) > revision_order(row):
        raise RevisionNotEffectiveError(f"{newest['id']} is newer and in effect from {newest['effective_at']}.")
