"""Review by exception: what departed, with everything said about it, and the proof that the rest was judged."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import exceptions
from engine.queries.forms import form_in_use
from engine.queries.recipes import revision_view
from engine.queries.review import review, trend
from web import plots
from web.access import allow
from web.acting import Outcome, act, attempt, proof, require, site, taken
from web.pages.step import prefixed

page = Blueprint("review_page", __name__)

READERS = ("MFG_SUP", "PROC", "QA_FLR", "QA_DISP", "QP", "QC_REV", "CLI_QA", "MED", "RA")
OWN = {*exceptions.FIELDS, "password", "exception_id", ""}
MOST_PLOTS = 6


@page.route("/batches/<batch_id>/review", methods=["GET", "POST"])
@allow(*READERS)
def show(batch_id: str) -> ResponseReturnValue:
    """The funnel, the exceptions with their triage, and every value with the rules that judged it."""
    outcome, exception_id = Outcome(None, []), request.form.get("exception_id", "")
    if request.method == "POST":
        do = _comment if request.form.get("do") == "comment" else _triage
        outcome = attempt(lambda: do(batch_id, exception_id), rename=lambda name: name if name in OWN else f"more:{name}")
        if outcome.done:
            taken(exception_id)
            return redirect(url_for("review_page.show", batch_id=batch_id) + "#exceptions")
    view, form = review(site(), batch_id), form_in_use(site(), exceptions.FORM)
    page_text = render_template(
        "pages/review.html", view=view, batch=view["batch"], problems=outcome.problems, kinds=_kinds(form),
        form=form, at=exception_id, plots=_plots(batch_id, view),
        judged=[v for v in view["values"] if v["judgement"] != "recorded"],
        unjudged=[v for v in view["values"] if v["judgement"] == "recorded"],
    )  # fmt: skip
    return page_text, outcome.status


def _kinds(form: dict[str, Any]) -> dict[str, str]:
    """What each outcome of a triage is called, by the form in use."""
    return {c["value"]: c["label"] for field in form["fields"] if field["id"] == "kind" for c in field["choices"]}


def _plots(batch_id: str, view: dict[str, Any]) -> dict[str, Any]:
    """A trend for each parameter that departed, by step and parameter."""
    wanted = list(dict.fromkeys((e["step_id"], e["parameter_id"]) for e in view["exceptions"] if e["parameter_id"]))
    if not wanted:
        return {}
    steps = {step["id"]: step for step in revision_view(site(), view["batch"]["revision_id"])["steps"]}
    found = {}
    for step_id, parameter_id in wanted[:MOST_PLOTS]:
        parameter = next((p for p in steps.get(step_id, {}).get("parameters", ()) if p["id"] == parameter_id), None)
        if parameter is None:
            continue
        values = trend(site(), batch_id, step_id, parameter_id)
        drawn = plots.trend(values, parameter["nor_low"], parameter["nor_high"], batch_id)
        if drawn:
            found[f"{step_id}.{parameter_id}"] = {"parameter": parameter, "drawn": drawn, "values": values}
    return found


def _triage(batch_id: str, exception_id: str) -> dict[str, Any]:
    require([("kind", "the outcome of the triage"), ("text", "the reason")])
    form = request.form
    answer = act(
        exceptions.triage_exception, stream=f"batch:{batch_id}", batch_id=batch_id, exception_id=exception_id,
        kind=form["kind"], text=form["text"], severity=form.get("severity") or None,
        reference=form.get("reference", "").strip() or None, proof=proof(), more=prefixed("more:"),
    )  # fmt: skip
    flash("Your triage is signed.", "good")
    return answer


def _comment(batch_id: str, exception_id: str) -> dict[str, Any]:
    require([("text", "the comment")])
    answer = act(
        exceptions.comment_exception, stream=f"batch:{batch_id}", batch_id=batch_id, exception_id=exception_id,
        text=request.form["text"],
    )  # fmt: skip
    flash("Your comment is on record.", "good")
    return answer
