"""Recipes: a diagram that passed its checks, signed, and in effect from an instant on."""

from __future__ import annotations

import re
from dataclasses import asdict

import marshmallow as ma
from flask import Response, g

from api.auth import GMP_ROLES, allow
from api.fields import NAME, Entries, Instant, Schema, answer
from api.paging import PageQuery, page
from api.resource import Resource, act, site
from api.signing import Secret, proven
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram as BpmnDiagram
from bpmn.reading import MAX_BYTES
from bpmn.vocabulary import MEANINGS
from engine.actions import recipes as actions
from engine.errors import DiagramRefusedError, UnstorableTextError
from engine.form import findings_of_forms
from engine.queries import recipes as queries
from engine.queries.life_cycle import life_cycle_view
from engine.queries.lists import revision_page
from engine.transaction import Action

recipes = Resource("recipes", "Master recipes: BPMN diagrams under revision.")

MAX_BODY = MAX_BYTES * 3 // 2
"""Bytes of a request with a diagram, which JSON makes longer; what a diagram may hold is said by its reader."""


class Diagram(Schema):
    """A recipe's BPMN 2.0 XML."""

    xml = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=MAX_BYTES))


class RecipeSignature(Secret):
    """A signature on the open step of a revision's life cycle that takes this meaning, with what the step asks for."""

    meaning = ma.fields.String(required=True, validate=ma.validate.OneOf(list(MEANINGS)))
    entries = Entries()


class Effectivity(Secret):
    """From when a revision is in effect."""

    effective_at = Instant(as_text=True, required=True)


Revision = answer(
    "RecipeRevision",
    id=ma.fields.String(),
    recipe_id=ma.fields.String(),
    revision=ma.fields.String(),
    title=ma.fields.String(),
    hash=ma.fields.String(),
    state=ma.fields.String(),
    version=ma.fields.Integer(),
)
RevisionPage = answer(
    "RecipeRevisionPage", items=ma.fields.List(ma.fields.Nested(Revision)), next=ma.fields.String(allow_none=True)
)
RevisionView = answer(
    "RecipeRevisionView",
    revision=ma.fields.Dict(),
    signatures=ma.fields.List(ma.fields.Dict()),
    steps=ma.fields.List(ma.fields.Dict()),
    holds=ma.fields.List(ma.fields.Dict()),
    facts=ma.fields.Dict(),
    life_cycle=ma.fields.Dict(),
)
Imported = answer(
    "ImportedRecipe",
    revision=ma.fields.String(),
    hash=ma.fields.String(),
    steps=ma.fields.Integer(),
    warnings=ma.fields.List(ma.fields.Dict()),
)
Signed = answer("SignedRecipe", revision=ma.fields.String(), state=ma.fields.String())
Finding = answer(
    "DiagramFinding",
    rule=ma.fields.String(),
    element_id=ma.fields.String(),
    line=ma.fields.Integer(),
    message=ma.fields.String(),
    what_to_do=ma.fields.String(),
    severity=ma.fields.String(),
    path=ma.fields.List(ma.fields.String()),
    parameter=ma.fields.String(),
    property=ma.fields.String(),
)
Checked = answer("CheckedDiagram", ok=ma.fields.Boolean(), findings=ma.fields.List(ma.fields.Nested(Finding)))


@recipes.acts("/recipes/checks", Diagram, Checked, keyed=False, max_body=MAX_BODY)
@allow(*GMP_ROLES)
def check(body: dict) -> dict:
    """Check a diagram

    All problems at once, each with its element, its line and what to do. Nothing is loaded.
    """
    report = check_diagram(_encoded(body["xml"]))
    with site().read() as reader:
        found = [*report.findings, *findings_of_forms(reader, body["xml"])]
    ok = all(finding.severity != "error" for finding in found)
    return {"ok": ok, "findings": [asdict(finding) for finding in found]}


@recipes.acts("/recipes", Diagram, Imported, status=201, max_body=MAX_BODY)
@allow("PROC")
def import_recipe(body: dict) -> dict:
    """Load a diagram as a draft revision

    Only if it passes every check; the refusal lists all findings.
    """
    recipe_id = _recipe_id(_encoded(body["xml"]))
    return act(actions.import_recipe, stream=f"recipe:{recipe_id}", xml=body["xml"])


@recipes.reads("/recipes", RevisionPage, query=PageQuery)
@allow(*GMP_ROLES)
def all_revisions(query: dict) -> dict:
    """All revisions of all recipes"""
    rows = revision_page(site(), query["after"], query["limit"] + 1)
    return page(rows, query["limit"], lambda row: [row["id"]])


@recipes.reads("/recipes/<name:revision_id>", RevisionView)
@allow(*GMP_ROLES)
def one_revision(revision_id: str) -> dict:
    """One revision

    Header, steps with their parameters, hold times, signatures, what reviewers look at, and where its life cycle stands.
    """
    return queries.revision_view(site(), revision_id) | {"life_cycle": life_cycle_view(site(), revision_id, g.actor)}


@recipes.reads("/recipes/<name:revision_id>/diagram", None, content_type="application/xml")
@allow(*GMP_ROLES)
def diagram(revision_id: str) -> Response:
    """The diagram of a revision

    As stored under its hash.
    """
    return Response(queries.revision_xml(site(), revision_id), mimetype="application/xml")


@recipes.acts("/recipes/<name:revision_id>/signatures", RecipeSignature, Signed)
@allow(*GMP_ROLES)
def sign(body: dict, revision_id: str) -> dict:
    """Sign a revision

    The open step of its life cycle that takes this meaning, with what the step asks for: authored, reviewed by production,
    approved by QA, and what the site drew besides; by different people.
    """
    return _act(actions.sign_recipe, revision_id, proven(body))


@recipes.acts("/recipes/<name:revision_id>/effectivity", Effectivity, Signed)
@allow("QA_DISP")
def make_effective(body: dict, revision_id: str) -> dict:
    """Put a revision into effect

    From an instant on; the one before can't be issued from then.
    """
    return _act(actions.make_effective, revision_id, proven(body))


def _act(action: Action, revision_id: str, body: dict) -> dict:
    return act(action, stream=f"batch:{revision_id}", revision_id=revision_id, **body)


def _encoded(xml: str) -> bytes:
    try:
        return xml.encode()
    except UnicodeEncodeError:
        raise UnstorableTextError("It contains half of a character.") from None


def _recipe_id(xml: bytes) -> str:
    """The master recipe's number, which names the stream; a diagram without one is refused like any other fault."""
    recipe_id = BpmnDiagram.parse(xml).recipe.id
    if not re.fullmatch(NAME, recipe_id):
        raise DiagramRefusedError("It has no recipe number of letters, digits and . _ - in `mes:recipe`.")
    return recipe_id
