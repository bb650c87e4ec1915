"""Sign in, lock, unlock, sign out, take over a station."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from engine.actions import people
from engine.errors import SignInRefusedError
from engine.sign_in import sign_in as prove_and_open
from engine.transaction import perform
from web import sessions
from web.access import PUBLIC, SIGNED_IN, allow, ask_to_sign_in, at_first, local_path, page_again
from web.acting import site

page = Blueprint("session_page", __name__)


@page.get("/sign-in")
@allow(PUBLIC)
def form() -> ResponseReturnValue:
    """The form by itself."""
    if sessions.actor() is not None:
        return redirect(url_for("home_page.show"))
    return ask_to_sign_in(request.args.get("then", url_for("home_page.show")))


@page.post("/sign-in")
@allow(PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Open a session with both components; the same person goes on where the lock interrupted them."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    then = local_path(request.form.get("then", ""))
    missing = [
        {"field": field, "message": text, "what_to_do": ""}
        for field, value, text in (("login", login, "Enter your login"), ("password", password, "Enter your password"))
        if not value.strip()
    ]
    if missing:
        return ask_to_sign_in(then, missing, login)
    before = session.get("who", "")
    session_id = sessions.new_session_id()
    try:
        answer = prove_and_open(site(), login, password, session_id=session_id, alone=True, source="ui")
    except SignInRefusedError as error:
        return ask_to_sign_in(then, [{"field": "login", "message": error.message, "what_to_do": ""}], login)
    session["sid_next"] = session_id
    who = sessions.begin(answer["person_id"], answer["session_epoch"], site())
    if before and before != who.id:
        flash(f"You took over this station. What {before} had typed was not recorded and is gone.", "watch")
        return redirect(url_for("home_page.show"))
    return page_again(then, sessions.unpacked_form(request.form.get("draft", "")))


@page.post("/lock")
@allow(SIGNED_IN)
@at_first
def lock() -> ResponseReturnValue:
    """Lock this station: the page stays for its person, the session ends everywhere."""
    then = local_path(request.form.get("next", ""))
    if (who := sessions.person()) is not None:
        _end("locked")
        sessions.lock(who)
    return redirect(url_for("session_page.form", then=then))


@page.post("/sign-out")
@allow(SIGNED_IN)
@at_first
def sign_out() -> ResponseReturnValue:
    """End the session here and everywhere."""
    _end("signed_out")
    sessions.end()
    flash("You are signed out.", "good")
    return redirect(url_for("session_page.form"))


def _end(why: str) -> None:
    actor = sessions.session_actor()
    assert actor is not None
    perform(site(), people.end_sessions, actor=actor, stream=f"person:{actor.id}", source="ui", why=why)
    current_app.logger.info("session %s: %s", why, actor.id)
