"""Rejects the revisions of the change for good; they stay on record with the reason. Source: ICH Q10 3.2.3."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import revisions_of
from engine.services.call import Call, Message

NAME = "change.reject"
MESSAGE = "change.rejected"


def perform(call: Call) -> Iterable[Message]:
    """Tell each revision that waits for the change."""
    revisions = [row["id"] for row in revisions_of(call.act, call.run.id)]
    call.act.note("change:rejected", critical=True, change=call.run.id, revisions=revisions)
    return [Message(name, MESSAGE) for name in revisions]
