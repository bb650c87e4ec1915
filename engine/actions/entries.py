"""Record what a person types at a step, or accepts from a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.actions import access
from engine.actions.completion import complete_if_ready
from engine.actions.submissions import enter, take_readings
from engine.batch_record import BatchRecord
from engine.transaction import Act, Actor


def record_values(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    entries: Mapping[str, str],
    version: int | None = None,
    reasons: Mapping[str, str] | None = None,
    event_at: str | None = None,
    verdicts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Record typed values at a started step, each kept as typed and judged now.

    `entries`: parameter id -> text. `reasons`: why a parameter is measured again, by id. `event_at`: ISO instant of the
    event where it differs from now. `verdicts`: the pass or fail that a laboratory gave, by id. Raises FormError (all
    fields at once), AlreadyRecordedError, TaskStateError, TaskChangedError. Source: 21 CFR 211.188(b), FDA data integrity Q12.
    """
    batch, task = access.open_for_entry(act, actor, batch_id, task_key, version)
    shown = enter(act, actor, batch, task, entries, reasons or {}, event_at, verdicts)
    act.note("value:recorded", task=task_key, parameters=sorted(entries))
    return _answer(act, batch, task, shown)


def accept_readings(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    readings: Mapping[str, str],
    version: int | None = None,
    reasons: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Accept device readings into the record: the person vouches that they belong to this step.

    `readings`: parameter id -> reading id. Raises ReadingRefusedError for one of another batch, step or time.
    """
    batch, task = access.open_for_entry(act, actor, batch_id, task_key, version)
    shown = take_readings(act, actor, batch, task, readings, reasons or {})
    act.note("reading:accepted", task=task_key, readings=dict(readings))
    return _answer(act, batch, task, shown)


def _answer(act: Act, batch: BatchRecord, task: dict[str, Any], shown: list[dict[str, Any]]) -> dict[str, Any]:
    """What was recorded after a step's end may be the last thing that it waited for."""
    done = complete_if_ready(act, batch, task)
    batch.save(act)
    return {"task": access.task_answer(task), "exceptions": shown + done.exceptions, "opened": done.opened}
