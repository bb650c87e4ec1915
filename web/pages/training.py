"""Training: what this person has to read, who is trained on what, and what a revision asks people to read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.vocabulary import ROLES
from engine.actions import trainings
from engine.queries.training import my_reading, reading_view, requirements_view, training_matrix
from web.access import GMP_ROLES, allow
from web.acting import Outcome, act, actor, attempt, proof, require, site

page = Blueprint("training_page", __name__)

WORKING_ROLES = {role: name for role, name in ROLES.items() if role != "SYS_ADM"}


@page.get("/training")
@allow(*GMP_ROLES, "SYS_ADM")
def show_all() -> ResponseReturnValue:
    """The reading list of this person, then the matrix of people and revisions."""
    wanted = request.args.get("recipe", "")
    found = training_matrix(site(), wanted)
    return render_template("pages/training.html", reading=my_reading(site(), actor()), matrix=found, recipe=wanted)


@page.route("/training/<revision_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def read(revision_id: str) -> ResponseReturnValue:
    """What a revision changes for this person, to be read and signed."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        done = f"You signed that you have read and understood {revision_id}. You are trained on it from now."
        outcome = attempt(lambda: _sign(revision_id), done=done)
        if outcome.done:
            return redirect(url_for("training_page.show_all"))
    view = reading_view(site(), revision_id, actor())
    return render_template("pages/training_reading.html", view=view, problems=outcome.problems), outcome.status


@page.route("/recipes/<revision_id>/training", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def requirements(revision_id: str) -> ResponseReturnValue:
    """What a revision asks people to read, and how far they are; authors and quality say it here."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = ACTS.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(revision_id), done=done)
        if outcome.done:
            return redirect(url_for("training_page.requirements", revision_id=revision_id))
    view = requirements_view(site(), revision_id, actor())
    page_text = render_template(
        "pages/training_requirements.html", view=view, revision=view["revision"], problems=outcome.problems,
        roles=WORKING_ROLES, doing=request.form.get("do", ""),
    )  # fmt: skip
    return page_text, outcome.status


def _sign(revision_id: str) -> dict[str, Any]:
    return act(
        trainings.read_and_understood, stream=f"person:{actor().id}", revision_id=revision_id, proof=proof(),
        shown_hash=request.form.get("content_hash") or None,
    )  # fmt: skip


def _ask(revision_id: str) -> dict[str, Any]:
    require([("reading", "what is to be read")])
    return _of_recipe(
        trainings.set_requirement, revision_id, roles=request.form.getlist("roles"), steps=request.form.getlist("steps"),
        reading=request.form["reading"],
    )  # fmt: skip


def _ask_nobody(revision_id: str) -> dict[str, Any]:
    require([("reason", "why nobody has to read it")])
    return _of_recipe(trainings.set_requirement, revision_id, roles=(), reading=request.form["reason"])


def _take(revision_id: str) -> dict[str, Any]:
    return _of_recipe(trainings.take_proposal, revision_id)


def _withdraw(revision_id: str) -> dict[str, Any]:
    return _of_recipe(trainings.withdraw_requirement, revision_id, requirement_id=request.form.get("requirement_id", ""))


def _of_recipe(action: Any, revision_id: str, **arguments: Any) -> dict[str, Any]:
    return act(action, stream=f"recipe:{revision_id.partition('@')[0]}", revision_id=revision_id, **arguments)


ACTS: dict[str, tuple[Any, str]] = {
    "ask": (_ask, "The revision asks for it now."),
    "nobody": (_ask_nobody, "The revision says now that nobody has to read it."),
    "take": (_take, "The revision asks now for what was proposed."),
    "withdraw": (_withdraw, "It is not asked for any more."),
}
