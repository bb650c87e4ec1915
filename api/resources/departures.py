"""Departures of one patient's batches that are approved before anything departs."""

from __future__ import annotations

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import Code, Count, Schema, Text, answer
from api.resource import Resource, act, site
from api.signing import SignedReason, proven
from bpmn.vocabulary import ROLES
from engine.actions import approvals
from engine.actions import departures as actions
from engine.batch_record import BatchRecord
from engine.queries import ad_hoc_changes as queries

departures = Resource("departures", "Planned departures, bound to a patient and a number of uses.")

ALL = "/batches/<name:batch_id>/departures"


class PlannedDeparture(Schema):
    """Values of one parameter that may pass, for this patient. An empty bound is unbounded; both are not empty."""

    departure_id = Code(required=True)
    step_id = Code(required=True)
    parameter_id = Code(required=True)
    low = Text(100, load_default="")
    high = Text(100, load_default="")
    uses = Count(1, actions.MOST_USES, required=True)
    reason = Text(2000, shortest=3, required=True)
    risk = Text(2000, shortest=3, required=True)
    mitigation = Text(2000, shortest=3, required=True)
    roles = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(sorted(approvals.MEANING))), validate=ma.validate.Length(1, 15)
    )


class DepartureSignature(SignedReason):
    """One role's word on it."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(approvals.OUTCOMES))
    role = ma.fields.String(validate=ma.validate.OneOf(sorted(ROLES)))


Roles = ma.fields.List(ma.fields.String())
Listed = answer("Departures", items=ma.fields.List(ma.fields.Dict()))
Planned = answer("RequestedPlannedDeparture", departure=ma.fields.String(), roles=Roles, state=ma.fields.String())
Signed = answer("SignedDeparture", departure=ma.fields.String(), state=ma.fields.String(), open_roles=Roles)


@departures.reads(ALL, Listed)
@allow(*GMP_ROLES)
def list_departures(batch_id: str) -> dict:
    """The departures that bind a batch

    Its own and those of the same patient's other batches, with every use.
    """
    with site().read() as reader:
        return {"items": queries.departure_list(BatchRecord(site(), reader, batch_id), g.actor)}


@departures.acts(ALL, PlannedDeparture, Planned, status=201)
@allow(*actions.REQUESTERS)
def plan(body: dict, batch_id: str) -> dict:
    """Plan a departure

    Before anything departs; every role it names approves it.
    """
    return act(actions.plan_departure, stream=f"batch:{batch_id}", batch_id=batch_id, **body)


@departures.acts(f"{ALL}/<name:departure_id>/signatures", DepartureSignature, Signed)
@allow(*sorted(approvals.MEANING))
def sign(body: dict, batch_id: str, departure_id: str) -> dict:
    """Approve or refuse a planned departure

    Nobody approves their own; with the last role it may be used.
    """
    return act(actions.sign_departure, stream=f"batch:{batch_id}", batch_id=batch_id, departure_id=departure_id, **proven(body))
