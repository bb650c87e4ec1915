"""An error of the engine: nothing of the act is left, the batch is held, quality sees it."""

from __future__ import annotations

from typing import Any

from engine.actions import access
from engine.transaction import Act, Actor


def record_incident(act: Act, *, actor: Actor, batch_id: str, what: str) -> dict[str, Any]:
    """Hold a batch whose act failed and was rolled back, so that nothing goes on silently."""
    batch = access.open_batch(act, batch_id, even_held=True)
    batch.change(held=1, held_reason="An error of the system stopped this batch.", incident=what[:2000])
    act.note("batch:incident", what=what[:2000], critical=True)
    batch.save(act)
    return {"batch": batch_id, "held": True}
