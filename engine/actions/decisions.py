"""Decide on a blocked step: quality on the floor, and with a patient-specific departure everybody it names, each once.

Source: 21 CFR 211.100(b), 211.22; domain rule: nobody decides their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bpmn.vocabulary import ROLES
from engine.actions import access, departures
from engine.actions.approvals import MEANING
from engine.actions.completion import complete_if_ready
from engine.actions.dispositions import close
from engine.actions.reasons import reason as said
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.errors import (
    EntryRefusedError,
    NotBlockedError,
    NotPermittedError,
    OutcomeNotAllowedError,
    SamePersonError,
)
from engine.form import answered
from engine.passwords import Proof
from engine.records import Decision, ExceptionRecord
from engine.scope import Row
from engine.transaction import Act, Actor

FORM, FIELDS = "decision", ("outcome", "reason", "reference")
NOTHING: Mapping[str, str] = {}
OUTCOMES = ("proceed", "hold", "terminate", "reject")


def decide(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    task_key: str,
    outcome: str,
    reason: str,
    proof: Proof,
    role: str | None = None,
    reference: str | None = None,
    links: Iterable[str] = (),
    version: int | None = None,
    more: Mapping[str, str] = NOTHING,
) -> dict[str, Any]:
    """Sign one role's decision on a blocked step. "proceed" opens the step once every role it needs has signed it.

    "hold", "terminate" and "reject" take effect at once and are quality's. A stop allows only those three. `links`:
    results to look at because of it (`S39.vcn`). `more`: what the site's form of a decision asks beside. Answer:
    `open_roles` still to sign.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    task = batch.task(task_key)
    if not task["blocked"]:
        raise NotBlockedError(f"{task_key} of batch {batch_id} is not blocked.")
    access.fresh(task, version)
    role = _role(task, actor, outcome, role)
    _not_their_own(batch, task, actor)
    signed = decided_roles(act, batch, task)
    if role in signed or any(row["by"] == actor.id for row in signed.values()):
        raise SamePersonError(f"{ROLES[role]} has decided already, and each person decides once.")
    _known_results(batch, links)
    asked = {**more, "outcome": outcome, "reason": said(reason), "reference": reference or ""}
    answer = answered(act, FORM, asked, act.site.zone)
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"decision:{task_key}",
        slot="Q",
        meaning=MEANING.get(role, "authorised_to_proceed"),
        role=role,
        record=_shown(act, batch, task, outcome, said(reason), reference, links)
        | {"form": answer.revision_id, "more": answer.beside(*FIELDS)},
        batch=batch,
        task=task,
    )
    act.insert(
        Decision,
        id=act.new_id("decision"),
        batch_id=batch_id,
        task_key=task_key,
        outcome=outcome,
        role=role,
        reason=said(reason),
        reference=reference,
        links=dump(list(links)),
        by=actor.id,
        at=act.now_text,
        signature_id=signature["id"],
    )
    act.note(
        "block:decided",
        task=task_key,
        outcome=outcome,
        role=role,
        reason=said(reason),
        reference=reference or "",
        form=answer.revision_id,
        more=answer.beside(*FIELDS),
        critical=True,
    )
    opened, missing = _take_effect(
        act, batch, task, outcome, reason, {*signed, role} if outcome == "proceed" else set(signed)
    )
    batch.save(act)
    return {"task": access.task_answer(task), "open_roles": missing, "opened": opened, "state": batch.row["state"]}


def _take_effect(
    act: Act, batch: BatchRecord, task: dict[str, Any], outcome: str, reason: str, agreed: set[str]
) -> tuple[list[str], list[str]]:
    if outcome == "hold":
        batch.change(held=1, held_reason=said(reason))
        return [], json.loads(task["decision_roles"])
    if outcome in ("terminate", "reject"):
        close(act, batch, "TERMINATED" if outcome == "terminate" else "REJECTED", f"{outcome}: {said(reason)}")
        return [], []
    missing = [r for r in json.loads(task["decision_roles"]) if r not in agreed]
    if missing:
        return [], missing
    batch.change_task(task, blocked=0, blocked_at=None, decision_roles="[]")
    departures.used_by_decision(act, batch, task)
    act.note("block:lifted", task=task["key"], critical=True)
    return complete_if_ready(act, batch, task).opened if task["state"] == "performed" else [], []


def decided_roles(act: Act, batch: BatchRecord, task: Row) -> dict[str, Row]:
    """Who has signed "proceed" since the step was blocked, by role."""
    rows = act.rows(Decision, batch_id=batch.id, task_key=task["key"], order=("at", "id"))
    return {r["role"]: r for r in rows if r["outcome"] == "proceed" and r["at"] >= (task["blocked_at"] or "")}


def _role(task: Row, actor: Actor, outcome: str, role: str | None) -> str:
    if outcome not in OUTCOMES or (outcome == "proceed" and task["stopped"]):
        raise OutcomeNotAllowedError(
            "No role can override a stop: hold, terminate or reject." if task["stopped"] else outcome
        )
    wanted = json.loads(task["decision_roles"]) if outcome == "proceed" else ["QA_FLR", "QA_DISP", "QP"]
    if role is not None and (role not in wanted or role not in actor.roles):
        raise NotPermittedError(f"Not as {ROLES.get(role, role)}.", roles=wanted)
    return role or access.permit(actor, wanted)


def _not_their_own(batch: BatchRecord, task: Row, actor: Actor) -> None:
    worked = {task["started_by"], task["performed_by"], *(row["entered_by"] for row in batch.value_rows(task["key"]))}
    if actor.id in worked:
        raise SamePersonError(f"{actor.full_name} worked on {task['key']} and can't decide on it.")


def _known_results(batch: BatchRecord, links: Iterable[str]) -> None:
    unknown = [link for link in links if not _is_result(batch, link)]
    if unknown:
        raise EntryRefusedError(
            f"Not a result of this recipe: {', '.join(unknown)}.", problems={"links": ", ".join(unknown)}
        )


def _is_result(batch: BatchRecord, link: str) -> bool:
    step_id, _, parameter_id = link.partition(".")
    step = batch.recipe.steps.get(step_id)
    return step is not None and step.parameter(parameter_id) is not None


def _shown(
    act: Act, batch: BatchRecord, task: Row, outcome: str, reason: str, reference: str | None, links: Iterable[str]
) -> dict[str, Any]:
    blocking = [act.get(ExceptionRecord, id=e) for e in json.loads(task["blocked_by"])]
    return {
        "batch": batch.id,
        "coi": batch.row["coi"],
        "task": task["key"],
        "outcome": outcome,
        "reason": reason,
        "reference": reference or "",
        "links": list(links),
        "exceptions": [
            {k: row[k] for k in ("id", "number", "severity", "message", "expected", "actual")} for row in blocking
        ],
    }
