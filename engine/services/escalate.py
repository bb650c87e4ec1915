"""Takes a step that is open for too long to the next level: quality's disposition and the process owner."""

from __future__ import annotations

from collections.abc import Iterable

from engine.services.call import Call, Message
from engine.services.remind import notify, open_here, waiting_roles

NAME = "run.escalate"
NEXT_LEVEL = ("QA_DISP", "PROC")


def perform(call: Call) -> Iterable[Message]:
    """One notice for each open step, to the next level and to those who have it open."""
    for task in open_here(call):
        roles = list(dict.fromkeys([*NEXT_LEVEL, *waiting_roles(call, task)]))
        notify(call, task, "escalation", roles, "is overdue")
    return ()
