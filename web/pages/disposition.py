"""The disposition: what the record holds, what is still open, and the signature that releases or rejects."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import dispositions, tasks
from engine.queries.review import review
from engine.queries.task_view import task_view
from web.access import allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site
from web.pages.step import version_seen

page = Blueprint("disposition_page", __name__)

READERS = ("QA_FLR", "QA_DISP", "QP", "MFG_SUP", "PROC", "CLI_QA", "MED", "RA")
WAITING = ("open", "started", "performed")


@page.route("/batches/<batch_id>/disposition", methods=["GET", "POST"])
@allow(*READERS)
def show(batch_id: str) -> ResponseReturnValue:
    """Counts by the system, open items, and the form for those who may sign."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = {"sign": _sign, "conditional": _conditional}.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(batch_id))
        if outcome.done:
            return redirect(url_for("disposition_page.show", batch_id=batch_id))
    view = review(site(), batch_id)
    key = _open_task(view)
    step = task_view(site(), batch_id, key, actor()) if key else None
    slot = next((slot for slot in step["next_slots"] if slot["mine"]), None) if step else None
    signed = {s["person_id"] for s in step["signatures"]} if step else set()
    page_text = render_template(
        "pages/disposition.html", view=view, batch=view["batch"], step=step, slot=slot if actor().id not in signed else None,
        problems=outcome.problems, open_form=request.form.get("do", ""),
    )  # fmt: skip
    return page_text, outcome.status


def _open_task(view: dict[str, Any]) -> str:
    """The key of the disposition step that is open now."""
    waiting = [task for task in view["tasks"].values() if task["state"] in WAITING]
    for task in waiting:
        if task_view(site(), view["batch"]["id"], task["key"], actor())["step"]["kind"] == "disposition":
            return str(task["key"])
    return ""


def _sign(batch_id: str) -> dict[str, Any]:
    require([("task_key", "the step"), ("meaning", "the meaning of your signature")])
    key, meaning = request.form["task_key"], request.form["meaning"]
    answer = act(
        tasks.sign_task,
        stream=f"batch:{batch_id}",
        batch_id=batch_id,
        task_key=key,
        meaning=meaning,
        proof=proof(),
        version=version_seen(),
        shown_hash=request.form.get("content_hash") or None,
    )
    if not answer["signed"]:
        raise RefusedEntryError(PageProblem("", "The step is blocked; nothing was signed"))
    flash("Your disposition is signed.", "good")
    return answer


def _conditional(batch_id: str) -> dict[str, Any]:
    require([("conditional_reason", "the reason")])
    answer = act(
        dispositions.release_conditionally, stream=f"batch:{batch_id}", batch_id=batch_id,
        reason=request.form["conditional_reason"], proof=proof("conditional_password"),
    )  # fmt: skip
    flash("The batch is released conditionally: the first of two steps.", "good")
    return answer
