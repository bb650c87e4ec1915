"""Changes under change control: from their proposal to their end, with their items, reviews, signatures and duties."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import KEY, ROW, Code, Count, Entries, Instant, Schema, Text, answer
from api.resource import Resource, act, expected_version, site
from api.signing import Secret, SignedReason, proven
from bpmn.vocabulary import MEANINGS
from engine import clock
from engine.actions import changes as actions
from engine.actions import duties
from engine.change_fields import EVIDENCE_KINDS, HIGHEST, LOWEST
from engine.queries import changes as queries
from engine.records.change import CATEGORIES, CHANGE_KINDS, CHANGE_STATES, CONFIDENCES, ITEM_KINDS, STAGES, URGENCIES

changes = Resource("changes", "Changes under change control.")

ENTRY = r"[0-9]{1,9}\|[0-9a-z]{1,12}\|[0-9a-f]{1,12}\|[0-9a-z.]{1,40}"
MOST_ENTRIES = 5000


def _one_of(values: tuple[str, ...], **options: Any) -> ma.fields.String:
    return ma.fields.String(validate=ma.validate.OneOf(values), **options)


class Risk(Schema):
    """The risk as it was assessed: scores from 1 to 5 (ICH Q9), and in words also comparability and other sites or products."""

    severity = Count(LOWEST, HIGHEST)
    probability = Count(LOWEST, HIGHEST)
    detectability = Count(LOWEST, HIGHEST)
    uncertainty = Text(500)
    formality = Text(500)
    comparability = Text(2000)
    elsewhere = Text(500)


class ChangeFields(Schema):
    """What a change says of itself."""

    title = Text(200, shortest=1)
    kind = _one_of(CHANGE_KINDS)
    reason = Text(4000, shortest=1)
    category = _one_of(CATEGORIES)
    product = Text(200)
    client = Text(200)
    client_signs = ma.fields.Boolean(truthy={True}, falsy={False})
    stage = _one_of(STAGES)
    urgency = _one_of(URGENCIES)
    temporary = ma.fields.Boolean(truthy={True}, falsy={False})
    until = Text(200)
    patient_impact = Text(4000)
    risk = ma.fields.Nested(Risk)


class NewChange(ChangeFields):
    """A change to open, under a number that was not used before; `next_id` of the list is free."""

    change_id = Code(required=True)
    title = Text(200, shortest=1, required=True)
    kind = _one_of(CHANGE_KINDS, required=True)
    reason = Text(4000, shortest=1, required=True)
    category = _one_of(CATEGORIES, required=True)


class Description(ChangeFields):
    """What is to be said otherwise, and the version of the change that it follows."""

    version = Count(1, required=True)


class Evidence(Schema):
    """From which data a reason is known."""

    kind = _one_of(EVIDENCE_KINDS, required=True)
    reference = Text(200, shortest=1, required=True)
    says = Text(2000)


class Item(Schema):
    """An item of a change. `n`: the one to alter, with the `version` that was seen; without it, a new one."""

    n = Count(1)
    version = Count(1)
    kind = _one_of(ITEM_KINDS, required=True)
    title = Text(200, shortest=1, required=True)
    revision_id = Code()
    subjects = ma.fields.List(Text(200, shortest=1), validate=ma.validate.Length(max=500))
    current = Text(4000)
    proposed = Text(4000)
    category = _one_of(CATEGORIES, required=True)
    why = Text(4000, shortest=1, required=True)
    evidence = ma.fields.List(ma.fields.Nested(Evidence), validate=ma.validate.Length(max=50))
    confidence = _one_of(CONFIDENCES, required=True)


class ItemWithdrawal(Schema):
    """An item to take out."""

    n = Count(1, required=True)
    version = Count(1, required=True)


class Reviews(Schema):
    """Entries that the caller has looked at."""

    entries = ma.fields.List(Code(ENTRY), required=True, validate=ma.validate.Length(min=1, max=MOST_ENTRIES))


class StepSignature(Secret):
    """A signature on an open step of a change, with what the step asks for."""

    task_key = Code(KEY, required=True)
    meaning = ma.fields.String(required=True, validate=ma.validate.OneOf(list(MEANINGS)))
    entries = Entries(4000)
    version = Count(1)
    shown_hash = Code(r"[0-9a-f]{64}")


class NewDuty(Schema):
    """Something to be done for a change."""

    title = Text(500, shortest=1, required=True)
    owner = _one_of(duties.OWNERS)
    due_at = Instant()


class DutyDone(Schema):
    """A duty that was done, and what shows it."""

    duty_id = Code(ROW, required=True)
    evidence = Text(2000, shortest=1, required=True)


class DutyCancelled(Schema):
    """A duty that is not needed, and why."""

    duty_id = Code(ROW, required=True)
    reason = Text(2000, shortest=1, required=True)


class ListQuery(Schema):
    """Which changes."""

    text = Text(200, load_default="")
    state = _one_of(CHANGE_STATES)


Change = answer("ChangeState", change=ma.fields.String(), state=ma.fields.String(), version=ma.fields.Integer())
ItemPut = answer(
    "ChangeItemState", change=ma.fields.String(), state=ma.fields.String(), item=ma.fields.Integer(), version=ma.fields.Integer()
)
Ticked = answer("EntriesReviewed", change=ma.fields.String(), ticked=ma.fields.Integer(), of=ma.fields.Integer())
SignedStep = answer("SignedChangeStep", change=ma.fields.String(), state=ma.fields.String(), signed=ma.fields.Boolean())
DutyState = answer(
    "DutyState", change=ma.fields.String(), duty=ma.fields.String(), state=ma.fields.String(), version=ma.fields.Integer()
)
ChangeList = answer("ChangeList", items=ma.fields.List(ma.fields.Dict()), next_id=ma.fields.String())
ChangeView = answer(
    "ChangeView",
    change=ma.fields.Dict(),
    items=ma.fields.List(ma.fields.Dict()),
    run=ma.fields.Dict(),
    facts=ma.fields.Dict(),
    duties=ma.fields.List(ma.fields.Dict()),
    notices=ma.fields.List(ma.fields.Dict()),
    why=ma.fields.String(),
)
Inbox = answer("ChangeInbox", items=ma.fields.List(ma.fields.Dict()), duties=ma.fields.List(ma.fields.Dict()))


@changes.reads("/changes", ChangeList, query=ListQuery)
@allow(*GMP_ROLES)
def all_changes(query: dict) -> dict:
    """All changes

    The newest first; also those that were refused or cancelled, with the reason. `text` is looked for in all that they say.
    """
    rows = queries.change_list(site(), text=query["text"], states=[query["state"]] if "state" in query else [])
    with site().read() as reader:
        return {"items": rows, "next_id": queries.next_change_id(reader, clock.now())}


@changes.reads("/inbox", Inbox)
@allow(*GMP_ROLES)
def inbox() -> dict:
    """What waits for the caller

    `items`: open steps of changes for their roles, and what was escalated to them, overdue first, then by risk and age. `duties`:
    what their roles still have to do for changes, by date.
    """
    return {"items": queries.change_inbox(site(), g.actor), "duties": queries.duties_waiting(site(), g.actor)}


@changes.acts("/changes", NewChange, Change, status=201)
@allow(*actions.ORIGINATORS)
def open_change(body: dict) -> dict:
    """Open a change

    Under the change control that is in effect now; it stays on that one.
    """
    return act(actions.open_change, stream=f"batch:{body['change_id']}", **body)


@changes.reads("/changes/<name:change_id>", ChangeView)
@allow(*GMP_ROLES)
def one_change(change_id: str) -> dict:
    """One change

    With its items and their entries, what it touches, where it stands, who signed, what is still to be done.
    """
    return queries.change_view(site(), change_id, g.actor)


@changes.acts("/changes/<name:change_id>", Description, Change, method="PATCH")
@allow(*actions.ORIGINATORS)
def describe(body: dict, change_id: str) -> dict:
    """Describe a change

    While it is with its originator.
    """
    version = expected_version(body)
    return _act(actions.describe_change, change_id, {**body, "version": version})


@changes.acts("/changes/<name:change_id>/items", Item, ItemPut)
@allow(*actions.ORIGINATORS)
def put_item(body: dict, change_id: str) -> dict:
    """Put an item

    A part of what a draft revision changes, or a text. With `n`, the item is altered.
    """
    return _act(actions.put_item, change_id, {**body, "version": expected_version(body)})


@changes.acts("/changes/<name:change_id>/items/withdrawal", ItemWithdrawal, ItemPut)
@allow(*actions.ORIGINATORS)
def withdraw_item(body: dict, change_id: str) -> dict:
    """Take an item out

    It stays on record. A revision that no item is about any more is free again.
    """
    return _act(actions.withdraw_item, change_id, {**body, "version": expected_version(body)})


@changes.acts("/changes/<name:change_id>/reviews", Reviews, Ticked)
@allow(*GMP_ROLES)
def review(body: dict, change_id: str) -> dict:
    """Tick entries

    Each is bound to both documents; nobody approves without having looked at all of them.
    """
    return _act(actions.review_entries, change_id, body)


@changes.acts("/changes/<name:change_id>/signatures", StepSignature, SignedStep)
@allow(*GMP_ROLES)
def sign(body: dict, change_id: str) -> dict:
    """Sign a step of a change

    Whatever the drawing says follows happens with it: states, messages to the revisions, their approval.
    """
    body["version"] = expected_version(body)
    return _act(actions.sign_step, change_id, proven(body))


@changes.acts("/changes/<name:change_id>/cancellation", SignedReason, SignedStep)
@allow(*GMP_ROLES)
def cancel(body: dict, change_id: str) -> dict:
    """Cancel a change

    By its originator or quality, until it is approved.
    """
    return _act(actions.cancel_change, change_id, proven(body))


@changes.acts("/changes/<name:change_id>/duties", NewDuty, DutyState, status=201)
@allow(*actions.ORIGINATORS)
def add_duty(body: dict, change_id: str) -> dict:
    """Add a duty

    Besides what was worked out when the change was approved.
    """
    return _act(duties.add_duty, change_id, body)


@changes.acts("/changes/<name:change_id>/duties/done", DutyDone, DutyState)
@allow(*GMP_ROLES)
def do_duty(body: dict, change_id: str) -> dict:
    """Do a duty

    With what shows that it was done.
    """
    return _act(duties.do_duty, change_id, body)


@changes.acts("/changes/<name:change_id>/duties/cancelled", DutyCancelled, DutyState)
@allow("QA_DISP", "QA_FLR")
def cancel_duty(body: dict, change_id: str) -> dict:
    """Cancel a duty

    It is not needed, and why.
    """
    return _act(duties.cancel_duty, change_id, body)


def _act(action: Any, change_id: str, body: dict) -> dict:
    return act(action, stream=f"batch:{change_id}", change_id=change_id, **body)
