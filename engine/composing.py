"""The control recipe of a batch with items of a change taken over.

Source: 21 CFR 211.188(a): a control recipe is the base revision plus the items adopted, each with its decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.batch_record import BatchRecord
from engine.change_items import Item, changed_steps, composed
from engine.control_recipe import ControlRecipe, control_recipe
from engine.reader import Reader
from engine.records import RecipeDocument, RecipeDraft, RecipeRevision


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`recipe`: what the batch would run. `whole`: it is the proposed revision itself. `to_revision`: how people call it."""

    recipe: ControlRecipe
    xml: bytes
    whole: bool
    to_revision: str
    from_steps: tuple[str, ...]


def control_recipe_with(batch: BatchRecord, items: Sequence[Item]) -> TakenOver:
    """The batch's control recipe with these items of one revision. AdoptionRefusedError where they can't be taken apart."""
    reader, proposed_hash = batch.reader, items[0].proposed_hash
    own, proposed = _text(reader, batch.recipe.hash), _text(reader, proposed_hash)
    made = composed(own, proposed, frozenset(name for item in items for name in item.subjects))
    revision = reader.get(RecipeRevision, id=items[0].revision_id)
    if made.whole and revision["hash"] == proposed_hash:
        recipe = control_recipe(batch.site, reader, proposed_hash)
        return TakenOver(recipe, proposed.encode(), True, revision["id"], changed_steps(items, recipe.steps))
    recipe = batch.site.recipes.get(made.hash) or ControlRecipe(made.xml, made.hash)
    batch.site.recipes.setdefault(made.hash, recipe)
    named = ", ".join(f"{item.change_id} item {item.n}" for item in items)
    so_far = batch.adoptions[-1]["to_revision"] if batch.adoptions else batch.row["revision_id"]
    return TakenOver(recipe, made.xml, False, f"{so_far} + {named}", changed_steps(items, recipe.steps))


def _text(reader: Reader, digest: str) -> str:
    document = reader.find(RecipeDocument, hash=digest)
    if document is not None:
        return str(document["xml"])
    return str(reader.rows(RecipeDraft, hash=digest)[0]["xml"])
