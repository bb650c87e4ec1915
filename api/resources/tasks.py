"""Tasks: what a person does at one step of a batch, from starting it to the last signature."""

from __future__ import annotations

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import KEY, NAME, ROW, Code, Count, Entries, Instant, Schema, Text, answer
from api.resource import Resource, act, expected_version, site
from api.signing import Secret, SignedReason, proven
from bpmn.vocabulary import MEANINGS, ROLES
from engine.actions import decisions, departures, entries, omissions, scans
from engine.actions import tasks as actions
from engine.queries import worklist as work
from engine.queries.task_view import task_view
from engine.transaction import Action

tasks = Resource("tasks", "The steps of batches: what waits, and what a person does at one of them.")

TASK = "/batches/<name:batch_id>/tasks/<key:task_key>"


class Start(Schema):
    """The start of a step; `event_at` where it is entered later than it happened, then with a reason."""

    version = Count(1)
    event_at = Instant(as_text=True)
    reason = Text(1000)


class Scanned(Schema):
    """A code as the scanner read it."""

    code = Text(300, shortest=1, required=True)
    version = Count(1)


class Verdicts(ma.fields.Dict):
    """The pass or fail that a laboratory reported with a value, by parameter; it is compared with the value's limits."""

    def __init__(self) -> None:
        word = ma.fields.String(validate=ma.validate.OneOf(("pass", "fail")))
        super().__init__(keys=Code(KEY), values=word, validate=ma.validate.Length(max=400))


class Values(Schema):
    """What was typed, by parameter; `reasons` where something is measured again."""

    entries = Entries(required=True)
    reasons = Entries()
    verdicts = Verdicts()
    version = Count(1)
    event_at = Instant(as_text=True)


class Omission(Schema):
    """A parameter whose value can't be obtained, and why."""

    parameter_id = Code(KEY, required=True)
    reason = Text(1000, shortest=3, required=True)
    version = Count(1)


class Acceptance(Schema):
    """Readings of devices that belong to this step: parameter to reading."""

    readings = ma.fields.Dict(keys=Code(KEY), values=Code(ROW), required=True, validate=ma.validate.Length(min=1, max=400))
    reasons = Entries()
    version = Count(1)


class Signing(Secret):
    """A signature with its meaning, and what is recorded in the same act.

    `shown_hash`: of the content that was shown, from the task. `comments`: by exception, parameter or hold time.
    `verification`: what an independent verifier read, by parameter.
    """

    meaning = ma.fields.String(required=True, validate=ma.validate.OneOf(sorted(MEANINGS)))
    version = Count(1)
    shown_hash = Code(r"[0-9a-f]{64}")
    entries = Entries()
    readings = ma.fields.Dict(keys=Code(KEY), values=Code(ROW), validate=ma.validate.Length(max=400))
    reasons = Entries()
    verdicts = Verdicts()
    comments = Entries(names=ROW)
    verification = Entries()
    event_at = Instant(as_text=True)


class Decision(SignedReason):
    """A role's decision on a blocked step. `reference`: a planned departure. `links`: results to look at."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(decisions.OUTCOMES))
    role = ma.fields.String(validate=ma.validate.OneOf(sorted(ROLES)))
    reference = Text(100)
    links = ma.fields.List(Code(NAME), validate=ma.validate.Length(max=50))
    more = Entries()
    version = Count(1)


class DepartureRequest(Schema):
    """A request to go on with what the recipe does not allow, for this patient only."""

    departure_id = Code(required=True)
    parameter_id = Code(required=True)
    reason = Text(2000, shortest=3, required=True)
    risk = Text(2000, shortest=3, required=True)
    mitigation = Text(2000, shortest=3, required=True)
    roles = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(sorted(ROLES))), validate=ma.validate.Length(max=15))


Worklist = answer("Worklist", items=ma.fields.List(ma.fields.Dict()))
TaskView = answer(
    "TaskView",
    batch=ma.fields.Dict(),
    task=ma.fields.Dict(),
    step=ma.fields.Dict(),
    version=ma.fields.Integer(),
    content_hash=ma.fields.String(),
    fields=ma.fields.List(ma.fields.Dict()),
    exceptions=ma.fields.List(ma.fields.Dict()),
    signatures=ma.fields.List(ma.fields.Dict()),
    next_slots=ma.fields.List(ma.fields.Dict()),
)
Done = answer("DoneAtTask", task=ma.fields.Dict(), exceptions=ma.fields.List(ma.fields.Dict()))
ScanAnswer = answer(
    "ScanAnswer",
    accepted=ma.fields.Boolean(),
    message=ma.fields.String(),
    still=ma.fields.List(ma.fields.Raw(), metadata={"description": "What is left to scan"}),
    exceptions=ma.fields.List(ma.fields.Dict()),
)
Signed = answer(
    "SignedTask",
    task=ma.fields.Dict(),
    signed=ma.fields.Boolean(),
    completed=ma.fields.Boolean(),
    exceptions=ma.fields.List(ma.fields.Dict()),
    opened=ma.fields.List(ma.fields.Raw(), metadata={"description": "Tasks that are open because of this"}),
)
Decided = answer("DecidedBlock", task=ma.fields.Dict(), open_roles=ma.fields.List(ma.fields.String()), state=ma.fields.String())
Requested = answer("RequestedDeparture", departure=ma.fields.String(), roles=ma.fields.List(ma.fields.String()))


@tasks.reads("/tasks", Worklist)
@allow(*GMP_ROLES)
def worklist() -> dict:
    """What waits

    Everything open on the site; what the caller may do comes first, then by due time.
    """
    return {"items": work.worklist(site(), g.actor)}


@tasks.reads(TASK, TaskView, etag=True)
@allow(*GMP_ROLES)
def one_task(batch_id: str, task_key: str) -> dict:
    """One step

    Everything that its page shows; `content_hash` is the `shown_hash` of a signature, the ETag stands for `version`.
    """
    return task_view(site(), batch_id, task_key, g.actor)


@tasks.acts(f"{TASK}/start", Start, Done)
@allow(*GMP_ROLES)
def start(body: dict, batch_id: str, task_key: str) -> dict:
    """Start a step

    An act of its own: hold times end and begin here, and values can be recorded from now on.
    """
    return _at_task(actions.start_task, body, batch_id, task_key)


@tasks.acts(f"{TASK}/scans", Scanned, ScanAnswer)
@allow(*GMP_ROLES)
def scan(body: dict, batch_id: str, task_key: str) -> dict:
    """Scan a code

    The patient's identifiers, a lot or equipment; every attempt stays on record.
    """
    return _at_task(scans.scan, body, batch_id, task_key)


@tasks.acts(f"{TASK}/values", Values, Done)
@allow(*GMP_ROLES)
def record(body: dict, batch_id: str, task_key: str) -> dict:
    """Record values

    Each is kept as typed and judged at once; all problems come together, and nothing is recorded unless all of it is.
    """
    return _at_task(entries.record_values, body, batch_id, task_key)


@tasks.acts(f"{TASK}/omissions", Omission, Done)
@allow(*GMP_ROLES)
def declare_not_obtained(body: dict, batch_id: str, task_key: str) -> dict:
    """Say that a value can't be obtained

    It stays on record as missing, with the reason; when the step ends, quality decides about it.
    """
    return _at_task(omissions.declare_not_obtained, body, batch_id, task_key)


@tasks.acts(f"{TASK}/readings", Acceptance, Done)
@allow(*GMP_ROLES)
def accept_readings(body: dict, batch_id: str, task_key: str) -> dict:
    """Accept readings of devices

    The person vouches that they belong to this step.
    """
    return _at_task(entries.accept_readings, body, batch_id, task_key)


@tasks.acts(f"{TASK}/signatures", Signing, Signed)
@allow(*GMP_ROLES)
def sign(body: dict, batch_id: str, task_key: str) -> dict:
    """Sign

    In the slot that is the caller's: the performer's signature ends the step, the last one completes it.
    """
    return _at_task(actions.sign_task, proven(body), batch_id, task_key)


@tasks.acts(f"{TASK}/decisions", Decision, Decided)
@allow(*GMP_ROLES)
def decide(body: dict, batch_id: str, task_key: str) -> dict:
    """Decide on a blocked step

    It goes on when every role it needs has signed `proceed`; nobody decides on their own work.
    """
    return _at_task(decisions.decide, proven(body), batch_id, task_key)


@tasks.acts(f"{TASK}/departures", DepartureRequest, Requested, status=201)
@allow("PROC", "QA_FLR")
def request_departure(body: dict, batch_id: str, task_key: str) -> dict:
    """Request a planned departure

    Bound to this patient and this batch; every role named has to sign it.
    """
    return act(departures.request_departure, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key, **body)


def _at_task(action: Action, body: dict, batch_id: str, task_key: str) -> dict:
    version = expected_version(body)
    return act(action, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key, version=version, **body)
