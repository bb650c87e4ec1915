"""Start a batch from a patient order, on the recipe revision in effect now."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import batches
from engine.queries.recipes import effective_recipe, recipe_list
from web.access import allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, attempt, proof, require, site, taken
from web.pages.step import prefixed

page = Blueprint("start_page", __name__)


@page.route("/start", methods=["GET", "POST"])
@allow(*batches.ISSUERS)
def show() -> ResponseReturnValue:
    """Choose the recipe, then fill its order form."""
    in_effect = [row for row in recipe_list(site()) if row["in_effect"]]
    recipe_id = request.values.get("recipe", in_effect[0]["recipe_id"] if len(in_effect) == 1 else "")
    recipe = effective_recipe(site(), recipe_id) if recipe_id else None
    outcome = Outcome(None, [])
    if request.method == "POST" and recipe is not None:
        done = f"Batch {request.form.get('batch_id', '').strip()} is issued and started."
        outcome = attempt(lambda: _start(recipe_id), done=done, rename=lambda name: f"o:{name}")
        if outcome.answer:
            return redirect(url_for("batch_page.show", batch_id=outcome.answer["batch"]))
    row = next((row for row in in_effect if row["recipe_id"] == recipe_id), None)
    fields = recipe.header.order_fields if recipe else ()
    page_text = render_template("pages/start.html", in_effect=in_effect, revision=row, fields=fields, problems=outcome.problems)
    return page_text, outcome.status


def _start(recipe_id: str) -> dict[str, Any]:
    require([("batch_id", "the batch number")])
    if "/" in request.form["batch_id"] or not request.form["batch_id"].strip().isprintable():
        raise RefusedEntryError(PageProblem("batch_id", "A batch number has letters, digits and . _ - only"))
    batch_id = request.form["batch_id"].strip()
    answer = act(
        batches.start_batch, stream=f"batch:{batch_id}", recipe_id=recipe_id, batch_id=batch_id,
        order=prefixed("o:"), proof=proof(), revision=request.form.get("revision") or None,
    )  # fmt: skip
    taken("start")
    return answer
