"""The mappings that a site keeps for the tables it imports."""

from __future__ import annotations

import json
import re

from engine.actions.drafts import working_copy
from engine.records import ImportMapping, RecipeRevision
from engine.site import Site

Columns = dict[str, dict[str, str]]
"""Role of a table -> plain heading -> property."""


def kept_mappings(site: Site) -> dict[str, Columns]:
    """Every kept mapping by name."""
    with site.read() as reader:
        return {row["name"]: json.loads(row["columns"]) for row in reader.rows(ImportMapping, order=("name",))}


def kept_columns(site: Site, name: str = "") -> Columns:
    """What headings mean by one mapping, or by all of them together, the one named last first."""
    found: Columns = {}
    mappings = kept_mappings(site)
    for columns in [mappings[name]] if name in mappings else mappings.values():
        for role, said in columns.items():
            found.setdefault(role, {}).update(said)
    return found


def latest_revision(site: Site, recipe_id: str) -> tuple[str, str] | None:
    """Revision and diagram of the newest revision of a recipe, a draft's as it is written now; None for a new recipe."""
    with site.read() as reader:
        rows = reader.rows(RecipeRevision, recipe_id=recipe_id, order=("revision",))
        if not rows:
            return None
        newest = max(rows, key=lambda row: _order(row["revision"]))
        return newest["revision"], working_copy(reader, newest)


def _order(revision: str) -> list[tuple[int, int | str]]:
    """2.0 comes before 10.0."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"[._-]", revision)]
