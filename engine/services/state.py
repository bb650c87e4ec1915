"""Puts the revision into a state, named by the diagram: DRAFT, IN_REVIEW, PENDING_APPROVAL, APPROVED, ...

Only a draft can be edited, and only an approved or effective revision can be issued, so this is what a state does.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import EngineFaultError
from engine.records.recipe import REVISION_STATES
from engine.services.call import Call, Message

NAME = "recipe.state"


def perform(call: Call) -> Iterable[Message]:
    """Change the state and say so in the trail. Critical where a revision begins or ceases to be of use."""
    if call.value not in REVISION_STATES:
        raise EngineFaultError(f"{call.value} is no state of a revision; {', '.join(REVISION_STATES)} are.")
    before = call.revision["state"]
    if before != call.value:
        call.change(state=call.value)
        critical = call.value not in ("DRAFT", "IN_REVIEW", "PENDING_APPROVAL")
        call.act.note("recipe:moved", critical=critical, revision=call.run.row["subject"], state=call.value, was=before)
    return ()
