"""Start a batch from a patient order, on the recipe revision in effect now; or plan it, and start it later."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import batches
from engine.queries.batches import batch_list, order_of
from engine.queries.recipes import effective_recipe, recipe_list
from web.access import allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, attempt, proof, require, site, taken
from web.display import typed_time
from web.pages.step import prefixed

page = Blueprint("start_page", __name__)


@page.route("/start", methods=["GET", "POST"])
@allow(*batches.ISSUERS)
def show() -> ResponseReturnValue:
    """Choose the recipe, then fill its order form. `planned`: a batch that was planned, with its order."""
    in_effect = [row for row in recipe_list(site()) if row["in_effect"]]
    recipe_id = request.values.get("recipe", in_effect[0]["recipe_id"] if len(in_effect) == 1 else "")
    recipe = effective_recipe(site(), recipe_id) if recipe_id else None
    outcome = Outcome(None, [])
    if request.method == "POST" and recipe is not None:
        plans = request.form.get("do") == "plan"
        done = f"Batch {request.form.get('batch_id', '').strip()} is {'planned' if plans else 'issued and started'}."
        outcome = attempt(lambda: _start(recipe_id, plans=plans), done=done, rename=lambda name: f"o:{name}")
        if outcome.answer:
            return redirect(url_for("batch_page.show", batch_id=outcome.answer["batch"]))
    row = next((row for row in in_effect if row["recipe_id"] == recipe_id), None)
    fields = recipe.header.order_fields if recipe else ()
    waiting = [batch for batch in batch_list(site()) if batch["state"] == "PLANNED"]
    chosen = request.values.get("planned", "")
    order = order_of(site(), chosen) if any(batch["id"] == chosen for batch in waiting) else {}
    page_text = render_template(
        "pages/start.html", in_effect=in_effect, revision=row, fields=fields, problems=outcome.problems, waiting=waiting,
        planned=chosen if order else "", order={name: typed_time(text, site().zone) for name, text in order.items()},
    )  # fmt: skip
    return page_text, outcome.status


def _start(recipe_id: str, *, plans: bool) -> dict[str, Any]:
    require([("batch_id", "the batch number")])
    if "/" in request.form["batch_id"] or not request.form["batch_id"].strip().isprintable():
        raise RefusedEntryError(PageProblem("batch_id", "A batch number has letters, digits and . _ - only"))
    batch_id = request.form["batch_id"].strip()
    about: dict[str, Any] = {"recipe_id": recipe_id, "batch_id": batch_id, "order": prefixed("o:")}
    about["revision"] = request.form.get("revision") or None
    if plans:
        answer = act(batches.plan_batch, stream=f"batch:{batch_id}", **about)
    else:
        answer = act(batches.start_batch, stream=f"batch:{batch_id}", proof=proof(), **about)
    taken("start")
    return answer
