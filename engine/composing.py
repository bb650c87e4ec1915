"""The control recipe of a batch with items of a change taken over.

Source: 21 CFR 211.188(a): a control recipe is the base revision plus the items adopted, each with its decision.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bpmn.composition import subject_of
from bpmn.diff import Entry
from engine.batch_record import BatchRecord
from engine.change_items import Item, changed_steps, compared, composed, items_of
from engine.control_recipe import ControlRecipe, control_recipe
from engine.errors import AdoptionRefusedError
from engine.reader import Reader
from engine.records import ChangeItem, RecipeDocument, RecipeDraft, RecipeRevision
from engine.revisions import revision_order


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`recipe`: what the batch would run. `whole`: it is the proposed revision itself. `to_revision`: how people call it.

    `along`: in words, what comes with the items although earlier changes made it, because the batch has none of that yet.
    """

    recipe: ControlRecipe
    xml: bytes
    whole: bool
    to_revision: str
    from_steps: tuple[str, ...]
    along: tuple[str, ...]


def control_recipe_with(batch: BatchRecord, items: Sequence[Item]) -> TakenOver:
    """The batch's control recipe with these items of one revision. AdoptionRefusedError where they can't be taken apart,
    or would undo what the batch has taken over from a later revision.
    """
    reader, proposed_hash = batch.reader, items[0].proposed_hash
    if later := {name: by for item in items for name, by in overtaken(batch, item).items()}:
        why = [f"The batch has {name} of {by} already, which is later." for name, by in later.items()]
        raise AdoptionRefusedError(" ".join(why), reasons=why)
    own, proposed = _text(reader, batch.recipe.hash), _text(reader, proposed_hash)
    wanted = frozenset(name for item in items for name in item.subjects)
    made, along = composed(own, proposed, wanted), _along(own, _text(reader, items[0].base_hash), proposed, wanted)
    revision = reader.get(RecipeRevision, id=items[0].revision_id)
    if made.whole and revision["hash"] == proposed_hash:
        recipe = control_recipe(batch.site, reader, proposed_hash)
        return TakenOver(recipe, proposed.encode(), True, revision["id"], changed_steps(items, recipe.steps), along)
    recipe = batch.site.recipes.get(made.hash) or ControlRecipe(made.xml, made.hash)
    batch.site.recipes.setdefault(made.hash, recipe)
    named = ", ".join(f"{item.change_id} item {item.n}" for item in items)
    so_far = batch.adoptions[-1]["to_revision"] if batch.adoptions else batch.row["revision_id"]
    return TakenOver(recipe, made.xml, False, f"{so_far} + {named}", changed_steps(items, recipe.steps), along)


def overtaken(batch: BatchRecord, item: Item) -> dict[str, str]:
    """Of the subjects of an item by which batches differ those that this one has from a later revision, each with that one."""
    reader, found = batch.reader, dict[str, str]()
    for adoption in batch.adoptions:
        change_id, taken = adoption["change_id"], json.loads(adoption["items"])
        if not change_id or change_id == item.change_id:
            continue
        rows = {row["n"]: row for row in reader.rows(ChangeItem, change_id=change_id) if row["n"] in taken and row["revision_id"]}
        if any(_is_later(reader, row["revision_id"], item) for row in rows.values()):
            others = [other for other in items_of(reader, change_id) if other.n in taken and other.recipe_id == item.recipe_id]
            found |= {name: other.revision_id for other in others for name in other.differing if name in item.differing}
    return found


def _is_later(reader: Reader, revision_id: str, item: Item) -> bool:
    one, other = (reader.get(RecipeRevision, id=name) for name in (revision_id, item.revision_id))
    return one["recipe_id"] == item.recipe_id and revision_order(one) > revision_order(other)


def _along(own: str, base: str, proposed: str, wanted: frozenset[str]) -> tuple[str, ...]:
    """What the proposed revision changes of these subjects for this batch, and not for one that runs its base."""
    if own == base:
        return ()
    known = {_change(entry) for entry in compared(base, proposed).entries}
    more = [entry for entry in compared(own, proposed).entries if subject_of(entry) in wanted and not entry.editorial]
    return tuple(entry.sentence for entry in more if _change(entry) not in known)


def _change(entry: Entry) -> tuple[str, ...]:
    return (entry.kind, entry.element_id, entry.old_element_id, entry.parameter, entry.item, entry.property, entry.new)


def _text(reader: Reader, digest: str) -> str:
    document = reader.find(RecipeDocument, hash=digest)
    if document is not None:
        return str(document["xml"])
    return str(reader.rows(RecipeDraft, hash=digest)[0]["xml"])
