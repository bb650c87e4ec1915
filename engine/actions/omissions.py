"""Say that a value can't be obtained (sample lost, device broken): recorded as missing, never left silently empty.

Source: ALCOA+ complete; MHRA data integrity 2018.
"""

from __future__ import annotations

from typing import Any

from engine.actions import access
from engine.actions.reasons import reason as said
from engine.actions.values import Origin, Recorded, applicable, write_value
from engine.errors import AlreadyRecordedError, EntryRefusedError
from engine.transaction import Act, Actor


def declare_not_obtained(
    act: Act, *, actor: Actor, batch_id: str, task_key: str, parameter_id: str, reason: str, version: int | None = None
) -> dict[str, Any]:
    """Record that a parameter has no value and why. The step can then end; the rules raise what is missing."""
    batch, task = access.open_for_entry(act, actor, batch_id, task_key, version)
    parameter = applicable(batch, task).get(parameter_id)
    if parameter is None or parameter.source == "calc":
        text = f"{parameter_id} is not asked for here by hand or by a device."
        raise EntryRefusedError(text, problems={parameter_id: text})
    if parameter_id in batch.values(task_key):
        raise AlreadyRecordedError(f"{parameter_id} has a value.", parameters=[parameter_id], entries={})
    origin = Origin(actor=actor, source=parameter.source, event_at=act.now, reason=said(reason))
    shown = write_value(act, batch, task, parameter, Recorded("", None), origin)
    act.note("value:not_obtained", task=task_key, parameter=parameter_id, reason=said(reason), critical=True)
    batch.save(act)
    return {"task": access.task_answer(task), "exceptions": shown}
