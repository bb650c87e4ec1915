"""Issue a patient's batch and start it; put it on hold; end it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine import clock, identifiers
from engine.actions import access
from engine.actions.completion import advance
from engine.actions.dispositions import close
from engine.actions.holds import hold_event
from engine.actions.reasons import reason as said
from engine.actions.recipes import effective_revision
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.control_recipe import ControlRecipe, control_recipe
from engine.errors import (
    BatchHeldError,
    DuplicateRecordError,
    NotBlockedError,
    OrderRefusedError,
    OutcomeNotAllowedError,
    RevisionNotEffectiveError,
)
from engine.passwords import Proof
from engine.records import Batch, DueTime, Person, RecipeRevision, Training
from engine.revisions import ISSUABLE
from engine.scope import Row, order_values
from engine.transaction import Act, Actor
from engine.workflow import Change
from forms.field import Field
from forms.form import check

ISSUERS = {"MFG_SUP": "authorised_to_proceed", "COI": "coi_verified_by"}
AFTER_INCIDENT = timedelta(minutes=15)
STOPPERS = ("QA_FLR", "QA_DISP", "QP")


def start_batch(
    act: Act,
    *,
    actor: Actor,
    recipe_id: str,
    batch_id: str,
    order: Mapping[str, str],
    proof: Proof,
    revision: str | None = None,
) -> dict[str, Any]:
    """Issue a batch from a patient order on the revision in effect now, signed, and open its first steps.

    A batch that was planned is issued on the revision it was planned on, and with its order where none is given.

    `order`: field name -> text as typed, checked against the recipe's order fields, all problems at once. The control
    recipe is the approved document itself, named by its hash. `revision`: refused unless it is the one in effect.
    Source: 21 CFR 211.188(a).
    """
    role = access.permit(actor, ISSUERS)
    act.read_ahead(
        (RecipeRevision, (), {"recipe_id": recipe_id}),
        (Batch, (), {"id": batch_id}),
        (Person, (), {"id": actor.id}),
        (Training, (), {"person_id": actor.id}),
        (DueTime, (), {"batch_id": batch_id, "state": "waiting"}),
    )
    row = effective_revision(act, recipe_id, revision)
    planned = act.find(Batch, id=batch_id)
    if planned is not None and (planned["state"] != "PLANNED" or planned["recipe_id"] != recipe_id):
        raise DuplicateRecordError(f"Batch {batch_id} exists already; numbers are never used twice.")
    if planned is not None and planned["held"]:
        raise BatchHeldError(f"Reason: {planned['held_reason']}")
    recipe = control_recipe(act.site, act, row["hash"])
    if planned is None:
        texts = checked_order(act, recipe, order)
        issued = act.insert(Batch, **_row(batch_id, row, texts), state="ISSUED", issued_at=act.now_text, version=1)
    else:
        if planned["revision_id"] != row["id"]:
            told = f"The batch is planned on {planned['revision_id']}; in effect is {row['id']}: plan it anew."
            raise RevisionNotEffectiveError(told)
        texts = checked_order(act, recipe, order or json.loads(planned["order_json"]))
        changes: dict[str, Any] = {"coi": texts.get("coi", ""), "order_json": dump(texts)}
        changes |= {"state": "ISSUED", "issued_at": act.now_text}
        issued = act.update(Batch, {"id": batch_id}, was=planned, **changes)
    batch = BatchRecord(act.site, act, batch_id, issued)
    act.recipe_hash = row["hash"]
    act.note("batch:issued", recipe=row["id"], recipe_hash=row["hash"], coi=texts.get("coi", ""))
    act.note("batch:issued", stream="site", batch=batch_id, recipe=row["id"], recipe_hash=row["hash"])
    give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"batch:{batch_id}:issue",
        slot="Q",
        meaning=ISSUERS[role],
        role=role,
        record={"batch": batch_id, "recipe": row["id"], "recipe_hash": row["hash"], "order": texts},
        batch=batch,
    )
    values = order_values(recipe, texts)
    routing = {f"order.{name}": values[name] for name in recipe.order_names if name in values}
    batch.begin(recipe.procedure.start(routing))
    change = Change(opened=tuple(batch.run.open.values()), withdrawn=())
    progress = advance(act, batch, change, [("start", routing)])
    for field in recipe.header.order_fields:
        value = values.get(field.name)
        if field.type == "date_time" and value is not None:
            hold_event(act, batch, f"order.{field.name}", value)  # type: ignore[arg-type]
    batch.save(act)
    return {
        "batch": batch_id,
        "recipe": row["id"],
        "recipe_hash": row["hash"],
        "opened": progress.opened,
        "state": batch.row["state"],
    }


def plan_batch(
    act: Act, *, actor: Actor, recipe_id: str, batch_id: str, order: Mapping[str, str], revision: str | None = None
) -> dict[str, Any]:
    """Plan a patient's batch: its order and the revision that it will be issued on; nothing of it can be done yet.

    `revision`: one that is approved and in effect by then; else the one in effect. Planned again as long as it is not issued.
    """
    access.permit(actor, (*ISSUERS, "PROC"))
    row = effective_revision(act, recipe_id) if revision is None else act.get(RecipeRevision, id=f"{recipe_id}@{revision}")
    if row["state"] not in ISSUABLE:
        raise RevisionNotEffectiveError(f"{row['id']} is {row['state'].lower().replace('_', ' ')}.")
    texts = checked_order(act, control_recipe(act.site, act, row["hash"]), order)
    known = act.find(Batch, id=batch_id)
    if known is None:
        act.insert(Batch, **_row(batch_id, row, texts), state="PLANNED", issued_at=None, version=1)
    elif known["state"] != "PLANNED":
        raise DuplicateRecordError(f"Batch {batch_id} is {known['state'].lower()} already.")
    else:
        changes = {name: value for name, value in _row(batch_id, row, texts).items() if name != "id"}
        act.update(Batch, {"id": batch_id}, was=known, **changes)
    act.note("batch:planned", recipe=row["id"], recipe_hash=row["hash"], coi=texts.get("coi", ""))
    return {"batch": batch_id, "recipe": row["id"], "state": "PLANNED"}


def _row(batch_id: str, revision: Row, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": batch_id, "recipe_id": revision["recipe_id"], "revision_id": revision["id"], "recipe_hash": revision["hash"],
        "coi": texts.get("coi", ""), "product": revision["product"], "order_json": dump(dict(texts)),
    }  # fmt: skip


def order_fields(recipe: ControlRecipe) -> list[Field]:
    """The order form of a recipe."""
    return [Field(name=f.name, label=f.label or f.name, type=f.type, uom=f.uom) for f in recipe.header.order_fields]


def checked_order(act: Act, recipe: ControlRecipe, order: Mapping[str, str]) -> dict[str, str]:
    """The order as canonical texts. An identifier that another open order has is another patient's: refused."""
    entries = check(order_fields(recipe), order, act.site.zone)
    texts = {name: entry.canonical for name, entry in entries.items()}
    problems = {}
    for field in recipe.header.order_fields:
        if field.identifier and (wrong := identifiers.wrong_check_character(texts[field.name])):
            problems[field.name] = wrong
    future = [f.name for f in recipe.header.order_fields if f.type == "date_time" and texts[f.name] > act.now_text]
    problems |= dict.fromkeys(future, "This lies in the future.")
    if problems:
        raise OrderRefusedError(" ".join(problems.values()), problems=problems, entries=dict(order))
    return texts


def hold_batch(act: Act, *, actor: Actor, batch_id: str, reason: str) -> dict[str, Any]:
    """Put a batch on hold: nothing of it goes on until quality lifts the hold. Hold times keep running."""
    access.permit(actor, ("MFG_SUP", "QA_FLR", "QA_DISP", "QP", "SYSTEM"))
    batch = access.open_batch(act, batch_id, even_held=True)
    hold(act, batch, reason)
    batch.save(act)
    return {"batch": batch_id, "held": True}


def hold(act: Act, batch: BatchRecord, reason: str) -> None:
    """The batch stands still from now on, and everybody sees why."""
    batch.change(held=1, held_reason=said(reason))
    act.note("batch:held", reason=said(reason), critical=True)


def resume_batch(act: Act, *, actor: Actor, batch_id: str, reason: str, proof: Proof) -> dict[str, Any]:
    """Lift a hold, signed by quality. After an incident, timers that are due wait until its cause can be put right."""
    role = access.permit(actor, STOPPERS)
    batch = access.open_batch(act, batch_id, even_held=True)
    if not batch.row["held"]:
        raise NotBlockedError(f"Batch {batch_id} is not on hold.")
    record = {
        "batch": batch_id,
        "held_because": batch.row["held_reason"],
        "incident": batch.row["incident"],
        "reason": said(reason),
    }
    give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"batch:{batch_id}:resume",
        slot="Q",
        meaning="approved_by_qa",
        role=role,
        record=record,
        batch=batch,
    )
    if batch.row["incident"]:
        for due in act.rows(DueTime, batch_id=batch_id, state="waiting", kind="timer"):
            if due["due_at"] <= act.now_text:
                act.update(DueTime, {"id": due["id"]}, was=due, due_at=clock.text(act.now + AFTER_INCIDENT))
    batch.change(held=0, held_reason="", incident="")
    act.note("batch:resumed", reason=said(reason), critical=True)
    batch.save(act)
    return {"batch": batch_id, "held": False}


def terminate_batch(
    act: Act, *, actor: Actor, batch_id: str, reason: str, proof: Proof, outcome: str = "terminate"
) -> dict[str, Any]:
    """End a batch before its disposition step: terminated (cancelled, lost) or rejected. Signed by quality, with the reason."""
    role = access.permit(actor, STOPPERS)
    batch = access.open_batch(act, batch_id, even_held=True)
    if not batch.is_batch:
        raise OutcomeNotAllowedError("This is no batch: withdraw, reject or retire what it is about.")
    state = "REJECTED" if outcome == "reject" else "TERMINATED"
    give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"batch:{batch_id}:{outcome}",
        slot="Q",
        meaning="rejected_by",
        role=role,
        record={"batch": batch_id, "outcome": state, "reason": said(reason)},
        batch=batch,
    )
    close(act, batch, state, f"{outcome}: {said(reason)}")
    batch.save(act)
    return {"batch": batch_id, "state": state}
