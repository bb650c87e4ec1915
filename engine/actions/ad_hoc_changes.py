"""A change of one running batch only: asked for with its risk, signed by the roles of its class, applied with the last signature.

It is always an exception, whatever a site sets. Nobody approves their own.

Source: EU GMP Part IV s.14; 21 CFR 211.100(b), 211.22; domain rules 3.7 (level 3); exception taxonomy 10 and 23.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bpmn import vocabulary as v
from bpmn.edits import (
    ChangeLimit,
    Edit,
    EditError,
    InsertStep,
    RepeatStep,
    ReplaceStep,
    SkipStep,
    edit_from_json,
    edit_to_json,
)
from engine.actions import access, approvals
from engine.actions.adoptions import Because, adopt, keep_document
from engine.actions.reasons import reason as said
from engine.ad_hoc import KIND, Tailored, about, least_risk, refusal, tailored, target
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.errors import AdHocRefusedError, EntryRefusedError, OutcomeNotAllowedError, RecordNotFoundError
from engine.passwords import Proof
from engine.reader import Reader
from engine.records import AdHocChange, Signature
from engine.records.change import CATEGORIES
from engine.risk_classes import RISKS, who_signs
from engine.rules.facts import AdoptionFacts
from engine.scope import Row
from engine.transaction import Act, Actor

REQUESTERS = ("PROC", "MFG_SUP", "QA_FLR")
REQUESTED, APPLIED, REFUSED = "REQUESTED", "APPLIED", "REFUSED"
MOST_DEPTH, MOST_NUMBER = 6, 2**31
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_TEXT = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]*")


def request_ad_hoc(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    edit: Mapping[str, Any],
    category: str,
    reason: str,
    risk: str,
    proof: Proof,
) -> dict[str, Any]:
    """Ask for a change of this batch only, and sign as who asks. Stream: `batch:<id>`.

    `edit`: as `bpmn.edits.edit_to_json` gives it; an id that a new step needs and that is empty is given here. AdHocRefusedError
    with every reason why it can't be; EntryRefusedError for a class of risk that is too low for what it touches. Answer: the
    roles that have to sign.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    role = access.permit(actor, REQUESTERS)
    asked = read_edit(act, batch, edit)
    problems = _word_problems(batch, asked, category, risk)
    row = {
        "id": next_id(act, batch_id), "batch_id": batch_id, "coi": batch.row["coi"], "kind": KIND[type(asked)],
        "step_id": about(asked), "edit": dump(edit_to_json(asked)), "category": category, "reason": said(reason), "risk": risk,
        "requested_by": actor.id,
    }  # fmt: skip
    try:
        plan = tailored(batch, asked, origin(row))
    except AdHocRefusedError as error:
        if not problems:
            raise
        problems |= error.details["problems"]
    if problems:
        raise EntryRefusedError(" ".join(problems.values()), problems=problems)
    roles = who_signs(act.site.settings.ad_hoc_roles, risk, batch.row["product"], act.site.settings.client_signs)
    row |= {"roles": dump(roles), "result": plan.words, "state": REQUESTED}
    kept = act.insert(AdHocChange, **row, requested_at=act.now_text, version=1)
    approvals.request(
        act, actor=actor, proof=proof, subject=subject(kept), role=role, record=shown(batch, kept, plan), batch=batch
    )
    act.note("ad_hoc:requested", ad_hoc=kept["id"], kind=kept["kind"], risk=risk, roles=roles, words=plan.words, critical=True)
    batch.save(act)
    told = {"kind": kept["kind"], "words": plan.words, "step": plan.step_id}
    return {"ad_hoc": kept["id"], "roles": roles, "state": REQUESTED, **told}


def sign_ad_hoc(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    ad_hoc_id: str,
    outcome: str,
    reason: str,
    proof: Proof,
    role: str | None = None,
) -> dict[str, Any]:
    """Approve it as one of its roles, or refuse it for all. With the last signature the batch goes on by it.

    Where the batch has moved on, so that it can't be applied any more, AdHocRefusedError says why and nothing is signed.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    row = ad_hoc_of(act, batch_id, ad_hoc_id)
    if row["state"] != REQUESTED:
        raise OutcomeNotAllowedError(f"{ad_hoc_id} is {row['state'].lower()}.")
    approving = outcome == approvals.APPROVE
    plan = tailored(batch, edit_of(row), origin(row)) if approving else None
    still = approvals.answer(
        act, actor=actor, proof=proof, subject=subject(row), roles=json.loads(row["roles"]), requested_by=row["requested_by"],
        outcome=outcome, reason=reason, role=role, record=shown(batch, row, plan), batch=batch,
    )  # fmt: skip
    state, result = (REQUESTED if still else APPLIED, row["result"]) if approving else (REFUSED, said(reason))
    act.note(f"ad_hoc:{'signed' if approving else 'refused'}", ad_hoc=ad_hoc_id, reason=said(reason), critical=True)
    if plan is not None and state == APPLIED:
        result = plan.words
        _apply(act, batch, row, plan)
    act.update(AdHocChange, {"id": ad_hoc_id}, was=row, state=state, result=result)
    batch.save(act)
    waits = still if state == REQUESTED else []
    return {"ad_hoc": ad_hoc_id, "state": state, "open_roles": waits, "batch_state": batch.row["state"]}


def _apply(act: Act, batch: BatchRecord, row: Row, plan: Tailored) -> None:
    now = called(batch)
    message = f"{plan.words} For this batch only ({row['id']}, {row['risk']} risk): {row['reason']}"
    facts = AdoptionFacts(
        what=row["kind"], because=message, from_revision=now, to_revision=f"{now} + {row['id']}", risk=row["risk"]
    )
    signatures = [s["id"] for s in act.rows(Signature, subject=subject(row), order=("signed_at", "id"))]
    because = Because(
        facts, row["reason"], plan.from_steps, tuple(signatures), ad_hoc_id=row["id"], step_id=plan.step_id, skipped=plan.skipped
    )
    adopt(act, batch, keep_document(act, plan.xml), because)


def read_edit(reader: Reader, batch: BatchRecord, data: Mapping[str, Any]) -> Edit:
    """The edit that was asked for, with an id for a new step that has none. AdHocRefusedError with every reason."""
    if not _storable(data):
        raise refusal(["It holds something that is no plain text, number or yes and no."])
    try:
        edit = edit_from_json(dict(data))
    except EditError as error:
        raise refusal(error.reasons) from error
    if (new := target(edit)) and not isinstance(edit, SkipStep | ChangeLimit) and not _ID.fullmatch(new):
        raise refusal([f"{new!r} is no id of a step: a letter, then letters, digits and _."])
    if isinstance(edit, RepeatStep) and not edit.new_id:
        return replace(edit, new_id=free_step_id(reader, batch, f"{edit.step_id}_R"))
    if isinstance(edit, InsertStep | ReplaceStep) and not edit.step.id:
        base = f"{edit.step_id}_A" if isinstance(edit, ReplaceStep) else "ADD_"
        return replace(edit, step=replace(edit.step, id=free_step_id(reader, batch, base)))
    return edit


def _storable(value: Any, depth: int = 0) -> bool:
    """Whether it is plain JSON that the record and a diagram can hold."""
    if isinstance(value, str):
        return _TEXT.fullmatch(value) is not None
    if isinstance(value, Mapping):
        named = all(isinstance(name, str) and name.isascii() for name in value)
        return depth < MOST_DEPTH and named and all(_storable(x, depth + 1) for x in value.values())
    if isinstance(value, list):
        return depth < MOST_DEPTH and all(_storable(x, depth + 1) for x in value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < MOST_NUMBER)


def free_step_id(reader: Reader, batch: BatchRecord, base: str) -> str:
    """An id for a new step that neither the recipe has nor another change of this batch asks for: `S27_R1`."""
    asked = " ".join(row["edit"] for row in reader.rows(AdHocChange, batch_id=batch.id))
    diagram, number = batch.recipe.diagram, 1
    while f"{base}{number}" in diagram.nodes or f"{base}{number}" in diagram.flows or f'"{base}{number}"' in asked:
        number += 1
    return f"{base}{number}"


def ad_hoc_of(reader: Reader, batch_id: str, ad_hoc_id: str) -> Row:
    """The change of that batch; RecordNotFoundError where it has none of that id."""
    row = reader.find(AdHocChange, id=ad_hoc_id)
    if row is None or row["batch_id"] != batch_id:
        raise RecordNotFoundError(f"Change {ad_hoc_id} of batch {batch_id}.")
    return row


def next_id(reader: Reader, batch_id: str) -> str:
    """The number of the batch's next change: `CT-26-0034-A1`."""
    return f"{batch_id}-A{len(reader.rows(AdHocChange, batch_id=batch_id)) + 1}"


def edit_of(row: Row) -> Edit:
    """The edit on record."""
    return edit_from_json(json.loads(row["edit"]))


def origin(row: Row) -> v.Origin:
    """Where what it adds or changes comes from, for the diagram."""
    return v.Origin(f"batch {row['batch_id']}", f"ad hoc change {row['id']}", row["reason"])


def subject(row: Row) -> str:
    """What its signatures are about."""
    return f"ad_hoc:{row['id']}"


def called(batch: BatchRecord) -> str:
    """How people call the control recipe that the batch runs now."""
    return str(batch.adoptions[-1]["to_revision"] if batch.adoptions else batch.row["revision_id"])


def shown(batch: BatchRecord, row: Row, plan: Tailored | None) -> dict[str, Any]:
    """What is signed: the change, why, with which risk, and both documents."""
    names = ("id", "batch_id", "coi", "kind", "step_id", "category", "reason", "risk")
    documents = {"from": batch.recipe.hash, "to": plan.recipe.hash if plan is not None else ""}
    return {name: row[name] for name in names} | {"edit": json.loads(row["edit"]), "words": row["result"], **documents}


def _word_problems(batch: BatchRecord, edit: Edit, category: str, risk: str) -> dict[str, str]:
    problems = {}
    if category not in CATEGORIES:
        problems["category"] = f"Choose the kind of the reason: {', '.join(CATEGORIES)}."
    if risk not in RISKS:
        problems["risk"] = f"Choose the class of risk: {', '.join(RISKS)}."
    elif RISKS.index(risk) < RISKS.index(lowest := least_risk(batch.recipe.diagram, edit)):
        problems["risk"] = f"What it touches is critical: its risk is {lowest} at least."
    return problems
