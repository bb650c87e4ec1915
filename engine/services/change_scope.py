"""Computes what the change touches and answers it fact by fact, so that the work follows from the differences.

Nobody types any of it. Source: ICH Q9(R1); ICH Q12; EU GMP Annex 15, section 11.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.change_facts import scope_values
from engine.services.call import Call, Message

NAME = "change.scope"


def perform(call: Call) -> Iterable[Message]:
    """Answer the facts as they are now; a later round computes them anew."""
    for name, value in scope_values(call.act, call.under_control).items():
        call.values[name] = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
    touched = sorted(name for name, value in call.values.items() if value is True)
    call.act.note("change:scoped", change=call.run.id, touches=touched)
    return ()
