"""Duties: what has to be done to implement a change, by whom and until when. Source: ICH Q10 3.2.3; 21 CFR 211.25."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bpmn.vocabulary import ROLES
from engine import clock
from engine.actions import access
from engine.actions.changes import ORIGINATORS
from engine.change_facts import ENDED
from engine.errors import AlreadyRecordedError, ChangeFieldError, ChangeLockedError, RecordNotFoundError
from engine.records import Change, Duty
from engine.scope import Row
from engine.transaction import Act, Actor

QUALITY = ("QA_DISP", "QA_FLR")
OWNERS = ("PROC", "MFG_SUP", "QC_ANL", "QC_REV", *QUALITY, "QP", "RA", "CLI_QA", "MED", "COI", "IT")
"""The roles that have an inbox, where what they have to do waits for them."""


def add_duty(
    act: Act, *, actor: Actor, change_id: str, title: str, owner: str = "", due_at: datetime | None = None
) -> dict[str, Any]:
    """Add something to be done, besides what was worked out from the change. `owner`: one of OWNERS, or nobody yet."""
    access.permit(actor, ORIGINATORS)
    _running(act, change_id)
    problems = {} if title.strip() else {"title": "Say what has to be done."}
    if owner and owner not in OWNERS:
        problems["owner"] = f"{ROLES.get(owner, owner)}: no role with an inbox. Give it to one of: {', '.join(OWNERS)}."
    if problems:
        raise ChangeFieldError(" ".join(problems.values()), problems=problems)
    row = act.insert(
        Duty, id=act.new_id("duty"), change_id=change_id, title=title, owner=owner, state="open", version=1,
        due_at=clock.text(due_at) if due_at else None,
    )  # fmt: skip
    act.note("duty:added", change=change_id, duty=row["id"])
    return _answer(row)


def do_duty(act: Act, *, actor: Actor, change_id: str, duty_id: str, evidence: str) -> dict[str, Any]:
    """Say that a duty was done, and what shows it. Its owner's role does, or quality."""
    row = _open(act, change_id, duty_id)
    access.permit(actor, [row["owner"], *QUALITY] if row["owner"] else ORIGINATORS)
    return _end(act, actor, row, "done", evidence, "evidence")


def cancel_duty(act: Act, *, actor: Actor, change_id: str, duty_id: str, reason: str) -> dict[str, Any]:
    """Say that a duty is not needed, and why. Quality decides that."""
    access.permit(actor, QUALITY)
    return _end(act, actor, _open(act, change_id, duty_id), "cancelled", reason, "reason")


def _end(act: Act, actor: Actor, row: Row, state: str, said: str, field: str) -> dict[str, Any]:
    if not said.strip():
        raise ChangeFieldError("Say what shows it, or why.", problems={field: "Say what shows it, or why."})
    new = act.update(Duty, {"id": row["id"]}, was=row, state=state, evidence=said, done_by=actor.id, done_at=act.now_text)
    act.note(f"duty:{state}", critical=state == "cancelled", change=row["change_id"], duty=row["id"])
    return _answer(new)


def _running(act: Act, change_id: str) -> None:
    row = act.get(Change, id=change_id)
    if row["state"] in ENDED:
        raise ChangeLockedError(f"{change_id} is {row['state'].lower()}.", state=row["state"])


def _open(act: Act, change_id: str, duty_id: str) -> Row:
    _running(act, change_id)
    row = act.find(Duty, id=duty_id, change_id=change_id)
    if row is None:
        raise RecordNotFoundError("Duty", duty_id)
    if row["state"] != "open":
        raise AlreadyRecordedError(f"{row['title']}: {row['state']} by {row['done_by']} at {row['done_at']}.")
    return row


def _answer(row: Row) -> dict[str, Any]:
    return {"change": row["change_id"], "duty": row["id"], "state": row["state"], "version": row["version"]}
