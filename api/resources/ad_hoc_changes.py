"""Changes of one running batch only: asked for, signed by class of risk, applied, proposed to the master."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import g

from api.auth import GMP_ROLES, allow
from api.fields import ROW, Code, Schema, Text, answer
from api.resource import Resource, act, site
from api.signing import SignedReason, proven
from bpmn.edits import KINDS
from bpmn.vocabulary import ROLES
from engine.actions import ad_hoc_changes as actions
from engine.actions import approvals, drafts, proposals
from engine.batch_record import BatchRecord
from engine.queries import ad_hoc_changes as queries
from engine.records.change import CATEGORIES
from engine.risk_classes import RISKS

ad_hoc_changes = Resource("ad_hoc_changes", "What one running batch does differently, for itself alone.")

ALL = "/batches/<name:batch_id>/ad-hoc-changes"
ONE = f"{ALL}/<name:ad_hoc_id>"
DECIDERS = tuple(sorted(approvals.MEANING))


class AdHocRequest(SignedReason):
    """A change of this batch only. `edit`: its kind and what that needs; an empty id of a new step is given by the system."""

    edit = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(max=40)), values=ma.fields.Raw(), required=True,
        metadata={"description": f"`kind`: {', '.join(KINDS)}, with the fields of that kind"},
    )  # fmt: skip
    category = ma.fields.String(required=True, validate=ma.validate.OneOf(CATEGORIES))
    risk = ma.fields.String(required=True, validate=ma.validate.OneOf(RISKS))


class AdHocSignature(SignedReason):
    """One role's word on it; `role`: the role signed in, where a person has several."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(approvals.OUTCOMES))
    role = ma.fields.String(validate=ma.validate.OneOf(sorted(ROLES)))


class Proposal(Schema):
    """The change request to open, and the revision of the recipe to begin."""

    change_id = Code(ROW, required=True)
    revision = Text(20, shortest=1, required=True)


Rows = ma.fields.List(ma.fields.Dict())
Roles = ma.fields.List(ma.fields.String())
Listed = answer("AdHocChanges", items=Rows)
View = answer(
    "AdHocChange", batch=ma.fields.Dict(), change=ma.fields.Dict(), entries=Rows, refused=ma.fields.List(ma.fields.String()),
    signatures=Rows,
)  # fmt: skip
Requested = answer(
    "RequestedAdHocChange", ad_hoc=ma.fields.String(), roles=Roles, state=ma.fields.String(), kind=ma.fields.String(),
    words=ma.fields.String(), step=ma.fields.String(),
)  # fmt: skip
Signed = answer(
    "SignedAdHocChange", ad_hoc=ma.fields.String(), state=ma.fields.String(), open_roles=Roles, batch_state=ma.fields.String()
)
Proposed = answer("ProposedToMaster", change=ma.fields.String(), revision=ma.fields.String(), ad_hoc=ma.fields.String())


@ad_hoc_changes.reads(ALL, Listed)
@allow(*GMP_ROLES)
def list_changes(batch_id: str) -> dict:
    """The changes of a batch

    Each with the roles that have still to sign it, and what this batch does otherwise than its recipe.
    """
    with site().read() as reader:
        batch = BatchRecord(site(), reader, batch_id)
        differing = [entry.to_json() for entry in queries.differences(batch)["entries"]]
        return {"items": queries.ad_hoc_list(batch, g.actor), "differences": differing}


@ad_hoc_changes.reads(ONE, View)
@allow(*GMP_ROLES)
def one_change(batch_id: str, ad_hoc_id: str) -> dict:
    """One change of a batch

    `entries`: what it changes of the control recipe. `refused`: why it can't be applied any more.
    """
    view = queries.ad_hoc_view(site(), batch_id, ad_hoc_id, g.actor)
    return view | {"entries": [entry.to_json() for entry in view["entries"]]}


@ad_hoc_changes.acts(ALL, AdHocRequest, Requested, status=201)
@allow(*actions.REQUESTERS)
def request(body: dict, batch_id: str) -> dict:
    """Ask for a change of this batch only

    Signed by who asks; refused with every reason where the batch could not go on by it.
    """
    return _on_batch(actions.request_ad_hoc, batch_id, **proven(body))


@ad_hoc_changes.acts(f"{ONE}/signatures", AdHocSignature, Signed)
@allow(*DECIDERS)
def sign(body: dict, batch_id: str, ad_hoc_id: str) -> dict:
    """Approve or refuse it

    Nobody approves their own. With the last role's signature the batch goes on by it, and an exception is raised.
    """
    return _on_batch(actions.sign_ad_hoc, batch_id, ad_hoc_id=ad_hoc_id, **proven(body))


@ad_hoc_changes.acts(f"{ONE}/proposal", Proposal, Proposed, status=201)
@allow(*drafts.AUTHORS)
def propose(body: dict, batch_id: str, ad_hoc_id: str) -> dict:
    """Propose it to the master recipe

    Begins the next revision with the same edit, under a change request that names this batch.
    """
    return _on_batch(proposals.propose_to_master, batch_id, ad_hoc_id=ad_hoc_id, **body)


def _on_batch(action: Any, batch_id: str, **arguments: Any) -> dict:
    return act(action, stream=f"batch:{batch_id}", batch_id=batch_id, **arguments)
