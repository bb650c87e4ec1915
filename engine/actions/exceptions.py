"""What people make of an exception: the floor's comment, quality's triage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.vocabulary import SEVERITIES
from engine.actions import access
from engine.actions.completion import complete_if_ready
from engine.actions.reasons import reason
from engine.actions.signatures import give_signature
from engine.batch_record import BatchRecord
from engine.errors import (
    NotPermittedError,
    OutcomeNotAllowedError,
    ReasonRequiredError,
    RecordNotFoundError,
    SamePersonError,
)
from engine.form import answered
from engine.passwords import Proof
from engine.records import ExceptionRecord, ExceptionTriage
from engine.scope import Row
from engine.transaction import Act, Actor

FORM, FIELDS = "triage", ("kind", "severity", "text", "reference")
NOTHING: Mapping[str, str] = {}
FLOOR = ("MFG_OP", "MFG_WIT", "MFG_VER", "MFG_SUP", "QC_ANL", "QC_REV", "QA_FLR", "QA_DISP", "PROC", "MED", "QP")
QUALITY = ("QA_DISP", "QA_FLR")
TRIAGE = ("accept", "deviation", "impact", "correct")


def comment_exception(act: Act, *, actor: Actor, batch_id: str, exception_id: str, text: str) -> dict[str, Any]:
    """Comment an exception. Where only this comment was missing, its step completes."""
    batch = access.open_batch(act, batch_id, even_held=True, even_closed=True)
    row = _exception(act, batch_id, exception_id)
    access.permit(actor, FLOOR)
    write_comment(act, batch, exception_id, actor, text)
    opened: list[str] = []
    if row["task_key"] and not batch.row["held"] and batch.row["state"] not in access.CLOSED:
        opened = complete_if_ready(act, batch, batch.task(row["task_key"])).opened
    act.note("exception:commented", exception=exception_id)
    batch.save(act)
    return {"exception": exception_id, "opened": opened}


def write_comment(act: Act, batch: BatchRecord, exception_id: str, actor: Actor, text: str) -> None:
    """Write one comment row."""
    act.insert(
        ExceptionTriage,
        id=act.new_id("triage"),
        exception_id=exception_id,
        batch_id=batch.id,
        kind="comment",
        text=reason(text),
        by=actor.id,
        role=",".join(sorted(actor.roles)) or actor.kind,
        at=act.now_text,
    )


def triage_exception(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    exception_id: str,
    kind: str,
    text: str,
    proof: Proof,
    severity: str | None = None,
    reference: str | None = None,
    more: Mapping[str, str] = NOTHING,
) -> dict[str, Any]:
    """Quality's triage, signed. `kind`: accept (comment only), deviation (needs `reference`), impact (of a deviation,
    assessed), correct (a data correction settled it). `more`: what the site's form of a triage asks beside.

    A critical exception can't be accepted by comment alone; a block that was not decided can't be triaged away; nobody
    triages what they recorded themselves; a correction does not settle a value outside PAR. Source: 21 CFR 211.192.
    """
    batch = access.open_batch(act, batch_id, even_held=True, even_closed=True)
    row = _exception(act, batch_id, exception_id)
    role = access.permit(actor, QUALITY)
    earlier = {t["kind"] for t in act.rows(ExceptionTriage, exception_id=exception_id)}
    _refuse_triage(batch, row, kind, earlier, severity, reference, actor)
    asked = {**more, "kind": kind, "text": reason(text), "severity": severity or "", "reference": reference or ""}
    answer = answered(act, FORM, asked, act.site.zone)
    shown = {
        "form": answer.revision_id,
        "more": answer.beside(*FIELDS),
        "batch": batch_id,
        "exception": {k: row[k] for k in ("id", "number", "severity", "message", "expected", "actual")},
        "kind": kind,
        "text": reason(text),
        "severity": severity or row["severity"],
        "reference": reference or "",
    }
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"exception:{exception_id}",
        slot="Q",
        meaning="reviewed_by_qa",
        role=role,
        record=shown,
        batch=batch,
    )
    act.insert(
        ExceptionTriage,
        id=act.new_id("triage"),
        exception_id=exception_id,
        batch_id=batch_id,
        kind=kind,
        severity=severity or row["severity"],
        text=reason(text),
        reference=reference,
        by=actor.id,
        role=role,
        at=act.now_text,
        signature_id=signature["id"],
    )
    act.note(
        "exception:triaged",
        exception=exception_id,
        kind=kind,
        severity=severity or row["severity"],
        form=answer.revision_id,
        more=answer.beside(*FIELDS),
    )
    batch.save(act)
    return {"exception": exception_id, "kind": kind}


def _exception(act: Act, batch_id: str, exception_id: str) -> Row:
    row = act.find(ExceptionRecord, id=exception_id)
    if row is None or row["batch_id"] != batch_id:
        raise RecordNotFoundError(f"Exception {exception_id} of batch {batch_id}.")
    return row


def _refuse_triage(
    batch: BatchRecord,
    row: Row,
    kind: str,
    earlier: set[str],
    severity: str | None,
    reference: str | None,
    actor: Actor,
) -> None:
    if kind not in TRIAGE or (severity is not None and severity not in SEVERITIES):
        raise OutcomeNotAllowedError(f"{kind} {severity or ''}")
    if severity is not None and SEVERITIES.index(severity) < SEVERITIES.index(row["severity"]) and kind != "deviation":
        raise OutcomeNotAllowedError("A lower class needs a deviation that says why.")
    if kind in ("deviation", "impact") and not (reference or "").strip():
        raise ReasonRequiredError("Give the deviation's number.")
    if kind == "impact" and "deviation" not in earlier:
        raise OutcomeNotAllowedError("There is no deviation whose impact could be assessed.")
    if kind == "accept" and row["severity"] == "critical":
        raise OutcomeNotAllowedError("A critical exception needs a deviation.")
    if kind == "correct" and row["number"] != 20:
        raise OutcomeNotAllowedError("A correction does not settle the first value: it stays an exception of its own.")
    task = batch.task(row["task_key"]) if row["task_key"] else None
    if task is not None and task["blocked"] and row["blocks"]:
        raise OutcomeNotAllowedError("The step is still blocked: decide on the block first.")
    if task is not None and actor.id in (task["performed_by"], task["started_by"]):
        raise SamePersonError(f"{actor.full_name} worked on {task['key']}.")
    if actor.kind != "person":
        raise NotPermittedError("Only a person triages.")
