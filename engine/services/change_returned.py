"""Gives the revisions of the change back to their authors, as drafts; what was assessed and approved of them is void."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import revisions_of
from engine.services.call import Call, Message

NAME = "change.returned"
MESSAGE = "change.returned"


def perform(call: Call) -> Iterable[Message]:
    """Tell each revision that waits for the change; one that is a draft stays it."""
    revisions = [row["id"] for row in revisions_of(call.act, call.run.id)]
    call.act.note("change:returned", change=call.run.id, revisions=revisions)
    return [Message(name, MESSAGE) for name in revisions]
