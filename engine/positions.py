"""Where a running batch stands to what an item of a change changes, and whether the item concerns it at all.

Source: domain rules 3.3 (in-flight batch rule set); EU GMP Part IV s.2.3.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.adoption import is_running, is_unstarted, node_of, waiting_keys
from engine.batch_record import BatchRecord
from engine.change_items import Item
from engine.composing import lacks
from engine.control_recipe import ControlRecipe
from engine.records import RecipeRevision, Task
from engine.revisions import revision_order
from engine.scope import Row

OVER = frozenset({"REJECTED", "TERMINATED"})
RELEASED = frozenset({"RELEASED", "RELEASED_CONDITIONAL", "OOS_SUPPLIED", "COMPLETED"})
MADE = frozenset({"MFG_COMPLETE", "PROD_REVIEWED", "QA_REVIEWED"})


def concerns(batch: BatchRecord, item: Item) -> bool:
    """Whether a batch runs by an older recipe that lacks the item. What was released is asked only about safety.

    What is editorial concerns only a batch that is planned: no other can differ by it.
    """
    row = batch.row
    if row["state"] in OVER or (row["state"] in RELEASED and not (item.safety and row["disposition"] not in ("", "REJECTED"))):
        return False
    revisions = (batch.reader.get(RecipeRevision, id=name) for name in (row["revision_id"], item.revision_id))
    on, proposed = (revision_order(revision) for revision in revisions)
    return on < proposed and (row["state"] == "PLANNED" or lacks(batch, item))


def position_of(batch: BatchRecord, item: Item) -> str:
    """Where a batch stands to what an item changes: NOT_STARTED, BEFORE, IN, AFTER, COMPLETED or RELEASED.

    IN: at a step (or an awaited event, a timer) that changes, or within a hold time that does. BEFORE: something of what
    changes can still come, whatever of it may lie behind.
    """
    state = batch.row["state"]
    if state in RELEASED:
        return "RELEASED"
    if is_unstarted(batch):
        return "NOT_STARTED"
    waiting = waiting_keys(batch)
    here = {node_of(key) for key in waiting}
    here |= {node.id for node in batch.recipe.diagram.nodes.values() if node.attached_to in here}
    if not here.isdisjoint((*item.places, *item.gone)):
        return "IN"
    if any(is_running(batch, hold, batch.recipe) for hold in item.hold_times):
        return "IN"
    if _still_to_come(batch, item, waiting):
        return "BEFORE"
    return "COMPLETED" if state in MADE else "AFTER"


def passed(batch: BatchRecord, item: Item) -> list[Row]:
    """Tasks that were completed at a step that the item changes or takes away: they were done by the earlier recipe."""
    places = {*item.places, *item.gone}
    return [t for t in batch.reader.rows(Task, batch_id=batch.id, state="completed", order=("completed_at", "key"))
            if t["step_id"] in places]  # fmt: skip


def steps_to_come(batch: BatchRecord, recipe: ControlRecipe, items: Iterable[Item]) -> tuple[str, ...]:
    """The steps of a control recipe that items change, or whose hold times they do, and that a batch has still to do, in the
    order of the recipe."""
    items = list(items)
    changed = {name for item in items for name in item.places}
    for hold in (hold.definition for item in items for hold in item.hold_times):
        changed |= {event.partition(".")[0] for event in (hold.from_event, *hold.to_events)}
    keys = waiting_keys(batch, recipe)
    return tuple(s for s in recipe.steps if s in changed and any(recipe.procedure.can_reach(key, s) for key in keys))


def _still_to_come(batch: BatchRecord, item: Item, waiting: list[str]) -> bool:
    """Whether a node that changes can still happen, the batch is within a block that does, a hold time that does can begin,
    or something comes, goes or leads elsewhere after a node that is open or can still happen."""
    nodes, reach = batch.recipe.diagram.nodes, batch.recipe.procedure.can_reach
    at = {node_of(key) for key in waiting}
    around = {name for key in waiting for part in key.split("/") for name in _around(batch.recipe, node_of(part))}

    def ahead(name: str) -> bool:
        return name in nodes and any(reach(key, name) for key in waiting)

    if any(ahead(name) or name in around for name in (*item.places, *item.gone)):
        return True
    if any(ahead(name) or name in at for name in item.beside):
        return True
    begins = [hold.definition.from_event.partition(".")[0] for hold in item.hold_times]
    if any(ahead(name) or name in at for name in begins):
        return True
    touches_a_place = item.places or item.gone or item.beside or item.hold_times
    return not touches_a_place and bool(waiting) and batch.row["state"] not in MADE


def _around(recipe: ControlRecipe, name: str) -> tuple[str, ...]:
    return (name, *recipe.diagram.ancestors(name)) if name in recipe.diagram.nodes else ()
