"""My account: my roles and trainings, my password, the statement on my signature, larger targets for gloves."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import people
from engine.actor import Actor
from engine.errors import WrongPasswordError
from engine.passwords import Proof
from engine.queries.people import person as person_view
from engine.sign_in import choose_password, confirm
from engine.transaction import perform
from web import sessions
from web.access import SIGNED_IN, allow, at_first
from web.acting import Outcome, PageProblem, RefusedEntryError, attempt, require, site

page = Blueprint("account_page", __name__, url_prefix="/account")


def _me() -> Actor:
    me = sessions.session_actor()
    assert me is not None
    return me


@page.get("")
@allow(SIGNED_IN)
def show() -> ResponseReturnValue:
    """What the site knows about me."""
    return render_template("pages/account.html", account=person_view(site(), _me().id))


@page.post("")
@allow(SIGNED_IN)
def change_display() -> ResponseReturnValue:
    """Glove mode on or off."""
    me, on = _me(), request.form.get("glove_mode") == "on"
    perform(site(), people.set_glove_mode, actor=me, stream=f"person:{me.id}", source="ui", on=on)
    return redirect(url_for("account_page.show"))


@page.route("/password", methods=["GET", "POST"])
@allow(SIGNED_IN)
@at_first
def password() -> ResponseReturnValue:
    """Choose a password of my own."""
    outcome = attempt(_change_password, done="Your new password counts from now on.") if _posted() else Outcome(None, [])
    if outcome.done:
        return redirect(url_for("home_page.show"))
    return render_template("pages/password.html", problems=outcome.problems), outcome.status


@page.route("/statement", methods=["GET", "POST"])
@allow(SIGNED_IN)
@at_first
def statement() -> ResponseReturnValue:
    """Accept that my electronic signature binds me."""
    outcome = attempt(_accept, done="Accepted. You can sign now.") if _posted() else Outcome(None, [])
    if outcome.done:
        return redirect(url_for("home_page.show"))
    page_text = render_template("pages/statement.html", problems=outcome.problems, statement=people.STATEMENT)
    return page_text, outcome.status


def _posted() -> bool:
    return request.method == "POST"


def _change_password() -> dict:
    me = _me()
    require([("password", "your present password"), ("new_password", "a new password"), ("repeated", "it once more")])
    if request.form["new_password"] != request.form["repeated"]:
        raise RefusedEntryError(PageProblem("repeated", "The two new passwords differ"))
    chosen = choose_password(site(), me.id, request.form["new_password"])
    answer = perform(
        site(), people.set_password, actor=me, stream=f"person:{me.id}", source="ui", proof=_proof(me), chosen=chosen
    )
    sessions.renew(me.id, answer["session_epoch"], site())
    return answer


def _accept() -> dict:
    me = _me()
    require([("password", "your password")])
    return perform(site(), people.accept_statement, actor=me, stream=f"person:{me.id}", source="ui", proof=_proof(me))


def _proof(me: Actor) -> Proof:
    try:
        return confirm(site(), me, request.form["password"], source="ui")
    except WrongPasswordError as error:
        raise RefusedEntryError(PageProblem("password", "This is not your present password")) from error
