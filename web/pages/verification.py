"""Blind verification: the verifier reads for themselves first, then sees both and signs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import tasks
from engine.queries.task_view import task_view
from web.access import allow
from web.acting import Outcome, act, actor, attempt, proof, site, taken
from web.pages.step import prefixed, version_seen, waits_for_blind_reading

page = Blueprint("verification_page", __name__)

DIFFERENCE = 26
"""Number of the exception that tells of a reading that differs; it names what was recorded."""
VERIFIERS = ("MFG_VER", "MFG_SUP", "QC_REV", "QA_FLR", "QA_DISP")


@page.route("/batches/<batch_id>/tasks/<task_key>/verification", methods=["GET", "POST"])
@allow(*VERIFIERS)
def show(batch_id: str, task_key: str) -> ResponseReturnValue:
    """The form without the recorded values; what differs is shown beside the record afterwards."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _verify(batch_id, task_key), rename=lambda name: f"w:{name}")
        if outcome.answer is not None and outcome.answer["signed"]:
            flash(f"You verified {task_key}.", "good")
            taken(f"{batch_id}/{task_key}/verification")
            return redirect(url_for("tasks_page.show_all"))
    view = task_view(site(), batch_id, task_key, actor())
    if not waits_for_blind_reading(view):
        return redirect(url_for("record_page.show", batch_id=batch_id))
    differs = (outcome.answer or {}).get("differs", {})
    return render_template(
        "pages/verification.html", view=view, batch=view["batch"], problems=outcome.problems, differs=differs,
        recorded={e["parameter_id"]: e["expected"] for e in view["exceptions"] if e["number"] == DIFFERENCE},
        fields=[f for f in view["fields"] if f["id"] in view["to_verify"]],
    ), 409 if differs else outcome.status  # fmt: skip


def _verify(batch_id: str, task_key: str) -> dict[str, Any]:
    return act(
        tasks.sign_task, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key,
        meaning=request.form.get("meaning", ""), proof=proof(), version=version_seen(), verification=prefixed("w:"),
        shown_hash=request.form.get("content_hash") or None, comments=prefixed("c:"),
    )  # fmt: skip
