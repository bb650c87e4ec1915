"""What the system itself does at a service task of a process, one service a file; `SERVICES` lists them.

A service is a module with a `NAME` (what diagrams say, never renamed), a docstring that says what it means to the record,
and `perform(call)`, which writes through the act that reached it. It belongs to that act: a refusal refuses the whole act.
It may return messages, which are delivered to other runs in the same act. The same names stand in `bpmn.vocabulary`, so that
the checks and the editor know them; a test compares both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from engine.services import (
    change_approve,
    change_assessed,
    change_in_effect,
    change_reject,
    change_returned,
    change_route,
    change_scope,
    change_state,
    change_verdict,
    effective_from,
    escalate,
    freeze,
    remind,
    require_decided,
    require_dry_run,
    state,
    supersede,
    under_change,
)
from engine.services.call import Call, Message

__all__ = ["SERVICES", "Call", "Message"]


class Service(Protocol):
    """A module of this package."""

    NAME: str

    def perform(self, call: Call) -> Iterable[Message]:
        """Do it."""


_ALL: tuple[Service, ...] = (
    state, freeze, require_dry_run, effective_from, supersede, under_change, change_state, change_scope, change_route,
    change_assessed, change_verdict, change_approve, change_returned, change_reject, change_in_effect, require_decided, remind,
    escalate,
)  # fmt: skip
SERVICES: dict[str, Service] = {service.NAME: service for service in _ALL}

