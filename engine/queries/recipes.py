"""Recipes and their revisions, as people read them."""

from __future__ import annotations

from typing import Any

from engine import clock
from engine.actions.recipes import ROUTE
from engine.control_recipe import ControlRecipe, control_recipe
from engine.queries.task_view import parameter_view, step_view
from engine.reader import Reader
from engine.records import RecipeRevision, Signature
from engine.rules.facts import Limits
from engine.site import Site


def recipe_list(site: Site) -> list[dict[str, Any]]:
    """Every revision of every recipe; `in_effect` marks the one that a batch would be issued on now."""
    with site.read() as reader:
        rows = reader.rows(RecipeRevision, order=("recipe_id", "revision"))
        return [dict(row) | {"in_effect": _in_effect(reader, row)} for row in rows]


def revision_view(site: Site, revision_id: str) -> dict[str, Any]:
    """One revision: header, steps with parameters, hold times, signatures, the next signature it waits for."""
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        recipe = control_recipe(site, reader, row["hash"])
        signatures = reader.rows(Signature, subject=f"recipe:{revision_id}", order=("signed_at", "id"))
        given = {s["meaning"] for s in signatures}
        waiting = next(((m, list(roles)) for m, roles in ROUTE if m not in given), None)
        return {
            "revision": dict(row) | {"in_effect": _in_effect(reader, row)},
            "signatures": signatures,
            "next": waiting,
            "steps": [
                step_view(s) | {"parameters": [parameter_view(p, Limits()) for p in s.parameters]}
                for s in recipe.steps.values()
            ],
            "holds": [h.definition for h in recipe.holds.values()],
            "order_fields": recipe.header.order_fields,
        }


def revision_xml(site: Site, revision_id: str) -> str:
    """The revision's diagram as stored."""
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        return control_recipe(site, reader, row["hash"]).diagram.xml.decode()


def effective_recipe(site: Site, recipe_id: str) -> ControlRecipe | None:
    """The revision that a batch would be issued on now, or None."""
    with site.read() as reader:
        for row in reader.rows(RecipeRevision, recipe_id=recipe_id, state="EFFECTIVE"):
            if _in_effect(reader, row):
                return control_recipe(site, reader, row["hash"])
    return None


def _in_effect(reader: Reader, row: Any) -> bool:
    now = clock.text(clock.now())
    rows = [
        r
        for r in reader.rows(RecipeRevision, recipe_id=row["recipe_id"], state="EFFECTIVE")
        if r["effective_at"] <= now
    ]
    newest = max(rows, key=lambda r: r["effective_at"], default=None)
    return newest is not None and newest["id"] == row["id"]
