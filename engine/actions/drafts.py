"""Drafts: a revision while it is written. Every save is in the trail with its digest; nothing is overwritten unseen.

Source: EU GMP Annex 11 s.10; 21 CFR 211.100(a).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bpmn import vocabulary as v
from bpmn.new_diagram import smallest_diagram, with_header
from engine.actions import access, life_cycle, processes
from engine.documents import DIAGRAM_KINDS, read_document
from engine.errors import DuplicateRecordError, RecipeFieldError, RevisionLockedError, StaleRecordError
from engine.reader import Reader
from engine.records import Person, RecipeDocument, RecipeDraft, RecipeRevision
from engine.scope import Row
from engine.transaction import SYSTEM, Act, Actor

AUTHORS = ("PROC",)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")


def start_draft(
    act: Act,
    *,
    actor: Actor,
    recipe_id: str,
    revision: str,
    title: str = "",
    product: str = "",
    xml: str = "",
    based_on: str = "",
    kind: str = "recipe",
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Begin a revision. Stream: `recipe:<id>`.

    `xml`: what it begins with (of a form, its JSON); else a copy of the revision `based_on`, else the smallest diagram.
    The header gets this number, this revision, and title and product where they are given. `origin`: what it was imported
    from, kept with the draft. DuplicateRecordError for a number that was used before.
    """
    access.permit(actor, AUTHORS)
    _named(recipe_id, revision)
    revision_id = f"{recipe_id}@{revision}"
    if act.find(RecipeRevision, id=revision_id) is not None:
        raise DuplicateRecordError(f"Revision {revision_id} exists already; give this one another number.")
    if recipe_id in processes.SHIPPED:
        processes.shipped(act, actor=SYSTEM, process_id=recipe_id)
        kind = "process"
    if based_on:
        source = act.get(RecipeRevision, id=based_on)
        kind, xml = source["kind"], xml or working_copy(act, source)
    if any(row["kind"] != kind for row in act.rows(RecipeRevision, recipe_id=recipe_id)):
        told = f"{recipe_id} is the number of something else on this site, not of a {kind}."
        raise RecipeFieldError(told, problems={"recipe_id": told})
    text = _begin(kind, recipe_id, revision, title, product, xml)
    document = read_document(kind, text)
    if act.find(RecipeDocument, hash=document.hash) is None:
        act.insert(RecipeDocument, hash=document.hash, xml=text)
    row = act.insert(
        RecipeRevision,
        id=revision_id,
        recipe_id=recipe_id,
        revision=revision,
        title=document.title,
        product=document.product,
        hash=document.hash,
        state="DRAFT",
        authored_by=actor.id,
        kind=kind,
        version=1,
    )
    draft = act.insert(
        RecipeDraft,
        revision_id=revision_id,
        recipe_id=recipe_id,
        xml=text,
        hash=document.hash,
        based_on=based_on,
        origin=json.dumps(dict(origin or {}), sort_keys=True),
        saved_by=actor.id,
        saved_at=act.now,
        version=1,
    )
    act.note("draft:begun", stream=f"recipe:{recipe_id}", revision=revision_id, hash=document.hash, based_on=based_on)
    life_cycle.begin(act, row)
    return {"revision": revision_id, "version": draft["version"], "hash": document.hash}


def save_draft(act: Act, *, actor: Actor, revision_id: str, xml: str, version: int) -> dict[str, Any]:
    """Save the working copy, fit for use or not; it only has to be readable. Stream: `recipe:<id>`.

    `version` is the one that the person began with: StaleRecordError says who saved since, and when. RevisionLockedError
    once it is in review.
    """
    access.permit(actor, AUTHORS)
    row = act.get(RecipeRevision, id=revision_id)
    editable(act, row)
    draft = act.get(RecipeDraft, revision_id=revision_id)
    if xml == draft["xml"]:
        return _saved(draft)
    if version != draft["version"]:
        raise _stale(act, draft)
    document = read_document(row["kind"], xml)
    act.update(RecipeRevision, {"id": revision_id}, was=row, title=document.title, product=document.product)
    draft = act.update(
        RecipeDraft, {"revision_id": revision_id}, was=draft, xml=xml, hash=document.hash, saved_by=actor.id, saved_at=act.now
    )
    act.note("draft:saved", revision=revision_id, hash=document.hash, version=draft["version"])
    return _saved(draft)


def editable(reader: Reader, row: Row) -> None:
    """Refuse to edit a revision that is in review or later, and say where it is."""
    if row["state"] != "DRAFT":
        state = row["state"].lower().replace("_", " ")
        raise RevisionLockedError(
            f"{row['id']} is {state}. To change it, have it returned to draft, or begin a new revision.", state=row["state"]
        )


def working_copy(reader: Reader, row: Row) -> str:
    """What a revision says now: of a draft its working copy, else the frozen document."""
    draft = reader.find(RecipeDraft, revision_id=row["id"]) if row["state"] == "DRAFT" else None
    found: str = draft["xml"] if draft else reader.get(RecipeDocument, hash=row["hash"])["xml"]
    return found


def _begin(kind: str, recipe_id: str, revision: str, title: str, product: str, xml: str) -> str:
    if kind == "form":
        return xml
    if not xml:
        header = v.Recipe(recipe_id, revision, title or recipe_id, product, kind=DIAGRAM_KINDS[kind])  # type: ignore[arg-type]
        return smallest_diagram(header)
    attributes = {"id": recipe_id, "revision": revision, "title": title, "product": product}
    if kind == "process":
        attributes["kind"] = DIAGRAM_KINDS[kind]
    return with_header(xml, **{name: value for name, value in attributes.items() if value})


def _named(recipe_id: str, revision: str) -> None:
    problems = {}
    if not _NUMBER.fullmatch(recipe_id):
        problems["recipe_id"] = "The number has 1 to 50 letters, digits and . _ - and begins with a letter or digit."
    if not _REVISION.fullmatch(revision):
        problems["revision"] = "The revision has 1 to 20 letters, digits and . _ - and begins with a letter or digit."
    if problems:
        raise RecipeFieldError(" ".join(problems.values()), problems=problems)


def _stale(reader: Reader, draft: Row) -> StaleRecordError:
    person = reader.find(Person, id=draft["saved_by"])
    name = person["full_name"] if person else draft["saved_by"]
    return StaleRecordError(
        f"{name} saved version {draft['version']} at {draft['saved_at']}.",
        version=draft["version"],
        saved_by=name,
        saved_at=draft["saved_at"],
    )


def _saved(draft: Row) -> dict[str, Any]:
    return {"version": draft["version"], "hash": draft["hash"], "saved_at": draft["saved_at"]}
