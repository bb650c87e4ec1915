"""Writes down which route the change takes, so that lists and later gateways know it: full, light, emergency, or a site's own."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import EngineFaultError
from engine.services.call import Call, Message

NAME = "change.route"


def perform(call: Call) -> Iterable[Message]:
    """Note the route that the diagram names."""
    if not call.value:
        raise EngineFaultError("The diagram names no route.")
    call.change_control(route=call.value)
    call.act.note("change:routed", change=call.run.id, route=call.value)
    return ()
