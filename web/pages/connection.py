"""Does the server answer, and what time is it there: asked by the pages' script every few seconds."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from engine import clock
from web import sessions
from web.access import PUBLIC, allow, background
from web.acting import site
from web.display import iso, site_time

page = Blueprint("connection_page", __name__)


@page.get("/connection")
@allow(PUBLIC)
@background
def show() -> ResponseReturnValue:
    """Server time, and whether the session is locked by now. `active=1`: the person typed since the last time."""
    person = sessions.person()
    if person is not None and not sessions.is_locked() and request.args.get("active") == "1":
        sessions.touch()
    now = clock.now()
    return jsonify(
        now=iso(now),
        shown=site_time(now, ZoneInfo(site().settings.zone)),
        locked=person is None or sessions.is_locked(),
    )
