"""Correct a recorded value: both stay, with the reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import corrections
from engine.queries.forms import form_in_use
from engine.queries.task_view import task_view
from engine.records import ParameterValue
from web.access import GMP_ROLES, allow
from web.acting import Outcome, act, actor, attempt, require, site, taken
from web.pages.step import prefixed, version_seen

page = Blueprint("correction_page", __name__)


@page.route("/batches/<batch_id>/values/<path:value_id>/correction", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(batch_id: str, value_id: str) -> ResponseReturnValue:
    """The value on record, and the form for what it should have been."""
    with site().read() as reader:
        row = reader.find(ParameterValue, id=value_id)
    if row is None or row["batch_id"] != batch_id:
        abort(404)
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _correct(batch_id, value_id), done="Corrected; both values stay on record.", rename=_field)
        if outcome.done:
            return redirect(url_for("step_page.show", batch_id=batch_id, task_key=row["task_key"]))
    view = task_view(site(), batch_id, row["task_key"], actor())
    parameter = next((field for field in view["fields"] if field["id"] == row["parameter_id"]), None)
    if parameter is None:
        abort(404)
    return render_template(
        "pages/correction.html", view=view, batch=view["batch"], row=row, p=parameter, problems=outcome.problems,
        form=form_in_use(site(), corrections.FORM),
    ), outcome.status  # fmt: skip


def _field(name: str) -> str:
    """The page's field of a problem: the reason, what the site's form asks beside it, else the value itself."""
    asked = {field["id"] for field in form_in_use(site(), corrections.FORM)["fields"]}
    return name if name in corrections.FIELDS else f"more:{name}" if name in asked else "v:text"


def _correct(batch_id: str, value_id: str) -> dict[str, Any]:
    require([("v:text", "the right value"), ("reason", "the reason")])
    answer = act(
        corrections.correct_value, stream=f"batch:{batch_id}", batch_id=batch_id, value_id=value_id,
        text=request.form["v:text"].strip(), reason=request.form["reason"], version=version_seen(),
        more=prefixed("more:"),
    )  # fmt: skip
    taken(value_id)
    return answer
