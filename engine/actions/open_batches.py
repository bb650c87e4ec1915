"""What becomes of the batches that run while a recipe changes: decided item by item, and signed.

A decision is one signed act, about one batch or two hundred; `engine.actions.taken_decisions` lets it take effect.

Source: domain rules 3.3 (in-flight batch rule set); EU GMP Part IV s.2.3.4; 21 CFR 211.100(a).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpmn.vocabulary import ROLES
from engine.actions.reasons import reason as said
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.change_items import Item, items_of
from engine.errors import (
    AdoptionRefusedError,
    EntryRefusedError,
    NotPermittedError,
    OutcomeNotAllowedError,
    SamePersonError,
)
from engine.passwords import Proof
from engine.positions import concerns
from engine.queries.open_batches import MatrixRow, adoptable, is_taken, matrix_row, roles_open, unapproved
from engine.records import Change, DecisionSet, OpenBatchDecision, Signature
from engine.scope import Row
from engine.transaction import Act, Actor

QUALITY = ("QA_DISP", "QA_FLR")
MEANING = {"QA": "approved_by_qa", "PROC": "technical_assessment_by", "CLI_QA": "approved_by_client"}
ENDED = ("CLOSED", "REJECTED", "CANCELLED")


def propose_decisions(
    act: Act,
    *,
    actor: Actor,
    change_id: str,
    rows: Iterable[Mapping[str, Any]],
    reason: str,
    proof: Proof,
    role: str | None = None,
) -> dict[str, Any]:
    """Decide rows of the open-batch matrix and sign as the first role. Stream: `batch:<change id>`.

    `rows`: mappings with batch, item and decision, and `replaces` where it takes the place of what somebody else proposed and
    not everybody has signed: the id of that set. EntryRefusedError names every row whose position does not allow its decision.
    Answer: `set`, and the roles that have still to sign. Nothing happens to a batch before all have. OutcomeNotAllowedError
    before the revisions of the items are approved: until then they may become others.
    """
    change = _open_change(act, change_id)
    role = _role(actor, needed(change), role)
    chosen = _allowed(act, actor, change_id, list(rows))
    kept = act.insert(
        DecisionSet,
        id=act.new_id("decision_set"),
        change_id=change_id,
        rows=[[row.batch, row.item, row.position, decision] for row, decision in chosen],
        roles=list(needed(change)),
        reason=said(reason),
        by=actor.id,
        at=act.now_text,
    )
    for row, decision in chosen:
        _write(act, change_id, row, decision, kept["id"])
    act.note(
        "open_batches:proposed", change=change_id, set=kept["id"], reason=said(reason), critical=True,
        rows=json.loads(kept["rows"]),
    )  # fmt: skip
    return _sign(act, actor, change, kept, role, proof)


def sign_decisions(
    act: Act, *, actor: Actor, change_id: str, set_id: str, proof: Proof, role: str | None = None
) -> dict[str, Any]:
    """Sign a decision about open batches as a further role; with the last one it is taken. Stream: `batch:<change id>`."""
    change = _open_change(act, change_id)
    kept = act.get(DecisionSet, id=set_id)
    waiting = roles_open(act, kept) if kept["change_id"] == change_id else ()
    if not waiting:
        raise OutcomeNotAllowedError("This decision waits for nobody's signature.")
    if not act.rows(OpenBatchDecision, change_id=change_id, set_id=set_id, state="SIGNING"):
        raise OutcomeNotAllowedError("Another decision about the same rows was proposed since.")
    return _sign(act, actor, change, kept, _role(actor, waiting, role), proof)


def needed(change: Row) -> tuple[str, ...]:
    """Who signs for open batches: quality, the process owner, and the client where the agreement says so."""
    return ("QA", "PROC", *(("CLI_QA",) if change["client_signs"] else ()))


def _open_change(act: Act, change_id: str) -> Row:
    change = act.get(Change, id=change_id)
    if change["state"] in ENDED:
        raise OutcomeNotAllowedError(f"{change_id} is {change['state'].lower()}.")
    return change


def _role(actor: Actor, wanted: Sequence[str], role: str | None) -> str:
    """The role that a person signs a decision in; quality is either of its two roles."""
    own = [r for r in wanted if (actor.roles.intersection(QUALITY) if r == "QA" else r in actor.roles)]
    if not own or (role is not None and role not in own):
        names = [ROLES.get(r, "Quality") for r in wanted]
        raise NotPermittedError(f"This needs the role {' or '.join(names)}.", roles=list(wanted))
    return role or own[0]


def _allowed(act: Act, actor: Actor, change_id: str, wanted: Sequence[Mapping[str, Any]]) -> list[tuple[MatrixRow, str]]:
    """The rows as they stand now; EntryRefusedError with every one whose position does not allow its decision."""
    items = {item.n: item for item in items_of(act, change_id)}
    problems: dict[str, str] = {}
    chosen: list[tuple[MatrixRow, str]] = []
    together: dict[str, list[Item]] = {}
    refuse_early(act, change_id)
    if not wanted:
        problems["rows"] = "Choose at least one row."
    for told in wanted:
        batch_id, n, decision = str(told["batch"]), int(told["item"]), str(told["decision"])
        field = f"{batch_id}:{n}"
        if n not in items:
            problems[field] = f"Item {n} of this change touches no batch."
            continue
        batch = BatchRecord(act.site, act, batch_id)
        known = act.find(OpenBatchDecision, change_id=change_id, batch_id=batch_id, item=n)
        asked = batch.row["recipe_id"] == items[n].recipe_id and concerns(batch, items[n])
        if known is not None and is_taken(known):
            problems[field] = f"It is decided already: {known['decision']}."
        elif known is not None and (others := _of_others(act, actor, known, told.get("replaces"))):
            problems[field] = others
        elif known is None and not asked:
            problems[field] = f"Batch {batch_id} is not concerned by item {n}."
        else:
            row = matrix_row(batch, items[n], known, {}, asked=asked)
            if decision not in row.allowed:
                problems[field] = f"{decision} is not possible: {row.why} Possible: {', '.join(row.allowed)}."
            elif decision == "adopt":
                together.setdefault(batch_id, []).append(items[n])
            chosen.append((row, decision))
    problems |= _not_together(act, together)
    if problems:
        raise EntryRefusedError(" ".join(problems.values()), problems=problems)
    return chosen


def _of_others(act: Act, actor: Actor, known: Row, replaces: str | None) -> str:
    """Why a row is left to those who are deciding it: somebody else has proposed something that is still to be signed."""
    kept = act.get(DecisionSet, id=known["set_id"])
    if known["state"] != "SIGNING" or kept["by"] == actor.id or kept["id"] == replaces:
        return ""
    return f"{known['decision']} was proposed at {kept['at']} and waits for {', '.join(roles_open(act, kept))}: look at it first."


def refuse_early(act: Act, change_id: str) -> None:
    """Refuse to decide about what nobody has approved yet."""
    if waiting := unapproved(act, change_id):
        raise OutcomeNotAllowedError(f"{'; '.join(waiting)}: decided when it is approved.")


def _not_together(act: Act, wanted: Mapping[str, Sequence[Item]]) -> dict[str, str]:
    """Why a batch can't take over together what it may take over one by one; a planned one takes a revision whole."""
    problems: dict[str, str] = {}
    for batch_id, items in wanted.items():
        batch = BatchRecord(act.site, act, batch_id)
        if len(items) == 1 and batch.row["state"] != "PLANNED":
            continue
        try:
            adoptable(batch, items)
        except AdoptionRefusedError as error:
            problems |= {f"{batch_id}:{item.n}": f"adopt is not possible: {error.what}" for item in items}
    return problems


def _write(act: Act, change_id: str, row: MatrixRow, decision: str, set_id: str) -> None:
    key = {"change_id": change_id, "batch_id": row.batch, "item": row.item}
    about: dict[str, Any] = {"set_id": set_id, "position": row.position, "decision": decision, "state": "SIGNING", "result": ""}
    known = act.find(OpenBatchDecision, **key)
    if known is None:
        act.insert(OpenBatchDecision, **key, **about, version=1)
    else:
        act.update(OpenBatchDecision, key, was=known, **about, applied_at=None)


def _sign(act: Act, actor: Actor, change: Row, kept: Row, role: str, proof: Proof) -> dict[str, Any]:
    """One role signs; nobody signs twice. With the last role the rows are decided."""
    subject = f"decision_set:{kept['id']}"
    if any(row["person_id"] == actor.id for row in act.rows(Signature, subject=subject)):
        raise SamePersonError(f"{actor.full_name} has signed this decision already.")
    own = next(r for r in QUALITY if r in actor.roles) if role == "QA" else role
    run = BatchRecord(act.site, act, change["id"])
    record = {
        "change": change["id"], "rows": json.loads(kept["rows"]), "reason": kept["reason"],
        "items": [{"n": i.n, "from": i.base_hash, "to": i.proposed_hash} for i in items_of(act, change["id"])],
    }  # fmt: skip
    signature = give_signature(
        act, actor=actor, proof=proof, subject=subject, slot=role, meaning=MEANING[role], role=own, record=record, batch=run
    )
    act.note("open_batches:signed", change=change["id"], set=kept["id"], signature=signature["id"], critical=True)
    missing = roles_open(act, kept)
    if not missing:
        rows = act.rows(OpenBatchDecision, change_id=change["id"], set_id=kept["id"], state="SIGNING")
        for row in rows:
            key = {"change_id": change["id"], "batch_id": row["batch_id"], "item": row["item"]}
            act.update(OpenBatchDecision, key, was=row, state="DECIDED")
    return {"set": kept["id"], "roles_open": list(missing), "rows": len(json.loads(kept["rows"]))}

