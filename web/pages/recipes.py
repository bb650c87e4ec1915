"""Recipes: revisions by state, a new draft, one revision with its life cycle, its document and who signed it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.diagram import Diagram
from engine.actions import drafts, life_cycle, recipes
from engine.errors import BatchwrightError, DiagramRefusedError, MissingRecordsError
from engine.queries.life_cycle import life_cycle_view
from engine.queries.recipes import recipe_list, revision_view, revision_xml
from engine.queries.task_view import task_view
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site
from web.display import words
from web.pages.step import prefixed, shown_of, version_seen

page = Blueprint("recipes_page", __name__)

MOST_XML = 2 * 1024 * 1024
GROUPS = (
    ("Being written", ("DRAFT",)),
    ("In review", ("IN_REVIEW", "PENDING_APPROVAL")),
    ("Approved, not in effect yet", ("APPROVED",)),
    ("In effect", ("EFFECTIVE",)),
    ("Past", ("SUPERSEDED", "RETIRED", "REJECTED", "WITHDRAWN")),
)


@page.route("/recipes", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Every revision of every recipe, by state; process owners begin drafts and load diagrams here."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        begins = request.form.get("do") == "begin"
        outcome = attempt(_begin if begins else _import)
    if outcome.answer:
        flash("The draft is begun." if begins else "The diagram passed its checks and is a draft now.", "good")
        return redirect(url_for("recipes_page.show", revision_id=outcome.answer["revision"]))
    rows = recipe_list(site())
    page_text = render_template(
        "pages/recipes.html", groups=[(title, [r for r in rows if r["state"] in states]) for title, states in GROUPS],
        recipes=rows, others=recipe_list(site(), ("process", "form")), problems=outcome.problems,
        doing=request.form.get("do", "load" if request.method == "POST" else ""),
    )  # fmt: skip
    return page_text, outcome.status


@page.get("/recipes/<revision_id>")
@allow(*GMP_ROLES)
def show(revision_id: str) -> ResponseReturnValue:
    """One revision as a person reads it: where it stands, what waits for whom, who signed, what it says."""
    view = revision_view(site(), revision_id)
    return render_template(
        "pages/recipe.html", view=view, revision=view["revision"], life=life_cycle_view(site(), revision_id, actor())
    )


@page.route("/recipes/<revision_id>/steps/<task_key>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def step(revision_id: str, task_key: str) -> ResponseReturnValue:
    """One step of a revision's life cycle: what it is about, what the step asks for, the signature."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _sign(revision_id, task_key), rename=lambda name: f"v:{name}")
        if outcome.answer is not None:
            return redirect(url_for("recipes_page.show", revision_id=revision_id))
    view = task_view(site(), revision_id, task_key, actor())
    if view["batch"]["subject"] != revision_id:
        abort(404)
    about = revision_view(site(), revision_id)
    life = life_cycle_view(site(), revision_id, actor())
    here = next((s for s in (*life["waiting"], *life["any_time"]) if s["key"] == task_key), None)
    page_text = render_template(
        "pages/recipe_step.html", view=view, revision=about["revision"], facts=about["facts"], findings=about["findings"],
        life=life, here=here, problems=outcome.problems, **shown_of(view),
    )  # fmt: skip
    return page_text, outcome.status


@page.get("/recipes/<revision_id>/diagram.xml")
@allow(*GMP_ROLES)
@background
def diagram(revision_id: str) -> ResponseReturnValue:
    """The revision's diagram."""
    return Response(revision_xml(site(), revision_id), content_type="application/xml; charset=utf-8")


def _begin() -> dict[str, Any]:
    if "PROC" not in actor().roles:
        abort(403)
    require([("recipe_id", "the recipe's number"), ("revision", "the number of the revision")])
    recipe_id = request.form["recipe_id"].strip()
    given: dict[str, Any] = {name: request.form.get(name, "").strip() for name in ("revision", "title", "product", "based_on")}
    return act(drafts.start_draft, stream=f"recipe:{recipe_id}", recipe_id=recipe_id, **given)


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
        raise _listed(error, "diagram") from error


def _sign(revision_id: str, task_key: str) -> dict[str, Any]:
    require([("meaning", "the meaning of your signature")])
    try:
        answer = act(
            life_cycle.sign, stream=f"batch:{revision_id}", revision_id=revision_id, task_key=task_key,
            meaning=request.form["meaning"], proof=proof(), entries=prefixed("v:") or None, version=version_seen(),
            shown_hash=request.form.get("content_hash") or None,
        )  # fmt: skip
    except DiagramRefusedError as error:
        raise _listed(error, "") from error
    except MissingRecordsError as error:
        raise RefusedEntryError(*(_missing(line) for line in error.details["missing"])) from error
    if not answer["signed"]:
        flash("What you entered is recorded. It is not signed.", "bad")
    else:
        revision = revision_view(site(), revision_id)["revision"]
        now = "In effect" if revision["in_effect"] else words(revision["state"])  # also before its timer has fired
        flash(f"You signed. The revision's state is now: {now}.", "good")
    return answer


def _missing(line: str) -> PageProblem:
    """What is missing, `Linked change (change)`, at its field."""
    label, _, name = line.removesuffix(")").rpartition(" (")
    return PageProblem(f"v:{name}" if label else "", f"Enter: {label or line}")


def _listed(error: DiagramRefusedError, field: str) -> RefusedEntryError:
    """Every finding that refuses a diagram, with its place."""
    found = [f for f in error.details.get("findings", ()) if f["severity"] == "error"]
    told = [
        PageProblem(field, f"{f['element'] or 'Diagram'}, line {f['line']}: {f['message']}", f["what_to_do"]) for f in found
    ]
    return RefusedEntryError(*(told or [PageProblem(field, error.message)]))
