"""The first page after signing in: where this person's work is."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from web import sessions
from web.access import SIGNED_IN, allow, permitted

page = Blueprint("home_page", __name__)

FIRST = ("tasks_page.show_all", "people_page.show_all", "account_page.show")


@page.get("/")
@allow(SIGNED_IN)
def show() -> ResponseReturnValue:
    """Go to the first page that this person may see: their tasks, or the accounts they administer."""
    person = sessions.person()
    assert person is not None
    return redirect(url_for(next(endpoint for endpoint in FIRST if permitted(endpoint, person.roles))))
