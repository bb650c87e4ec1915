"""Open batches of a change: where each stands, item by item, and what is decided for it."""

from __future__ import annotations

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import ROW, Code, Count, Schema, Text, answer
from api.resource import Resource, act, site
from api.signing import Secret, proven
from engine.actions import open_batches as actions
from engine.queries import open_batches as queries
from engine.records.change import BATCH_DECISIONS

open_batches = Resource("open_batches", "What becomes of the batches that run while a change is made.")

DECIDERS = ("QA_DISP", "QA_FLR", "PROC", "CLI_QA")
MOST_ROWS = 2000


class RowDecision(Schema):
    """What is decided for one batch about one item of the change.

    `replaces`: the `set_id` of what somebody else proposed for the row and not everybody has signed.
    """

    batch = Code(ROW, required=True)
    item = Count(1, 9999, required=True)
    decision = ma.fields.String(required=True, validate=ma.validate.OneOf(BATCH_DECISIONS))
    replaces = Code(ROW)


class Decisions(Secret):
    """One signed decision about any number of rows. `role`: the role signed in, where a person has several."""

    rows = ma.fields.List(
        ma.fields.Nested(RowDecision), required=True, validate=ma.validate.Length(min=1, max=MOST_ROWS)
    )
    reason = Text(2000, shortest=3, required=True)
    role = ma.fields.String(validate=ma.validate.OneOf(list(actions.MEANING)))


class FurtherSignature(Secret):
    """A further role signs a decision."""

    set_id = Code(ROW, required=True)
    role = ma.fields.String(validate=ma.validate.OneOf(list(actions.MEANING)))


MatrixRow = answer(
    "OpenBatchRow",
    batch=ma.fields.String(),
    coi=ma.fields.String(),
    item=ma.fields.Integer(),
    title=ma.fields.String(),
    safety=ma.fields.Boolean(),
    position=ma.fields.String(),
    at=ma.fields.List(ma.fields.String()),
    allowed=ma.fields.List(ma.fields.String()),
    default=ma.fields.String(),
    why=ma.fields.String(),
    decision=ma.fields.String(),
    state=ma.fields.String(),
    result=ma.fields.String(),
    set_id=ma.fields.String(),
    roles_open=ma.fields.List(ma.fields.String()),
    settled=ma.fields.Boolean(),
)
Matrix = answer(
    "OpenBatchMatrix", items=ma.fields.List(ma.fields.Nested(MatrixRow)), undecided=ma.fields.List(ma.fields.String())
)
Decided = answer(
    "OpenBatchDecision", set=ma.fields.String(), roles_open=ma.fields.List(ma.fields.String()), rows=ma.fields.Integer()
)


@open_batches.reads("/changes/<name:change_id>/open-batches", Matrix)
@allow(*GMP_ROLES)
def matrix(change_id: str) -> dict:
    """The open-batch matrix

    Every batch that is not disposed and runs by the recipe that changes, item by item: its position, the decisions that
    it allows, and what is decided. `undecided` stands against closing the change.
    """
    with site().read() as reader:
        rows = queries.open_batch_matrix(site(), reader, change_id)
    return {"items": [row.to_json() for row in rows], "undecided": queries.undecided_rows(rows)}


@open_batches.acts("/changes/<name:change_id>/open-batches/decisions", Decisions, Decided, status=201)
@allow(*DECIDERS)
def decide(body: dict, change_id: str) -> dict:
    """Decide open batches

    One signed act about any number of rows. It takes effect at each batch, in an act of its own, when quality, the process
    owner and, where the agreement says so, the client have signed.
    """
    return act(actions.propose_decisions, stream=f"batch:{change_id}", change_id=change_id, **proven(body))


@open_batches.acts("/changes/<name:change_id>/open-batches/signatures", FurtherSignature, Decided)
@allow(*DECIDERS)
def sign(body: dict, change_id: str) -> dict:
    """Sign a decision about open batches

    As a further role; with the last one it is taken.
    """
    return act(actions.sign_decisions, stream=f"batch:{change_id}", change_id=change_id, **proven(body))
