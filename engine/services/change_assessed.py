"""Locks what was assessed: from now on the revisions of the change wait for its approval. Source: 21 CFR 211.100(a)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import revisions_of
from engine.errors import ChangeNotReadyError
from engine.services.call import Call, Message

NAME = "change.assessed"
MESSAGE = "change.assessed"


def perform(call: Call) -> Iterable[Message]:
    """Tell each revision. ChangeNotReadyError names every one that is not in review, because it was not locked."""
    revisions = revisions_of(call.act, call.run.id)
    if loose := [f"{row['id']} is {row['state'].lower()}" for row in revisions if row["state"] != "IN_REVIEW"]:
        raise ChangeNotReadyError(f"In review has to be what was assessed: {'; '.join(loose)}.", missing=loose)
    call.act.note("change:assessed", change=call.run.id, revisions={row["id"]: row["hash"] for row in revisions})
    return [Message(row["id"], MESSAGE, needed=True) for row in revisions]
