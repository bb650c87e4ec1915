"""Drafts: revisions while they are written, for the editor and for importers."""

from __future__ import annotations

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Code, Count, Schema, Text, answer
from api.resource import Resource, act, site
from api.resources.recipes import MAX_BODY
from bpmn.reading import MAX_BYTES
from engine.actions import drafts as actions
from engine.queries.drafts import draft_view

drafts = Resource("drafts", "Drafts: the working copies of revisions.")


class NewDraft(Schema):
    """A revision to begin: empty, from a diagram, or as a copy of another revision."""

    recipe_id = Text(50, required=True)
    revision = Text(20, required=True)
    title = Text(200)
    product = Text(200)
    xml = ma.fields.String(validate=ma.validate.Length(min=1, max=MAX_BYTES))
    based_on = Code()
    kind = ma.fields.String(validate=ma.validate.OneOf(["recipe", "process"]))
    origin = ma.fields.Dict(keys=ma.fields.String())


class Save(Schema):
    """The working copy, and the version that it follows."""

    xml = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=MAX_BYTES))
    version = Count(1, required=True)


Begun = answer("BegunDraft", revision=ma.fields.String(), version=ma.fields.Integer(), hash=ma.fields.String())
Draft = answer(
    "Draft",
    revision_id=ma.fields.String(),
    recipe_id=ma.fields.String(),
    revision=ma.fields.String(),
    title=ma.fields.String(),
    state=ma.fields.String(),
    version=ma.fields.Integer(),
    xml=ma.fields.String(),
    hash=ma.fields.String(),
    saved_by=ma.fields.String(),
    saved_at=ma.fields.String(),
    based_on=ma.fields.String(),
    origin=ma.fields.Dict(),
)
Saved = answer("SavedDraft", version=ma.fields.Integer(), hash=ma.fields.String(), saved_at=ma.fields.String())


@drafts.acts("/drafts", NewDraft, Begun, status=201, max_body=MAX_BODY)
@allow("PROC")
def start_draft(body: dict) -> dict:
    """Begin a revision

    Empty, from a diagram, or as a copy of the revision that `based_on` names.
    """
    return act(actions.start_draft, stream=f"recipe:{body['recipe_id']}", **body)


@drafts.reads("/drafts/<name:revision_id>", Draft)
@allow(*GMP_ROLES)
def one_draft(revision_id: str) -> dict:
    """A draft

    With the version to save it with. Of a revision that is no draft any more: its frozen document.
    """
    return draft_view(site(), revision_id)


@drafts.acts("/drafts/<name:revision_id>", Save, Saved, method="PUT", max_body=MAX_BODY)
@allow("PROC")
def save_draft(body: dict, revision_id: str) -> dict:
    """Save a draft

    Refused with who saved it, and when, if somebody did since `version`.
    """
    recipe_id = revision_id.partition("@")[0]
    return act(actions.save_draft, stream=f"recipe:{recipe_id}", revision_id=revision_id, **body)
