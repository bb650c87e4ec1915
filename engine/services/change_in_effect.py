"""Puts the revisions of the change into effect; each supersedes what was before it. Source: EU GMP Chapter 4, 4.2 to 4.6."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import revisions_of
from engine.services.call import Call, Message

NAME = "change.in_effect"
MESSAGE = "change.in_effect"


def perform(call: Call) -> Iterable[Message]:
    """Tell each revision. One that was retired or superseded meanwhile is named in the trail and left as it is."""
    revisions = revisions_of(call.act, call.run.id)
    gone = [row["id"] for row in revisions if row["state"] in ("RETIRED", "SUPERSEDED")]
    named = [row["id"] for row in revisions if row["id"] not in gone]
    call.act.note("change:in_effect", critical=True, change=call.run.id, revisions=named, gone=gone)
    return [Message(name, MESSAGE) for name in named]
