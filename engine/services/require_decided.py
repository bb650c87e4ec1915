"""Nothing is closed while an open batch is undecided or a task of the implementation is open. Source: 21 CFR 211.192."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import open_duties
from engine.errors import BatchesUndecidedError, DutiesOpenError
from engine.queries.open_batches import undecided
from engine.services.call import Call, Message

NAME = "change.require_decided"


def perform(call: Call) -> Iterable[Message]:
    """Refuse to go on, and name every row and every task."""
    rows = undecided(call.act.site, call.act, call.run.id)
    if rows:
        raise BatchesUndecidedError("; ".join(rows), rows=rows, problems=rows)
    duties = open_duties(call.act, call.run.id)
    if duties:
        raise DutiesOpenError("; ".join(duties), duties=duties, problems=duties)
    call.act.note("change:all_decided", change=call.run.id)
    return ()
