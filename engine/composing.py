"""The control recipe of a batch with items of a change taken over.

Source: 21 CFR 211.188(a): a control recipe is the base revision plus the items adopted, each with its decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bpmn.composition import matters, subject_of
from bpmn.diff import Entry
from bpmn.diff.subjects import HEADER
from engine.batch_record import BatchRecord
from engine.change_items import Item, compared, composed, items_of
from engine.control_recipe import ControlRecipe, control_recipe
from engine.errors import AdoptionRefusedError
from engine.reader import Reader
from engine.records import RecipeDocument, RecipeDraft, RecipeRevision
from engine.revisions import revision_order


@dataclass(frozen=True, slots=True)
class TakenOver:
    """`recipe`: what the batch would run. `whole`: it is the proposed revision itself. `to_revision`: how people call it.
    `along`: what comes along with the items, in words, because the batch lacks earlier changes of the same subjects.
    """

    recipe: ControlRecipe
    xml: bytes
    whole: bool
    to_revision: str
    along: tuple[str, ...] = ()


def lacks(batch: BatchRecord, item: Item) -> bool:
    """Whether the batch's control recipe is not as the proposed revision has it where the item changes something, nor as a
    later one has it."""
    own, base, proposed = (_text(batch.reader, digest) for digest in (batch.recipe.hash, item.base_hash, item.proposed_hash))
    there = _places(compared(own, proposed).entries)
    left = {subject_of(entry) for place, entry in _places(_of_item(item, base, proposed)).items() if place in there}
    return bool(left - overtaken(batch, item).keys())


def overtaken(batch: BatchRecord, item: Item) -> dict[str, str]:
    """The subjects of an item that the batch has taken over from a later revision already, each with that revision."""
    found: dict[str, str] = {}
    order = revision_order(batch.reader.get(RecipeRevision, id=item.revision_id))
    for adoption in batch.adoptions:
        if not adoption["change_id"] or adoption["change_id"] == item.change_id:
            continue
        taken = json.loads(adoption["items"])
        for other in items_of(batch.reader, adoption["change_id"]):
            revision = batch.reader.get(RecipeRevision, id=other.revision_id)
            if other.n in taken and other.recipe_id == item.recipe_id and revision_order(revision) > order:
                found |= {name: other.revision_id for name in other.subjects if name in item.subjects}
    return found


def control_recipe_with(batch: BatchRecord, items: Sequence[Item]) -> TakenOver:
    """The batch's control recipe with these items of one revision. AdoptionRefusedError where they can't be taken apart, or
    would undo what the batch has taken over from a later one."""
    reader, proposed_hash = batch.reader, items[0].proposed_hash
    later = {name: by for item in items for name, by in overtaken(batch, item).items() if name != HEADER}
    if reasons := [f"The batch has {name} of {by} already, which is later." for name, by in later.items()]:
        raise AdoptionRefusedError(" ".join(reasons), reasons=reasons)
    own, base, proposed = (_text(reader, digest) for digest in (batch.recipe.hash, items[0].base_hash, proposed_hash))
    made = composed(own, proposed, frozenset(name for item in items for name in item.subjects))
    along = () if own == base else _along(items, base, own, made.xml.decode(), proposed)
    revision = reader.get(RecipeRevision, id=items[0].revision_id)
    if made.whole and revision["hash"] == proposed_hash:
        recipe = control_recipe(batch.site, reader, proposed_hash)
        return TakenOver(recipe, proposed.encode(), True, revision["id"], along)
    recipe = batch.site.recipes.get(made.hash) or ControlRecipe(made.xml, made.hash)
    batch.site.recipes.setdefault(made.hash, recipe)
    named = ", ".join(f"{item.change_id} item {item.n}" for item in items)
    so_far = batch.adoptions[-1]["to_revision"] if batch.adoptions else batch.row["revision_id"]
    return TakenOver(recipe, made.xml, False, f"{so_far} + {named}", along)


def _along(items: Sequence[Item], base: str, own: str, made: str, proposed: str) -> tuple[str, ...]:
    """What comes along, where a batch is on another recipe than the one that the items were drawn on.

    AdoptionRefusedError where not all that the items change is as they propose it.
    """
    wanted = _places(entry for item in items for entry in _of_item(item, base, proposed))
    left = [entry for place, entry in _places(compared(made, proposed).entries).items() if place in wanted]
    if left:
        reasons = [f"It can't be taken over alone: {entry.sentence}." for entry in left]
        raise AdoptionRefusedError(" ".join(reasons), reasons=reasons)
    taken = _places(compared(own, made).entries)
    return tuple(entry.sentence for place, entry in taken.items() if place not in wanted)


def _of_item(item: Item, base: str, proposed: str) -> list[Entry]:
    """What an item changes of the revision that it was drawn on."""
    return [entry for entry in compared(base, proposed).entries if subject_of(entry) in item.subjects]


def _places(entries: Iterable[Entry]) -> dict[tuple[str, ...], Entry]:
    """Where in the proposed revision each change is, but for those that no batch can differ by."""
    return {(e.element_id or e.old_element_id, e.parameter, e.item, e.property): e for e in entries if matters(e)}


def _text(reader: Reader, digest: str) -> str:
    document = reader.find(RecipeDocument, hash=digest)
    if document is not None:
        return str(document["xml"])
    return str(reader.rows(RecipeDraft, hash=digest)[0]["xml"])
