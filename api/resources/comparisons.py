"""Comparisons: what changed between two revisions, and what each change means."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import answer
from api.resource import Resource, site
from engine.queries.comparison import compared

comparisons = Resource("comparisons", "Comparisons: what changed between two revisions, and what it means.")

Change = answer(
    "RevisionChange",
    kind=ma.fields.String(),
    element_id=ma.fields.String(),
    old_element_id=ma.fields.String(),
    called=ma.fields.String(),
    about=ma.fields.String(),
    what=ma.fields.String(),
    step=ma.fields.String(),
    parameter=ma.fields.String(),
    item=ma.fields.String(),
    property=ma.fields.String(),
    old=ma.fields.String(),
    new=ma.fields.String(),
    meanings=ma.fields.List(ma.fields.String()),
    touches=ma.fields.List(ma.fields.String()),
    subject=ma.fields.String(),
    sentence=ma.fields.String(),
)
Comparison = answer(
    "RevisionComparison",
    old=ma.fields.String(),
    new=ma.fields.String(),
    old_hash=ma.fields.String(),
    new_hash=ma.fields.String(),
    identical=ma.fields.Boolean(),
    editorial=ma.fields.Boolean(),
    summary=ma.fields.Dict(),
    entries=ma.fields.List(ma.fields.Nested(Change)),
)


@comparisons.reads("/recipes/<name:old_id>/diff/<name:new_id>", Comparison)
@allow(*GMP_ROLES)
def difference(old_id: str, new_id: str) -> dict[str, Any]:
    """What changed from one revision to another

    Entry by entry in the order of the recipe: old and new value, what it means, the critical parameters it touches. Of
    a draft the working copy is compared. Where shapes stand is no change.
    """
    found = compared(site(), old_id, new_id)
    return {"old": old_id, "new": new_id, **found.difference.to_json()}
