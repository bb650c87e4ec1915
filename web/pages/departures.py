"""Planned departures of a patient's batches: asked for before anything departs, approved by role, with every use."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import approvals, departures
from engine.queries.ad_hoc_changes import departure_form
from web.access import GMP_ROLES, allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site, taken

page = Blueprint("departures_page", __name__)


@page.route("/batches/<batch_id>/departures", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(batch_id: str) -> ResponseReturnValue:
    """The departures that bind this batch; who has to sign; the form of a new one."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = ACTS.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(batch_id), rename=_field)
        if outcome.answer is not None:
            taken(f"{batch_id}/departure")
            return redirect(url_for("departures_page.show", batch_id=batch_id))
    view = departure_form(site(), batch_id, actor())
    return render_template(
        "pages/departures.html", view=view, batch=view["batch"], problems=outcome.problems, at=request.form.get("at", ""),
        open_form=request.form.get("do", ""), roles=departures.DEPARTURE_ROLES, meaning=approvals.MEANING,
        may_plan=bool(actor().roles & set(departures.REQUESTERS)), most_uses=departures.MOST_USES,
    ), outcome.status  # fmt: skip


def _field(name: str) -> str:
    return "place" if name in ("step_id", "parameter_id") else "plan_reason" if name == "reason" else name


def _plan(batch_id: str) -> dict[str, Any]:
    require(
        [
            ("departure_id", "the departure's number"), ("place", "the parameter"), ("uses", "the number of uses"),
            ("plan_reason", "the reason"), ("risk", "the risk"), ("mitigation", "the mitigation"),
        ]
    )  # fmt: skip
    form = request.form
    uses = form["uses"].strip()
    if not (uses.isascii() and uses.isdecimal() and len(uses) < 4):
        raise RefusedEntryError(PageProblem("uses", "Enter the number of uses as a whole number"))
    step_id, _, parameter_id = form["place"].partition(".")
    answer = act(
        departures.plan_departure, stream=f"batch:{batch_id}", batch_id=batch_id, departure_id=form["departure_id"].strip(),
        step_id=step_id, parameter_id=parameter_id, low=form.get("low", "").strip(), high=form.get("high", "").strip(),
        uses=int(uses), reason=form["plan_reason"], risk=form["risk"], mitigation=form["mitigation"],
        roles=form.getlist("roles"),
    )  # fmt: skip
    flash("The departure is requested; every role named has to approve it before it can be used.", "good")
    return answer


def _sign(batch_id: str) -> dict[str, Any]:
    require([("outcome", "your decision"), ("reason", "the reason")])
    form = request.form
    answer = act(
        departures.sign_departure, stream=f"batch:{batch_id}", batch_id=batch_id, departure_id=form.get("at", ""),
        outcome=form["outcome"], reason=form["reason"], proof=proof(),
    )  # fmt: skip
    told = {"APPROVED": "It is approved, and may be used.", "REFUSED": "It is refused."}
    flash(told.get(answer["state"], "Your signature is recorded; others have still to sign."), "good")
    return answer


ACTS = {"plan": _plan, "sign": _sign}
