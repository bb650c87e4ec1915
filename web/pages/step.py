"""A step: start it, scan, accept readings, enter values, sign; the same page for whoever signs after the performer.

It is one form with several buttons, so that it works without scripts: whatever button is pressed, everything typed
comes along and comes back.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import changes, entries, exceptions, omissions, scans, tasks
from engine.batch_record import BatchRecord
from engine.queries.task_view import task_view
from engine.queries.worklist import batch_items
from web.access import GMP_ROLES, allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site, taken

page = Blueprint("step_page", __name__)

LABORATORY = frozenset({"QC_ANL", "QC_REV"})
"""Whoever has these roles reports a result together with its pass or fail."""


@page.route("/batches/<batch_id>/tasks/<task_key>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(batch_id: str, task_key: str) -> ResponseReturnValue:
    """The step as it stands for this person."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = ACTS.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(batch_id, task_key), rename=lambda name: f"v:{name}")
        if outcome.answer is not None:
            return redirect(_onward(batch_id, task_key, outcome.answer))
    view = task_view(site(), batch_id, task_key, actor())
    if view["batch"]["kind"] == changes.KIND:
        return redirect(url_for("change_page.step", change_id=batch_id, task_key=task_key))
    if view["batch"]["subject"]:
        return redirect(url_for("recipes_page.step", revision_id=view["batch"]["subject"], task_key=task_key))
    if waits_for_blind_reading(view):
        return redirect(url_for("verification_page.show", batch_id=batch_id, task_key=task_key))
    return render_template(
        "pages/step.html", view=view, batch=view["batch"], problems=outcome.problems, **shown_of(view)
    ), outcome.status


def waits_for_blind_reading(view: dict[str, Any]) -> bool:
    """Whether this person is the one who reads the values without having seen them."""
    who, task = actor(), view["task"]
    slots = view["next_slots"]
    signed = {signature["person_id"] for signature in view["signatures"]}
    return bool(
        view["to_verify"] and slots and slots[0]["mine"] and task["state"] == "performed"
        and who.id not in signed and who.id != task["performed_by"] and not task["blocked"]
    )  # fmt: skip


def shown_of(view: dict[str, Any]) -> dict[str, Any]:
    """What the person can do here, worked out once for the template."""
    who, task = actor(), view["task"]
    signed = {signature["person_id"] for signature in view["signatures"]}
    slot = next((slot for slot in view["next_slots"] if slot["mine"]), None)
    first = view["next_slots"][0] if view["next_slots"] else None
    if first and first["code"] == "P":
        slot = first if first["mine"] else None
    running = not view["closed"] and not view["batch"]["held"]
    works = running and view["may_work"] and not task["blocked"]
    return {
        "can_start": works and task["state"] == "open",
        "can_enter": running and view["may_work"] and task["state"] in ("started", "performed"),
        "slot": slot if running and not task["blocked"] and task["state"] in ("started", "performed")
        and who.id not in signed and (slot and (slot["code"] == "P" or who.id != task["performed_by"])) else None,
        "fields_now": [f for f in view["fields"] if f["after_end"] == (task["state"] == "performed")],
        "reports_verdicts": any(LABORATORY & set(s["roles"]) for s in view["step"]["signatures"][:1]),
        "comments_due": [e for e in view["exceptions"] if e["needs_comment"] and not e["triage"]],
    }  # fmt: skip


def _start(batch_id: str, task_key: str) -> dict[str, Any]:
    at = request.form.get("event_at", "").strip()
    return _on(
        tasks.start_task, batch_id, task_key, version=version_seen(), reason=request.form.get("late_reason", ""),
        event_at=_iso("event_at") if at else None,
    )  # fmt: skip


def _scan(batch_id: str, task_key: str) -> dict[str, Any]:
    code = request.form.get("code", "").strip()
    if not code:
        raise RefusedEntryError(PageProblem("code", "Scan or type a code"))
    answer = _on(scans.scan, batch_id, task_key, code=code)
    flash(answer["message"], "good" if answer["accepted"] else "bad")
    return answer


def _accept(batch_id: str, task_key: str) -> dict[str, Any]:
    readings = prefixed("reading:")
    if not readings:
        raise RefusedEntryError(PageProblem("", "There is no reading to accept"))
    return _on(entries.accept_readings, batch_id, task_key, readings=readings, reasons=prefixed("r:"))


def _record(batch_id: str, task_key: str) -> dict[str, Any]:
    typed = prefixed("v:")
    if not typed:
        raise RefusedEntryError(PageProblem("", "Nothing was entered"))
    answer = _on(
        entries.record_values,
        batch_id,
        task_key,
        entries=typed,
        verdicts=prefixed("p:"),
        reasons=prefixed("r:"),
        version=version_seen(),
    )
    flash("Recorded." if not answer["exceptions"] else "Recorded, with exceptions: see below.", "good")
    taken(f"{batch_id}/{task_key}")
    return answer


def _sign(batch_id: str, task_key: str) -> dict[str, Any]:
    meaning = request.form.get("meaning", "")
    if not meaning:
        raise RefusedEntryError(PageProblem("meaning", "Choose the meaning of your signature"))
    answer = _on(
        tasks.sign_task, batch_id, task_key, meaning=meaning, proof=proof(), version=version_seen(),
        shown_hash=request.form.get("content_hash") or None, entries=prefixed("v:") or None,
        readings=prefixed("reading:") or None, reasons=prefixed("r:"), verdicts=prefixed("p:"), comments=prefixed("c:"),
    )  # fmt: skip
    taken(f"{batch_id}/{task_key}")
    if not answer["signed"]:
        flash("What you entered is recorded, and it blocks the step. It is not signed.", "bad")
    elif answer["completed"]:
        flash(f"{task_key} is completed.", "good")
    else:
        flash(f"You signed {task_key}. It waits for others.", "good")
    return answer


def _comment(batch_id: str, task_key: str) -> dict[str, Any]:
    written = prefixed("c:")
    if not written:
        raise RefusedEntryError(PageProblem("", "Write a comment first"))
    answer: dict[str, Any] = {}
    for exception_id, text in written.items():
        answer = act(
            exceptions.comment_exception, stream=f"batch:{batch_id}", once=len(written) == 1, batch_id=batch_id,
            exception_id=exception_id, text=text,
        )  # fmt: skip
    flash("Your comment is on record.", "good")
    taken(f"{batch_id}/{task_key}")
    return answer


def _not_obtained(batch_id: str, task_key: str) -> dict[str, Any]:
    require([("missing", "which value"), ("reason", "why it can't be obtained")])
    answer = _on(
        omissions.declare_not_obtained, batch_id, task_key, parameter_id=request.form["missing"],
        reason=request.form["reason"], version=version_seen(),
    )  # fmt: skip
    flash("Recorded as not obtained. Signing the step raises it for quality to decide.", "watch")
    return answer


def _stay(batch_id: str, task_key: str) -> dict[str, Any]:
    """Enter in a field: nothing is recorded by accident."""
    raise RefusedEntryError(PageProblem("", "Nothing was recorded: press the button of what you want to do"))


ACTS = {
    "stay": _stay, "start": _start, "scan": _scan, "accept": _accept, "record": _record, "sign": _sign, "comment": _comment,
    "not_obtained": _not_obtained,
}  # fmt: skip


def _on(action: Any, batch_id: str, task_key: str, **arguments: Any) -> dict[str, Any]:
    return act(action, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key, **arguments)


def version_seen() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _iso(field: str) -> str:
    from web.acting import local_instant

    at = local_instant(field, "The time")
    assert at is not None
    return at.isoformat()


def prefixed(prefix: str) -> dict[str, str]:
    """Fields of a kind that have something in them, by what follows the prefix."""
    return {
        name.removeprefix(prefix): text.strip() for name, text in request.form.items() if name.startswith(prefix) and text.strip()
    }


def _onward(batch_id: str, task_key: str, answer: dict[str, Any]) -> str:
    """Where to go after an act: on at this step while it is this person's, else to the next one of this batch."""
    if request.form.get("do") != "sign" or not answer.get("signed"):
        return url_for("step_page.show", batch_id=batch_id, task_key=task_key)
    with site().read() as reader:
        items = [item for item in batch_items(BatchRecord(site(), reader, batch_id), actor()) if item.mine]
    if not items:
        return url_for("tasks_page.show_all")
    following = next((item for item in items if item.task_key in answer.get("opened", ())), items[0])
    return url_for("step_page.show", batch_id=batch_id, task_key=following.task_key)
