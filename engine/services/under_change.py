"""Answers whether the revision is decided by a change: `change`. Source: 21 CFR 211.100(a); EU GMP Chapter 1, 1.4(xii)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import change_of
from engine.services.call import Call, Message

NAME = "recipe.under_change"


def perform(call: Call) -> Iterable[Message]:
    """Look for a change that has not ended and has the revision among its items. The change is held until this act ends."""
    act, revision_id = call.act, call.run.row["subject"]
    change = change_of(act, revision_id)
    if change is not None:
        act.also(f"batch:{change['id']}")  # or it could end between this look and the end of the act
        change = change_of(act, revision_id)
    call.values["change"] = change is not None
    if change is not None:
        act.note("recipe:under_change", revision=revision_id, change=change["id"])
    return ()
