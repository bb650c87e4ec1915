"""The decision on a blocked step: what happened, which ways are open, signed by each role that the step names."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import decisions, departures
from engine.queries.forms import form_in_use
from engine.queries.task_view import task_view
from web.access import allow
from web.acting import Outcome, act, actor, attempt, proof, require, site, taken
from web.pages.step import prefixed, version_seen

page = Blueprint("decision_page", __name__)

DECIDERS = tuple(sorted(decisions.MEANING))
OWN = {
    *decisions.FIELDS, "links", "departure_id", "parameter_id", "departure_reason", "risk", "mitigation", "roles", "password", "",
}  # fmt: skip
"""The page's own fields; every other problem is at one that the site's form asks beside them."""
DONE = {
    "proceed": "Your decision to proceed is signed.",
    "hold": "The batch is on hold.",
    "terminate": "The batch is terminated.",
    "reject": "The batch is rejected.",
}


@page.route("/batches/<batch_id>/tasks/<task_key>/decision", methods=["GET", "POST"])
@allow(*DECIDERS)
def show(batch_id: str, task_key: str) -> ResponseReturnValue:
    """Everything that blocks the step, and the form of the decision."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = _request if request.form.get("do") == "departure" else _decide
        outcome = attempt(lambda: do(batch_id, task_key), rename=lambda name: name if name in OWN else f"more:{name}")
        if outcome.done:
            taken(f"{batch_id}/{task_key}/decision")
            return redirect(url_for("step_page.show", batch_id=batch_id, task_key=task_key))
    who, view = actor(), task_view(site(), batch_id, task_key, actor())
    worked = {view["task"]["started_by"], view["task"]["performed_by"]}
    worked |= {field["value"]["entered_by"] for field in view["fields"] if field["value"]}
    signed = {decision["by"] for decision in view["decisions"] if decision["at"] >= (view["task"]["blocked_at"] or "")}
    return render_template(
        "pages/decision.html", view=view, batch=view["batch"], problems=outcome.problems, worked=who.id in worked,
        has_decided=who.id in signed, outcomes=_open_outcomes(view), open_form=request.form.get("do", ""),
        form=form_in_use(site(), decisions.FORM),
    ), outcome.status  # fmt: skip


def _open_outcomes(view: dict[str, Any]) -> set[str]:
    roles, quality = actor().roles, {"QA_FLR", "QA_DISP", "QP"}
    ways = set()
    if not view["task"]["stopped"] and roles & set(view["decision_roles"]):
        ways.add("proceed")
    if roles & quality:
        ways |= {"hold", "terminate", "reject"}
    return ways


def _decide(batch_id: str, task_key: str) -> dict[str, Any]:
    require([("outcome", "your decision"), ("reason", "the reason")])
    form = request.form
    answer = act(
        decisions.decide, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key, outcome=form["outcome"],
        reason=form["reason"], proof=proof(), reference=form.get("reference", "").strip() or None,
        links=[link.strip() for link in form.get("links", "").replace(";", ",").split(",") if link.strip()],
        version=version_seen(), more=prefixed("more:"),
    )  # fmt: skip
    flash(DONE[form["outcome"]], "good" if form["outcome"] == "proceed" else "watch")
    if answer["open_roles"] and form["outcome"] == "proceed":
        flash("The step stays blocked until the other roles have signed too.", "watch")
    return answer


def _request(batch_id: str, task_key: str) -> dict[str, Any]:
    require(
        [
            ("departure_id", "the departure's number"), ("parameter_id", "the parameter"),
            ("departure_reason", "the reason"), ("risk", "the risk"), ("mitigation", "the mitigation"),
        ]
    )  # fmt: skip
    form = request.form
    answer = act(
        departures.request_departure, stream=f"batch:{batch_id}", batch_id=batch_id, task_key=task_key,
        departure_id=form["departure_id"].strip(), parameter_id=form["parameter_id"],
        reason=form["departure_reason"], risk=form["risk"], mitigation=form["mitigation"],
        roles=request.form.getlist("roles") or departures.DEPARTURE_ROLES,
    )  # fmt: skip
    flash("The departure is requested; every role named has to sign it.", "good")
    return answer
