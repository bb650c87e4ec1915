"""A change from its proposal to its end: a drawn process, run by the same engine as a batch. A site changes it by drawing.

Source: 21 CFR 211.100(a), 211.186(a); ICH Q10 3.2.3; EU GMP Chapter 1, 1.4(xii); Annex 11 s.10.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from engine.actions import access, processes
from engine.actions.change_rules import INITIATED
from engine.actions.completion import deliver
from engine.batch_record import BatchRecord
from engine.change_facts import change_of, compared_item, item_entries, item_rows
from engine.change_fields import change_problems, item_problems, subject_problems
from engine.errors import ChangeFieldError, ChangeLockedError, DuplicateRecordError
from engine.passwords import Proof
from engine.records import Batch, Change, ChangeItem, EntryReview, RecipeRevision
from engine.revision_facts import predecessor
from engine.scope import Row
from engine.services.call import Message, revision_stream
from engine.transaction import Act, Actor

KIND = "change"
REQUESTED = "requested_by"
ORIGINATORS = ("PROC", "MFG_SUP", "QC_REV", "QA_FLR", "QA_DISP", "RA", "IT")
NOTHING: Mapping[str, Any] = MappingProxyType({})


def open_change(
    act: Act,
    *,
    actor: Actor,
    change_id: str,
    title: str,
    kind: str,
    reason: str,
    category: str,
    product: str = "",
    client: str = "",
    client_signs: bool = False,
    stage: str = "clinical",
    urgency: str = "planned",
    temporary: bool = False,
    until: str = "",
    patient_impact: str = "",
    risk: Mapping[str, Any] = NOTHING,
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Open a change and its run of the change control that is in effect now. Stream: `batch:<change id>`.

    `until`: how long a temporary change lasts, in words ("5 batches", a date). `risk`: severity, probability and detectability
    from 1 to 5, uncertainty and formality in words (ICH Q9). `origin`: where it was proposed from. ChangeFieldError names every
    field that can't be so.
    """
    if actor.kind == "person":
        access.permit(actor, ORIGINATORS)
    told = {
        "title": title, "kind": kind, "reason": reason, "category": category, "product": product, "client": client,
        "client_signs": int(client_signs), "stage": stage, "urgency": urgency, "temporary": int(temporary), "until": until,
        "patient_impact": patient_impact, "risk": dict(risk),
    }  # fmt: skip
    _refuse(change_problems(told))
    if act.find(Change, id=change_id) is not None or act.find(Batch, id=change_id) is not None:
        raise DuplicateRecordError(f"There is a change or batch of the number {change_id}.")
    stored = told | {"risk": _json(told["risk"]), "origin": _json(origin or {})}
    act.insert(Change, id=change_id, state="INITIATED", opened_by=actor.id, opened_at=act.now_text, version=1, **stored)
    act.note("change:opened", stream=f"batch:{change_id}", change=change_id, title=title, urgency=urgency)
    run = processes.begin(act, processes.CHANGE_CONTROL, run_id=change_id, kind=KIND, subject=change_id, product=product)
    return _answer(act, change_id) | {"opened": [task["key"] for task in _waiting(act, run)]}


def describe_change(act: Act, *, actor: Actor, change_id: str, version: int, **fields: Any) -> dict[str, Any]:
    """Say more, or otherwise, of a change that is with its originator. `fields`: those of `open_change`."""
    row = _editable(act, actor, change_id)
    told = {name: row[name] for name in _DESCRIBED} | {"risk": json.loads(row["risk"])}
    if unknown := sorted(fields.keys() - told.keys()):
        _refuse({name: f"{name} is nothing that a change says." for name in unknown})
    told |= {name: int(value) if isinstance(value, bool) else value for name, value in fields.items()}
    _refuse(change_problems(told))
    changes = {name: _json(told[name]) if name == "risk" else told[name] for name in fields}
    act.update(Change, {"id": change_id}, version=version, was=row, **changes)
    act.note("change:described", change=change_id, fields=sorted(fields))
    return _answer(act, change_id)


def put_item(
    act: Act,
    *,
    actor: Actor,
    change_id: str,
    n: int | None = None,
    kind: str,
    title: str,
    revision_id: str | None = None,
    subjects: Iterable[str] = (),
    current: str = "",
    proposed: str = "",
    category: str,
    why: str,
    evidence: Iterable[Mapping[str, str]] = (),
    confidence: str,
    version: int | None = None,
) -> dict[str, Any]:
    """Add an item, or alter item `n`, while the change is with its originator.

    `kind`: "revision" (part of what a draft revision changes: `subjects`, or without any what no other item covers) or "text".
    Every item says why, how sure that is, and from which evidence; what is editorial needs none. A revision is in one open
    change only, and goes to its approval with it.
    """
    _editable(act, actor, change_id)
    told: dict[str, Any] = {
        "kind": kind, "title": title, "revision_id": revision_id, "subjects": list(subjects), "current": current,
        "proposed": proposed, "category": category, "why": why, "evidence": [dict(row) for row in evidence],
        "confidence": confidence,
    }  # fmt: skip
    problems = item_problems(told)
    _refuse(problems)
    base = _base(act, change_id, revision_id) if kind == "revision" and revision_id else None
    stored = told | {"subjects": _json(told["subjects"]), "evidence": _json(told["evidence"]), "base_id": base}
    if n is None:
        n = 1 + max((row["n"] for row in act.rows(ChangeItem, change_id=change_id)), default=0)
        item = act.insert(ChangeItem, change_id=change_id, n=n, version=1, **stored)
    else:
        was = act.get(ChangeItem, change_id=change_id, n=n)
        item = act.update(ChangeItem, {"change_id": change_id, "n": n}, version=version, was=was, withdrawn=0, **stored)
        _let_go(act, change_id, was)
    others = [row for row in item_rows(act, change_id) if row["n"] != n and row["revision_id"] == revision_id]
    _refuse(subject_problems(told["subjects"], others, compared_item(act, item) if revision_id else None))
    act.note("change:item_put", stream=f"batch:{change_id}", change=change_id, item=n, revision=revision_id or "")
    return _answer(act, change_id) | {"item": n, "version": item["version"]}


def withdraw_item(act: Act, *, actor: Actor, change_id: str, n: int, version: int) -> dict[str, Any]:
    """Take an item out of a change that is with its originator; it stays on record. A revision without items is free again."""
    _editable(act, actor, change_id)
    was = act.get(ChangeItem, change_id=change_id, n=n)
    item = act.update(ChangeItem, {"change_id": change_id, "n": n}, version=version, was=was, withdrawn=1)
    act.note("change:item_withdrawn", change=change_id, item=n)
    _let_go(act, change_id, was)
    return _answer(act, change_id) | {"item": n, "version": item["version"]}


def review_entries(act: Act, *, actor: Actor, change_id: str, entries: Iterable[str]) -> dict[str, Any]:
    """Tick entries that one has looked at. A tick is bound to both documents; ticking again changes nothing.

    ChangeFieldError for an entry that is none of the change as it stands now.
    """
    wanted = list(dict.fromkeys(entries))
    known = {e.name(item["n"]) for item in item_rows(act, change_id) for e in item_entries(act, change_id, item)}
    if unknown := [name for name in wanted if name not in known]:
        _refuse(dict.fromkeys(unknown, "This is no entry of the change as it stands now; look at it again."))
    ticked = {row["entry"] for row in act.rows(EntryReview, change_id=change_id, person_id=actor.id)}
    new = [name for name in wanted if name not in ticked]
    for name in new:
        act.insert(EntryReview, change_id=change_id, person_id=actor.id, entry=name, at=act.now)
    if new:
        act.note("change:entries_reviewed", change=change_id, entries=new)
    return {"change": change_id, "ticked": len(known & (ticked | set(new))), "of": len(known)}


def sign_step(
    act: Act, *, actor: Actor, change_id: str, task_key: str, meaning: str, proof: Proof, **given: Any
) -> dict[str, Any]:
    """Do a step of a change (`processes.sign_step`; `given`: entries, version, shown_hash). Stream: `batch:<change id>`."""
    act.get(Change, id=change_id)
    run = BatchRecord(act.site, act, change_id)
    answer = processes.sign_step(act, run, actor=actor, task_key=task_key, meaning=meaning, proof=proof, **given)
    return answer | _answer(act, change_id)


def cancel_change(act: Act, *, actor: Actor, change_id: str, reason: str, proof: Proof) -> dict[str, Any]:
    """Give a change up, as long as its drawing lets somebody. It stays on record with the reason; its revisions become drafts."""
    act.get(Change, id=change_id)
    run = BatchRecord(act.site, act, change_id)
    for task in processes.open_steps(act, change_id):
        step = run.step(task)
        texts = [p.id for p in step.parameters if p.type == "text" and not p.optional]
        if step.id in run.recipe.awaited and any(REQUESTED in slot.meanings for slot in step.signatures):
            return sign_step(
                act, actor=actor, change_id=change_id, task_key=task["key"], meaning=REQUESTED, proof=proof,
                entries=dict.fromkeys(texts[:1], reason),
            )  # fmt: skip
    raise ChangeLockedError(f"{change_id} can't be cancelled any more.", state=act.get(Change, id=change_id)["state"])


_DESCRIBED = (
    "title", "kind", "reason", "category", "product", "client", "client_signs", "stage", "urgency", "temporary", "until",
    "patient_impact",
)  # fmt: skip


def _answer(act: Act, change_id: str) -> dict[str, Any]:
    row = act.get(Change, id=change_id)
    return {"change": change_id, "state": row["state"], "version": row["version"]}


def _editable(act: Act, actor: Actor, change_id: str) -> Row:
    """The change, if it is with its originator now: its run waits for somebody to initiate it, for the first time or again."""
    row = act.get(Change, id=change_id)
    if actor.kind == "person" and actor.id != row["opened_by"]:
        access.permit(actor, ORIGINATORS)
    run = BatchRecord(act.site, act, change_id)
    if not _waiting(act, run):
        raise ChangeLockedError(f"{change_id} is {row['state'].lower().replace('_', ' ')}.", state=row["state"])
    return row


def _waiting(act: Act, run: BatchRecord) -> list[Row]:
    """The open steps at which the change is with its originator."""
    open_now = processes.open_steps(act, run.id)
    return [task for task in open_now if any(INITIATED in slot.meanings for slot in run.step(task).signatures)]


def _base(act: Act, change_id: str, revision_id: str) -> str | None:
    """What the revision is compared with: the one in effect. Refuses a revision that can't go under this change."""
    act.also(revision_stream(revision_id))
    row = act.find(RecipeRevision, id=revision_id)
    if row is None:
        raise ChangeFieldError(f"There is no revision {revision_id}.", problems={"revision_id": "There is no such revision."})
    other = change_of(act, revision_id)
    problem = ""
    if other is not None and other["id"] != change_id:
        problem = f"{revision_id} is part of {other['id']}, which has not ended."
    elif other is None and row["state"] != "DRAFT":
        problem = f"{revision_id} is {row['state'].lower().replace('_', ' ')}; a draft goes under a change, nothing later."
    same = [r for r in item_rows(act, change_id) if r["revision_id"] and r["revision_id"] != revision_id]
    if any(r["revision_id"].partition("@")[0] == row["recipe_id"] for r in same):
        problem = f"Another revision of {row['recipe_id']} is in this change already."
    _refuse({"revision_id": problem} if problem else {})
    base = predecessor(act, row)
    return base["id"] if base else None


def _let_go(act: Act, change_id: str, was: Row) -> None:
    """A revision that no item is about any more: what waits for this change becomes a draft again."""
    revision_id = was["revision_id"]
    if revision_id and all(row["revision_id"] != revision_id for row in item_rows(act, change_id)):
        deliver(act, Message(revision_id, "change.returned"))


def _refuse(problems: Mapping[str, str]) -> None:
    if problems:
        raise ChangeFieldError(" ".join(problems.values()), problems=dict(problems))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
