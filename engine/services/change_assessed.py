"""Locks what was assessed: from now on the revisions of the change wait for its approval, with the training that they need.

Source: 21 CFR 211.100(a), 211.25.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.canonical import canonical
from engine.change_facts import revisions_of
from engine.errors import ChangeNotReadyError
from engine.records import TrainingRequirement
from engine.scope import Row
from engine.services.call import Call, Message
from engine.training_facts import what_to_propose
from engine.transaction import Act

NAME = "change.assessed"
MESSAGE = "change.assessed"
EDITORIAL = "Nothing that anybody works by has changed."


def perform(call: Call) -> Iterable[Message]:
    """Tell each revision. ChangeNotReadyError names every one that is not in review, because it was not locked.

    Where nobody has said who has to read a recipe's revision, those are asked whose steps it changes, and nobody else.
    """
    act, revisions = call.act, revisions_of(call.act, call.run.id)
    if loose := [f"{row['id']} is {row['state'].lower()}" for row in revisions if row["state"] != "IN_REVIEW"]:
        raise ChangeNotReadyError(f"In review has to be what was assessed: {'; '.join(loose)}.", missing=loose)
    for row in revisions:
        if row["kind"] == "recipe" and not act.rows(TrainingRequirement, revision_id=row["id"]):
            _ask(act, row)
    act.note("change:assessed", change=call.run.id, revisions={row["id"]: row["hash"] for row in revisions})
    return [Message(row["id"], MESSAGE, needed=True) for row in revisions]


def _ask(act: Act, row: Row) -> None:
    """Ask for the training that is computed from what the revision changes."""
    for one in what_to_propose(act, row) or [{"roles": [], "steps": [], "reading": EDITORIAL}]:
        found = act.insert(
            TrainingRequirement, id=act.new_id("training_requirement"), recipe_id=row["recipe_id"], revision_id=row["id"],
            roles=canonical(sorted(one["roles"])), steps=canonical(sorted(one["steps"])), reading=one["reading"],
            set_by=act.actor.id, set_at=act.now,
        )  # fmt: skip
        act.note(
            "training:asked", stream=f"recipe:{row['recipe_id']}", revision=row["id"], requirement=found["id"],
            roles=list(one["roles"]), steps=list(one["steps"]), reading=one["reading"],
        )  # fmt: skip
