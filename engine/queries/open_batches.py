"""The open-batch matrix of a change: each batch that runs meanwhile, item by item: where it stands, what may be done, what is.

Source: domain rules 3.3 (in-flight batch rule set); EU GMP Part IV s.2.3.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.adoption import UNDER_WAY, is_running, nothing_started, prove, waiting_keys
from engine.batch_record import BatchRecord
from engine.change_items import Item, items_of
from engine.composing import control_recipe_with, overtaken
from engine.errors import AdoptionRefusedError
from engine.reader import Reader
from engine.records import Batch, Change, DecisionSet, OpenBatchDecision, RecipeRevision, Signature, Task
from engine.revisions import revision_order
from engine.scope import Row
from engine.site import Site

OVER = frozenset({"REJECTED", "TERMINATED"})
RELEASED = frozenset({"RELEASED", "RELEASED_CONDITIONAL", "OOS_SUPPLIED", "COMPLETED"})
MADE = frozenset({"MFG_COMPLETE", "PROD_REVIEWED", "QA_REVIEWED"})
STANDS = {
    "": "undecided", "SIGNING": "not signed by everybody", "DECIDED": "not in effect at the batch yet",
    "REFUSED": "refused at the batch, to be decided again", "APPLIED": "to be decided again",
}  # fmt: skip
"""What of a row stands against closing a change, by the state of its decision."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One batch and one item. `allowed`: the decisions that its position allows; `why`: in words, also why not to adopt.

    `state`: empty before anything was decided, else of the decision; `roles_open`: who has still to sign it.
    """

    batch: str
    coi: str
    item: int
    title: str
    safety: bool
    position: str
    at: tuple[str, ...]
    allowed: tuple[str, ...]
    default: str
    why: str
    decision: str = ""
    state: str = ""
    result: str = ""
    set_id: str = ""
    roles_open: tuple[str, ...] = field(default=())

    @property
    def settled(self) -> bool:
        """Whether it stands against nothing any more: decided by everybody, in effect at the batch, and not only to wait.

        A decision that was taken and not applied may still be refused at its batch, and a closed change can't decide again.
        """
        return self.state == "APPLIED" and self.decision != "hold"

    def to_json(self) -> dict[str, Any]:
        """The row as plain values."""
        return asdict(self) | {"settled": self.settled}


def open_batch_matrix(site: Site, reader: Reader, change_id: str) -> list[MatrixRow]:
    """Every row of the matrix as it stands now, by batch and item. RecordNotFoundError for an unknown change."""
    reader.get(Change, id=change_id)
    items = items_of(reader, change_id)
    decisions = {(r["batch_id"], r["item"]): r for r in reader.rows(OpenBatchDecision, change_id=change_id)}
    missing = {r["id"]: roles_open(reader, r) for r in reader.rows(DecisionSet, change_id=change_id)}
    found = []
    for row in _batches(reader, {item.recipe_id for item in items}):
        batch = BatchRecord(site, reader, row["id"])
        for item in items:
            known = decisions.get((batch.id, item.n))
            if batch.row["recipe_id"] != item.recipe_id:
                continue
            asked = is_taken(known) or concerns(batch, item)
            if known is not None or asked:
                found.append(matrix_row(batch, item, known, missing, asked=asked))
    return found


def undecided(site: Site, reader: Reader, change_id: str) -> list[str]:
    """The rows that stand against closing the change, in words; empty when none does."""
    return undecided_rows(open_batch_matrix(site, reader, change_id))


def undecided_rows(rows: Iterable[MatrixRow]) -> list[str]:
    """Those of the rows that are not decided for good, in words."""
    named = [(f"{row.batch}, item {row.item}", row.decision, STANDS[row.state]) for row in rows if not row.settled]
    return [f"{row}: {', '.join(filter(None, said))}" for row, *said in named]


def matrix_row(
    batch: BatchRecord, item: Item, known: Row | None, missing: Mapping[str, tuple[str, ...]], *, asked: bool = True
) -> MatrixRow:
    """One row: the position now, or as it was when the decision took effect.

    `asked`: the item concerns the batch. A row of one that it no longer concerns is not left undecided: nothing applies.
    """
    decided = is_taken(known)
    position = known["position"] if known is not None and decided else position_of(batch, item)
    allowed, default, why = ((), "", "") if decided else choices(batch, item, position) if asked else _passed(batch)
    about: dict[str, Any] = {"safety": item.safety, "position": position, "at": open_at(batch), "why": why}
    about |= {"allowed": allowed, "default": default}
    if known is None:
        return MatrixRow(batch.id, batch.row["coi"], item.n, item.title, **about)
    told = {name: known[name] for name in ("decision", "state", "result", "set_id")}
    waiting = missing.get(known["set_id"], ()) if known["state"] == "SIGNING" else ()
    return MatrixRow(batch.id, batch.row["coi"], item.n, item.title, **about, **told, roles_open=waiting)


def is_taken(known: Row | None) -> bool:
    """Whether a decision was taken and is not to be taken again: signed by everybody, and more than to wait."""
    return known is not None and (known["state"] == "DECIDED" or (known["state"] == "APPLIED" and known["decision"] != "hold"))


def concerns(batch: BatchRecord, item: Item) -> bool:
    """Whether a batch runs by a recipe that lacks the item. What was released before is asked only about safety.

    A batch that has all of it from a later revision lacks nothing of it.
    """
    row = batch.row
    if row["state"] in OVER or (row["state"] in RELEASED and not (item.safety and row["disposition"] not in ("", "REJECTED"))):
        return False
    revisions = (batch.reader.get(RecipeRevision, id=name) for name in (row["revision_id"], item.revision_id))
    on, proposed = (revision_order(revision) for revision in revisions)
    adopted = [a for a in batch.adoptions if a["change_id"] == item.change_id]
    if on >= proposed or any(item.n in json.loads(a["items"]) for a in adopted):
        return False
    return not item.differing or not overtaken(batch, item).keys() >= set(item.differing)


def position_of(batch: BatchRecord, item: Item) -> str:
    """Where a batch stands to what an item changes: NOT_STARTED, BEFORE, IN, AFTER, COMPLETED or RELEASED."""
    state, tasks = batch.row["state"], batch.reader.rows(Task, batch_id=batch.id)
    if state in RELEASED:
        return "RELEASED"
    if state in ("PLANNED", "ISSUED") and nothing_started(tasks):
        return "NOT_STARTED"
    nodes = batch.recipe.diagram.nodes
    places = [n for n in (*item.places, *item.gone) if n in nodes]
    if any(_at(task, places) for task in tasks if task["state"] in UNDER_WAY) or _holds_run(batch, item):
        return "IN"
    waiting = waiting_keys(batch)
    ahead = {n for n in (*places, *item.beside) if n in nodes and _ahead(batch, waiting, n, n in places)}
    if ahead or (not places and not item.beside and waiting and state not in MADE):
        done = {t["step_id"] for t in tasks if t["state"] == "completed" and t["step_id"] in places}
        return "IN" if done - ahead else "BEFORE"
    return "COMPLETED" if state in MADE else "AFTER"


def choices(batch: BatchRecord, item: Item, position: str) -> tuple[tuple[str, ...], str, str]:
    """What may be decided at a position, what is proposed, and why, in words."""
    if position == "NOT_STARTED" and batch.row["state"] == "PLANNED":
        return ("adopt", "hold"), "adopt", f"It is only planned: it is issued under {item.revision_id}, with all of its items."
    if position in ("NOT_STARTED", "BEFORE"):
        return _before(batch, item, position)
    if position == "IN":
        why = "It is at a step that changes: an open step is never swapped. It finishes as it is, or waits."
        return ("finish", "hold"), "finish", why
    if position == "RELEASED":
        return ("signal",), "signal", "It was released: those who look after the patient are told."
    if item.safety:
        why = "What changes lies behind it: what the reason of the change means for this batch is assessed before disposition."
        return ("assess",), "assess", why
    return ("not_applicable",), "not_applicable", "What changes lies behind it."


def _passed(batch: BatchRecord) -> tuple[tuple[str, ...], str, str]:
    """A batch that an item concerned when it was decided, and no longer does."""
    over = batch.row["state"] in OVER | RELEASED
    why = "It has ended." if over else "It runs by a revision that has the item, or by a later one."
    return ("not_applicable",), "not_applicable", why


def _before(batch: BatchRecord, item: Item, position: str) -> tuple[tuple[str, ...], str, str]:
    try:
        over = control_recipe_with(batch, [item])
        if position == "BEFORE":
            prove(batch, over.recipe)
    except AdoptionRefusedError as error:
        rest = ("hold",) if item.safety else ("stay", "hold")
        return rest, rest[0], f"It can't be adopted: {error.what}"
    stay = () if item.safety else ("stay",)
    why = "Nothing was started: it is issued anew under the new revision."
    if position == "BEFORE":
        why = "What changes is still to come." + (" It is about safety: adopt, or hold." if item.safety else "")
    if over.along:
        why += f" With it comes what earlier changes made and this batch has not taken over: {'; '.join(over.along)}."
    return ("adopt", *stay, "hold"), "stay" if position == "BEFORE" and stay else "adopt", why


def open_at(batch: BatchRecord) -> tuple[str, ...]:
    """The steps that are open, by key."""
    rows = batch.reader.rows(Task, batch_id=batch.id, order=("opened_at", "key"))
    return tuple(r["key"] for r in rows if r["state"] in UNDER_WAY and r["step_id"] not in batch.recipe.awaited)


def roles_open(reader: Reader, chosen: Row) -> tuple[str, ...]:
    """The roles that have still to sign a decision."""
    signed = {row["slot"] for row in reader.rows(Signature, subject=f"decision_set:{chosen['id']}")}
    return tuple(role for role in json.loads(chosen["roles"]) if role not in signed)


def _batches(reader: Reader, recipe_ids: Iterable[str]) -> list[Row]:
    rows = [row for recipe_id in sorted(recipe_ids) for row in reader.rows(Batch, recipe_id=recipe_id, kind="batch")]
    return sorted(rows, key=lambda row: row["id"])


def _at(task: Row, places: Iterable[str]) -> bool:
    return task["step_id"] in places


def _holds_run(batch: BatchRecord, item: Item) -> bool:
    return any(hold_id in batch.recipe.holds and is_running(batch, batch.recipe, hold_id) for hold_id in item.holds)


def _ahead(batch: BatchRecord, waiting: Iterable[str], node_id: str, itself: bool) -> bool:
    """Whether a node is still to come; of what stands beside something new also whether it is open now."""
    reach = batch.recipe.procedure.can_reach
    here = not itself and any(key.rpartition("/")[2].partition("[")[0] == node_id for key in waiting)
    return here or any(reach(key, node_id) for key in waiting)

