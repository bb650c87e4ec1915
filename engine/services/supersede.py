"""Tells the older revisions that are approved or in effect that a newer one is in effect now."""

from __future__ import annotations

from collections.abc import Iterable

from engine.records import Batch, RecipeRevision
from engine.revisions import revision_order
from engine.services.call import Call, Message

NAME = "recipe.supersede"
MESSAGE = "recipe.superseded"
IN_USE = ("APPROVED", "EFFECTIVE")


def perform(call: Call) -> Iterable[Message]:
    """Send each the message; its own life cycle says what follows. One from before the life cycle was drawn is changed here."""
    act, row = call.act, call.revision
    older = [
        other
        for other in act.rows(RecipeRevision, recipe_id=row["recipe_id"])
        if other["state"] in IN_USE and revision_order(other) < revision_order(row)
    ]
    messages = []
    for other in older:
        act.note("recipe:superseded", revision=other["id"], by=row["id"])
        if act.find(Batch, id=other["id"], kind="life_cycle") is not None:
            messages.append(Message(other["id"], MESSAGE))
        else:
            act.update(RecipeRevision, {"id": other["id"]}, was=other, state="SUPERSEDED")
    return messages
