"""Puts the change into a state, named by the diagram: ASSESSMENT, APPROVED_FOR_IMPLEMENTATION, ..., CLOSED."""

from __future__ import annotations

from collections.abc import Iterable

from engine.change_facts import ENDED
from engine.errors import EngineFaultError
from engine.records.change import CHANGE_STATES
from engine.services.call import Call, Message

NAME = "change.state"


def perform(call: Call) -> Iterable[Message]:
    """Change the state and say so in the trail. Critical where the change is approved for implementation, or ends."""
    if call.value not in CHANGE_STATES:
        raise EngineFaultError(f"{call.value} is no state of a change; {', '.join(CHANGE_STATES)} are.")
    before = call.under_control
    if before["state"] != call.value:
        ended = {"ended_at": call.act.now_text} if call.value in ENDED else {}
        call.change_control(state=call.value, **ended)
        critical = call.value not in ("INITIATED", "ASSESSMENT")
        call.act.note("change:moved", critical=critical, change=before["id"], state=call.value, was=before["state"])
    return ()
