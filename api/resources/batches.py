"""Batches: issued from a patient order, held, resumed, ended; corrections and exceptions on the way."""

from __future__ import annotations

import marshmallow as ma

from api.auth import DEVICE, GMP_ROLES, allow
from api.fields import NAME, ROW, Code, Count, Entries, Instant, Schema, Text, answer
from api.paging import PageQuery, page
from api.resource import Resource, act, expected_version, site
from api.signing import Secret, SignedReason, proven
from bpmn.vocabulary import SEVERITIES
from engine.actions import batches as actions
from engine.actions import corrections, dispositions, exceptions, readings
from engine.queries.lists import batch_page
from engine.records.batch import BATCH_STATES
from engine.transaction import Action

batches = Resource("batches", "Patients' batches, from the order to the disposition.")

BATCH = "/batches/<name:batch_id>"
STOPPERS = ("QA_FLR", "QA_DISP", "QP")


class Order(Secret):
    """A patient order. `order`: the recipe's order fields as text. Refused unless `revision` is the one in effect."""

    batch_id = Code(required=True)
    recipe_id = Code(required=True)
    revision = Code(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
    order = Entries(required=True)


class Plan(Schema):
    """A patient order for a batch that is not issued yet. `revision`: the one to issue it on, else the one in effect."""

    batch_id = Code(required=True)
    recipe_id = Code(required=True)
    revision = Code(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
    order = Entries(required=True)


class BatchQuery(PageQuery):
    """Which batches."""

    state = ma.fields.String(load_default="", validate=ma.validate.OneOf(BATCH_STATES))


class HoldReason(Schema):
    """Why, in a few words."""

    reason = Text(2000, shortest=3, required=True)


class Termination(SignedReason):
    """The end of a batch before its disposition."""

    outcome = ma.fields.String(load_default="terminate", validate=ma.validate.OneOf(("terminate", "reject")))


class CorrectedValue(Schema):
    """What a recorded value should have been, and why. Both stay on record."""

    value_id = Code(ROW, required=True)
    text = Text(2000, shortest=1, required=True)
    reason = Text(2000, shortest=3, required=True)
    more = Entries()
    version = Count(1)


class Comment(Schema):
    """The floor's comment on an exception."""

    exception_id = Code(ROW, required=True)
    text = Text(4000, shortest=3, required=True)


class Triage(Secret):
    """Quality's triage of an exception, signed."""

    exception_id = Code(ROW, required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(exceptions.TRIAGE))
    text = Text(4000, shortest=3, required=True)
    severity = ma.fields.String(validate=ma.validate.OneOf(SEVERITIES))
    reference = Text(100)
    more = Entries()


class ReviewAgain(Secret):
    """A review's signature given again, after a change voided it."""

    task_key = Code(NAME, required=True)
    meaning = ma.fields.String(required=True, validate=ma.validate.OneOf(("reviewed_by_production", "reviewed_by_qa")))


class NewReading(Schema):
    """What a device measured, digit for digit."""

    step_id = Code(required=True)
    parameter_id = Code(required=True)
    text = Text(200, shortest=1, required=True)
    uom = Text(40, required=True)
    measured_at = Instant(as_text=True, required=True)


Batch = answer(
    "Batch",
    id=ma.fields.String(),
    recipe_id=ma.fields.String(),
    revision_id=ma.fields.String(),
    recipe_hash=ma.fields.String(),
    state=ma.fields.String(),
    version=ma.fields.Integer(),
)
BatchPage = answer("BatchPage", items=ma.fields.List(ma.fields.Nested(Batch)), next=ma.fields.String(allow_none=True))
Issued = answer(
    "IssuedBatch",
    batch=ma.fields.String(),
    recipe=ma.fields.String(),
    recipe_hash=ma.fields.String(),
    opened=ma.fields.List(ma.fields.Raw()),
    state=ma.fields.String(),
)
Planned = answer("PlannedBatch", batch=ma.fields.String(), recipe=ma.fields.String(), state=ma.fields.String())
Held = answer("HeldBatch", batch=ma.fields.String(), held=ma.fields.Boolean())
Ended = answer("EndedBatch", batch=ma.fields.String(), state=ma.fields.String())
Released = answer("ConditionallyReleasedBatch", batch=ma.fields.String(), disposition=ma.fields.String())
Corrected = answer("CorrectedValueAnswer", task=ma.fields.Dict(), exceptions=ma.fields.List(ma.fields.Dict()))
Commented = answer("CommentedException", exception=ma.fields.String(), opened=ma.fields.List(ma.fields.Raw()))
Triaged = answer("TriagedException", exception=ma.fields.String(), kind=ma.fields.String())
Reviewed = answer("RepeatedReview", signature=ma.fields.String(), state=ma.fields.String())
Received = answer("ReceivedReading", reading=ma.fields.String())


@batches.acts("/batches", Order, Issued, status=201)
@allow("MFG_SUP", "COI")
def start_batch(body: dict) -> dict:
    """Issue a batch

    Signed, on the recipe revision in effect now; its first steps are open at once.
    """
    return act(actions.start_batch, stream=f"batch:{body['batch_id']}", **proven(body))


@batches.acts("/batches/plans", Plan, Planned, status=201)
@allow("MFG_SUP", "COI", "PROC")
def plan_batch(body: dict) -> dict:
    """Plan a batch

    Its order and the revision that it will be issued on; nothing of it can be done before it is issued.
    """
    return act(actions.plan_batch, stream=f"batch:{body['batch_id']}", **body)


@batches.reads("/batches", BatchPage, query=BatchQuery)
@allow(*GMP_ROLES)
def all_batches(query: dict) -> dict:
    """All batches, by number"""
    rows = batch_page(site(), query["after"], query["limit"] + 1, query["state"])
    return page(rows, query["limit"], lambda row: [row["id"]])


@batches.acts(f"{BATCH}/holds", HoldReason, Held)
@allow("MFG_SUP", *STOPPERS)
def hold(body: dict, batch_id: str) -> dict:
    """Put on hold

    Nothing of the batch goes on until quality lifts it; its hold times keep running.
    """
    return _act(actions.hold_batch, batch_id, body)


@batches.acts(f"{BATCH}/resumptions", SignedReason, Held)
@allow(*STOPPERS)
def resume(body: dict, batch_id: str) -> dict:
    """Lift a hold

    Signed by quality.
    """
    return _act(actions.resume_batch, batch_id, proven(body))


@batches.acts(f"{BATCH}/terminations", Termination, Ended)
@allow(*STOPPERS)
def terminate(body: dict, batch_id: str) -> dict:
    """End before the disposition

    Terminated or rejected, signed by quality.
    """
    return _act(actions.terminate_batch, batch_id, proven(body))


@batches.acts(f"{BATCH}/conditional-releases", SignedReason, Released)
@allow("QA_DISP", "QP")
def release_conditionally(body: dict, batch_id: str) -> dict:
    """Release before the last results

    The first of two steps of release; everything that is on record must be closed.
    """
    return _act(dispositions.release_conditionally, batch_id, proven(body))


@batches.acts(f"{BATCH}/reviews", ReviewAgain, Reviewed)
@allow("MFG_SUP", "QA_FLR", "QA_DISP")
def review_again(body: dict, batch_id: str) -> dict:
    """Sign a review again

    After a correction voided the signature of the first one.
    """
    return _act(dispositions.review_again, batch_id, proven(body))


@batches.acts(f"{BATCH}/corrections", CorrectedValue, Corrected)
@allow(*GMP_ROLES)
def correct(body: dict, batch_id: str) -> dict:
    """Correct a value

    Old and new value stay, with the reason; what was calculated from it is calculated again.
    """
    version = expected_version(body)
    return _act(corrections.correct_value, batch_id, body | {"version": version})


@batches.acts(f"{BATCH}/comments", Comment, Commented)
@allow(*GMP_ROLES)
def comment(body: dict, batch_id: str) -> dict:
    """Comment an exception

    Where only this comment was missing, its step completes.
    """
    return _act(exceptions.comment_exception, batch_id, body)


@batches.acts(f"{BATCH}/triages", Triage, Triaged)
@allow(*exceptions.QUALITY)
def triage(body: dict, batch_id: str) -> dict:
    """Triage an exception

    Accept with comment, open a deviation, assess its impact, or settle a correction; signed by quality.
    """
    return _act(exceptions.triage_exception, batch_id, proven(body))


@batches.acts(f"{BATCH}/readings", NewReading, Received, status=201)
@allow(DEVICE)
def post_reading(body: dict, batch_id: str) -> dict:
    """Post a reading

    By a registered, calibrated device that was scanned into the batch; a person then accepts it at the step.
    """
    return _act(readings.post_reading, batch_id, body)


def _act(action: Action, batch_id: str, body: dict) -> dict:
    return act(action, stream=f"batch:{batch_id}", batch_id=batch_id, **body)
