"""A draft as an editor opens it."""

from __future__ import annotations

import json
from typing import Any

from engine.actions.drafts import working_copy
from engine.records import Person, RecipeDraft, RecipeRevision
from engine.site import Site


def draft_view(site: Site, revision_id: str) -> dict[str, Any]:
    """The revision's text with who saved it last; of a revision that is no draft any more, its frozen document.

    `version` is the one to save with. A revision that never was a draft here has version 0 and nobody who saved it.
    """
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        draft = reader.find(RecipeDraft, revision_id=revision_id)
        person = reader.find(Person, id=draft["saved_by"]) if draft else None
        return {
            "revision_id": row["id"],
            "recipe_id": row["recipe_id"],
            "revision": row["revision"],
            "kind": row["kind"],
            "title": row["title"],
            "state": row["state"],
            "version": draft["version"] if draft else 0,
            "xml": working_copy(reader, row),
            "hash": draft["hash"] if draft and row["state"] == "DRAFT" else row["hash"],
            "saved_by": person["full_name"] if person else draft["saved_by"] if draft else "",
            "saved_at": draft["saved_at"] if draft else "",
            "based_on": draft["based_on"] if draft else "",
            "origin": json.loads(draft["origin"]) if draft else {},
        }
