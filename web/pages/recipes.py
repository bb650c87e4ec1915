"""Recipes: their revisions, one revision on its diagram with every step and limit, its signatures, its way into effect."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.diagram import Diagram
from engine.actions import recipes
from engine.errors import BatchwrightError, DiagramRefusedError
from engine.queries.recipes import recipe_list, revision_view, revision_xml
from web.access import GMP_ROLES, allow, background
from web.acting import (
    Outcome,
    PageProblem,
    RefusedEntryError,
    act,
    actor,
    attempt,
    local_instant,
    proof,
    require,
    site,
)

page = Blueprint("recipes_page", __name__)

MOST_XML = 2 * 1024 * 1024


@page.route("/recipes", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Every revision of every recipe; process owners load diagrams here."""
    outcome = attempt(_import) if request.method == "POST" else Outcome(None, [])
    if outcome.answer:
        flash("The diagram passed its checks and is a draft now.", "good")
        return redirect(url_for("recipes_page.show", revision_id=outcome.answer["revision"]))
    return render_template("pages/recipes.html", recipes=recipe_list(site()), problems=outcome.problems), outcome.status


@page.route("/recipes/<revision_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(revision_id: str) -> ResponseReturnValue:
    """One revision as a person reads it."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = ACTS.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(revision_id), done=done)
        if outcome.done:
            return redirect(url_for("recipes_page.show", revision_id=revision_id))
    view = revision_view(site(), revision_id)
    may_sign = view["next"] and actor().roles & set(view["next"][1])
    signed = {signature["person_id"] for signature in view["signatures"]}
    page_text = render_template(
        "pages/recipe.html", view=view, revision=view["revision"], problems=outcome.problems,
        may_sign=may_sign and actor().id not in signed,
    )  # fmt: skip
    return page_text, outcome.status


@page.get("/recipes/<revision_id>/diagram.xml")
@allow(*GMP_ROLES)
@background
def diagram(revision_id: str) -> ResponseReturnValue:
    """The revision's diagram."""
    return Response(revision_xml(site(), revision_id), content_type="application/xml; charset=utf-8")


def _import() -> dict[str, Any]:
    if "PROC" not in actor().roles:
        abort(403)
    file = request.files.get("diagram")
    data = file.read(MOST_XML + 1) if file else b""
    if not data:
        raise RefusedEntryError(PageProblem("diagram", "Choose a BPMN file"))
    if len(data) > MOST_XML:
        raise RefusedEntryError(PageProblem("diagram", "The file is larger than a recipe diagram may be"))
    try:
        xml, recipe_id = data.decode("utf-8"), Diagram.parse(data).recipe.id
    except (ValueError, BatchwrightError) as error:
        raise RefusedEntryError(PageProblem("diagram", f"The file can't be read as a diagram: {error}")) from error
    try:
        return act(recipes.import_recipe, stream=f"recipe:{recipe_id or 'unnamed'}", xml=xml)
    except DiagramRefusedError as error:
        found = [f for f in error.details.get("findings", ()) if f["severity"] == "error"]
        told = [
            PageProblem("diagram", f"{f['element'] or 'Diagram'}, line {f['line']}: {f['message']}", f["what_to_do"])
            for f in found
        ]
        raise RefusedEntryError(*(told or [PageProblem("diagram", error.message)])) from error


def _sign(revision_id: str) -> dict[str, Any]:
    require([("meaning", "the meaning of your signature")])
    return act(
        recipes.sign_recipe, stream=_stream(revision_id), revision_id=revision_id, meaning=request.form["meaning"],
        proof=proof(),
    )  # fmt: skip


def _effective(revision_id: str) -> dict[str, Any]:
    at = local_instant("effective_at", "The instant")
    assert at is not None
    return act(
        recipes.make_effective, stream=_stream(revision_id), revision_id=revision_id, effective_at=at.isoformat(),
        proof=proof(),
    )  # fmt: skip


def _stream(revision_id: str) -> str:
    return f"recipe:{revision_id.partition('@')[0]}"


ACTS: dict[str, tuple[Any, str]] = {
    "sign": (_sign, "Your signature is on the revision."),
    "effective": (_effective, "The revision goes into effect at that instant."),
}
