"""The open-batch matrix of a change: each batch that runs meanwhile, item by item: where it stands, what may be done, what is.

Source: domain rules 3.3 (in-flight batch rule set); EU GMP Part IV s.2.3.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.adoption import UNDER_WAY, is_unstarted, prove, reissued
from engine.batch_record import BatchRecord
from engine.change_items import Item, items_of
from engine.composing import control_recipe_with
from engine.errors import AdoptionRefusedError
from engine.positions import OVER, RELEASED, concerns, passed, position_of
from engine.reader import Reader
from engine.records import Batch, Change, DecisionSet, OpenBatchDecision, RecipeRevision, Signature, Task
from engine.scope import Row
from engine.site import Site

APPROVED = ("APPROVED", "EFFECTIVE", "SUPERSEDED")
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


def unapproved(reader: Reader, change_id: str) -> list[str]:
    """The revisions about which nothing is decided yet, because they may still become others, in words."""
    revisions = dict.fromkeys(item.revision_id for item in items_of(reader, change_id))
    states = {revision_id: reader.get(RecipeRevision, id=revision_id)["state"] for revision_id in revisions}
    return [f"{name} is {state.lower().replace('_', ' ')}" for name, state in states.items() if state not in APPROVED]


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


def choices(batch: BatchRecord, item: Item, position: str) -> tuple[tuple[str, ...], str, str]:
    """What may be decided at a position, what is proposed, and why, in words."""
    if position in ("NOT_STARTED", "BEFORE"):
        return _to_come(batch, item, position)
    if position == "IN":
        why = "It is at what changes: an open step is never swapped. It finishes as it is, or waits."
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


def adoptable(batch: BatchRecord, items: Sequence[Item]) -> tuple[str, ...]:
    """What comes along if a batch takes over items of one revision, in words. AdoptionRefusedError where it can't."""
    if batch.row["state"] == "PLANNED":
        there = {i.n for i in items_of(batch.reader, items[0].change_id) if i.revision_id == items[0].revision_id}
        if left := sorted(there - {item.n for item in items}):
            others = " and ".join(map(str, left))
            raise AdoptionRefusedError(
                f"A planned batch is issued under a revision as it was approved, not under a part of it: adopt item {others} too."
            )
        return ()
    over = control_recipe_with(batch, items)
    if is_unstarted(batch):
        reissued(batch, over.recipe)
    else:
        prove(batch, over.recipe)
    return over.along


def _to_come(batch: BatchRecord, item: Item, position: str) -> tuple[tuple[str, ...], str, str]:
    """Adopt, stay or hold; a planned batch can't stay, because its revision can't be issued any more.

    Whether it can adopt depends for a planned batch on what is decided about the other items: asked when it is decided.
    """
    planned = batch.row["state"] == "PLANNED"
    rest = ("hold",) if item.safety or planned else ("stay", "hold")
    try:
        along = adoptable(batch, [item]) if not planned else ()
    except AdoptionRefusedError as error:
        return rest, rest[0], f"It can't be adopted: {error.what}"
    if position == "NOT_STARTED":
        why = ["Nothing was started: it is issued anew under the new revision."]
    else:
        why = ["What changes is still to come."]
        done = ", ".join(dict.fromkeys(task["key"] for task in passed(batch, item)))
        why += [f"{done} stays as it was done, by the recipe it was done by."] if done else []
    why += ["It is about safety: adopt, or hold."] if item.safety else []
    why += [f"Along with it comes: {'; '.join(along)}."] if along else []
    return ("adopt", *rest), "adopt" if item.safety or position == "NOT_STARTED" else "stay", " ".join(why)


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
