"""People: accounts and roles for the administrator, training for supervisors and quality, the matrix for both."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.vocabulary import ROLES
from engine import clock
from engine.actions import people, trainings
from engine.queries.lists import revision_page
from engine.queries.people import login_of
from engine.queries.people import people as everybody
from engine.queries.people import person as person_view
from engine.sign_in import choose_password, confirm_other, first_password
from web.access import allow
from web.acting import Outcome, act, attempt, local_instant, require, site

page = Blueprint("people_page", __name__, url_prefix="/people")

READERS = ("SYS_ADM", "MFG_SUP", "QA_FLR", "QA_DISP", "QP")
MOST_REVISIONS = 200


@page.get("")
@allow(*READERS)
def show_all() -> ResponseReturnValue:
    """Everybody, with roles, trainings and the state of the account."""
    return render_template("pages/people.html", people=everybody(site()))


@page.route("/new", methods=["GET", "POST"])
@allow("SYS_ADM")
def new() -> ResponseReturnValue:
    """Open an account."""
    outcome = (
        attempt(_create, done="The account is open. Its first password opens only the form to choose another.")
        if (request.method == "POST")
        else Outcome(None, [])
    )
    if outcome.answer:
        return redirect(url_for("people_page.show", person_id=outcome.answer["person_id"]))
    return render_template("pages/person_new.html", problems=outcome.problems), outcome.status


@page.route("/<person_id>", methods=["GET", "POST"])
@allow(*READERS)
def show(person_id: str) -> ResponseReturnValue:
    """One account: what it may do, and what may be done with it."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = ACTS.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(person_id), done=done)
        if outcome.done:
            return redirect(url_for("people_page.show", person_id=person_id))
    account = person_view(site(), person_id)
    if account is None:
        abort(404)
    revisions = [(row["id"], row["id"]) for row in revision_page(site(), None, MOST_REVISIONS) if row["state"] != "RETIRED"]
    return render_template(
        "pages/person.html", account=account, problems=outcome.problems, roles=ROLES, revisions=revisions,
        today=clock.now(), open_form=request.form.get("do", ""),
    ), outcome.status  # fmt: skip


def _create() -> dict[str, Any]:
    require(
        [
            ("login", "a login"), ("full_name", "the full name"), ("new_password", "a first password"),
            ("identity_by", "who verified the identity"), ("identity_how", "how the identity was verified"),
            ("identity_on", "when the identity was verified"),
        ]
    )  # fmt: skip
    form = request.form
    login = login_of(form["login"])
    return act(
        people.create_person, stream=f"person:{login}", once=False, login=login, full_name=form["full_name"],
        chosen=first_password(login, form["full_name"], form["new_password"]),
        identity_verified={part: form[f"identity_{part}"] for part in ("by", "how", "on")},
    )  # fmt: skip


def _grant(person_id: str) -> dict[str, Any]:
    require([("role", "a role")])
    return _on(people.grant_role, person_id, role=request.form["role"])


def _revoke(person_id: str) -> dict[str, Any]:
    require([("role_taken", "a role"), ("reason_revoke", "the reason")])
    return _on(people.revoke_role, person_id, role=request.form["role_taken"], reason=request.form["reason_revoke"])


def _unlock(person_id: str) -> dict[str, Any]:
    require([("reason_unlock", "the reason")])
    return _on(people.unlock_account, person_id, reason=request.form["reason_unlock"])


def _deactivate(person_id: str) -> dict[str, Any]:
    require([("reason_deactivate", "the reason")])
    return _on(people.deactivate_person, person_id, reason=request.form["reason_deactivate"])


def _train(person_id: str) -> dict[str, Any]:
    require([("revision", "a recipe revision"), ("valid_from", "the first day"), ("valid_until", "the last day")])
    recipe_id, _, revision = request.form["revision"].partition("@")
    return _on(
        trainings.record_training, person_id, recipe_id=recipe_id, revision=revision,
        valid_from=local_instant("valid_from", "The first day"),
        valid_until=local_instant("valid_until", "The last day"),
    )  # fmt: skip


def _reset(person_id: str) -> dict[str, Any]:
    require(
        [
            ("new_password", "a first password"), ("witness_login", "the second person's login"),
            ("witness_password", "the second person's password"), ("reason_reset", "the reason"),
        ]
    )  # fmt: skip
    form = request.form
    chosen = choose_password(site(), person_id, form["new_password"])
    witness, witness_proof = confirm_other(site(), form["witness_login"], form["witness_password"], source="ui")
    return act(
        people.reset_password, stream=f"person:{person_id}", once=False, person_id=person_id, chosen=chosen,
        witness=witness, witness_proof=witness_proof, reason=form["reason_reset"],
    )  # fmt: skip


def _on(action: Any, person_id: str, **arguments: Any) -> dict[str, Any]:
    return act(action, stream=f"person:{person_id}", person_id=person_id, **arguments)


ACTS: dict[str, tuple[Any, str]] = {
    "grant": (_grant, "The role counts from the next request on."),
    "revoke": (_revoke, "The role is taken away."),
    "unlock": (_unlock, "The account is open again."),
    "deactivate": (_deactivate, "The account is closed for good."),
    "train": (_train, "The training is on record."),
    "reset": (_reset, "The first password is set; it opens only the form to choose another."),
}
