"""Forms: what people are asked for beside recipes, and what a step that uses a form takes from it."""

from __future__ import annotations

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Schema, Text, answer
from api.resource import Resource, act, site
from engine.actions import forms as actions
from engine.queries import forms as queries

forms = Resource("forms", "Forms: reusable fields of steps, under revision.")


class NewForm(Schema):
    """The form to begin a revision of: one there is, or a new one with its title."""

    name = Text(50, required=True)
    title = Text(200)


class Which(Schema):
    """Which revision; without it the one in use."""

    revision = Text(20)


Begun = answer("BegunForm", revision=ma.fields.String(), version=ma.fields.Integer(), hash=ma.fields.String())
Forms = answer("Forms", forms=ma.fields.List(ma.fields.Dict()))
Parameters = answer(
    "FormParameters",
    form=ma.fields.String(),
    title=ma.fields.String(),
    parameters=ma.fields.List(ma.fields.Dict()),
)


@forms.reads("/forms", Forms)
@allow(*GMP_ROLES)
def all_forms() -> dict:
    """All forms

    Each with the revision that people are shown now, and all its revisions.
    """
    return {"forms": queries.form_list(site())}


@forms.reads("/forms/<name:name>/parameters", Parameters, query=Which)
@allow(*GMP_ROLES)
def form_parameters(query: dict, name: str) -> dict:
    """What a step takes from a form

    `form` goes into the step (`reason@2`), the parameters as they are.
    """
    return queries.form_parameters(site(), name, query.get("revision", ""))


@forms.acts("/forms", NewForm, Begun, status=201)
@allow("PROC")
def start_form(body: dict) -> dict:
    """Begin a revision of a form

    A copy of the one in use, or a new form. It is written and saved as any draft is.
    """
    return act(actions.start_form, stream=f"recipe:{body['name']}", **body)
