"""Batches: the list, the live state of one on its diagram, hold, resume and the early end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import batches, changes
from engine.queries.batches import batch_list, batch_view, diagram_xml, live_state
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, act, attempt, proof, require, site

page = Blueprint("batch_page", __name__)


@page.get("/batches")
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Every batch, newest first."""
    return render_template("pages/batches.html", batches=batch_list(site()))


@page.route("/batches/<batch_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(batch_id: str) -> ResponseReturnValue:
    """Where the batch stands: diagram, open steps, what is due; and the acts that stop it or let it go on."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = ACTS.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(batch_id), done=done)
        if outcome.done:
            return redirect(url_for("batch_page.show", batch_id=batch_id))
    view = batch_view(site(), batch_id)
    if view["batch"]["kind"] == changes.KIND and not view["batch"]["held"]:
        return redirect(url_for("change_page.show", change_id=batch_id))
    if view["batch"]["subject"] and not view["batch"]["held"]:
        return redirect(url_for("recipes_page.show", revision_id=view["batch"]["subject"]))
    page_text = render_template(
        "pages/batch.html", view=view, batch=view["batch"], problems=outcome.problems,
        open_form=request.form.get("do", ""),
    )  # fmt: skip
    return page_text, outcome.status


@page.get("/batches/<batch_id>/diagram.xml")
@allow(*GMP_ROLES)
@background
def diagram(batch_id: str) -> ResponseReturnValue:
    """The control recipe's diagram."""
    return Response(diagram_xml(site(), batch_id), content_type="application/xml; charset=utf-8")


@page.get("/batches/<batch_id>/state.json")
@allow(*GMP_ROLES)
@background
def state(batch_id: str) -> ResponseReturnValue:
    """The state of each step, asked for by the diagram every few seconds."""
    return jsonify(live_state(site(), batch_id))


def _hold(batch_id: str) -> dict[str, Any]:
    require([("reason_hold", "the reason")])
    return act(batches.hold_batch, stream=f"batch:{batch_id}", batch_id=batch_id, reason=request.form["reason_hold"])


def _resume(batch_id: str) -> dict[str, Any]:
    require([("reason_resume", "the reason")])
    return act(
        batches.resume_batch, stream=f"batch:{batch_id}", batch_id=batch_id, reason=request.form["reason_resume"],
        proof=proof("resume_password"),
    )  # fmt: skip


def _terminate(batch_id: str) -> dict[str, Any]:
    require([("outcome", "how it ends"), ("reason_end", "the reason")])
    return act(
        batches.terminate_batch, stream=f"batch:{batch_id}", batch_id=batch_id, reason=request.form["reason_end"],
        outcome=request.form["outcome"], proof=proof("end_password"),
    )  # fmt: skip


ACTS: dict[str, tuple[Any, str]] = {
    "hold": (_hold, "The batch is on hold."),
    "resume": (_resume, "The batch goes on."),
    "terminate": (_terminate, "The batch has ended."),
}
