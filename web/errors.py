"""Refusals and faults as pages: what happened, whether anything was recorded, what to do next."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from api.errors import STATUS
from engine.errors import BatchwrightError
from web import access, sessions

_logger = logging.getLogger(__name__)

WORDS: dict[int, tuple[str, str]] = {
    400: ("The request can't be read", "Go back and try it again. Nothing was recorded."),
    403: (
        "You have no right to do this",
        "Your roles do not allow it. Whoever assigns roles at your site can change that.",
    ),
    404: ("There is nothing here", "The address may be mistyped, or what it named does not exist."),
    405: ("This can't be done here", "Go back and use the buttons of the page. Nothing was recorded."),
    409: ("Somebody was faster", "The record has changed since the page was shown. Look at it again."),
    413: ("That is too much at once", "What was sent is larger than this site accepts. Nothing was recorded."),
    422: ("Something in it can't be accepted", "Go back and correct it. Nothing was recorded."),
    429: ("Too many attempts", "Wait a minute, then try again."),
    500: ("The server failed", "Nothing was recorded. Tell whoever runs this site the number below."),
    503: (
        "The server can't answer now",
        "It is not known whether your last entry was recorded. Send it again: it is never recorded twice.",
    ),
}


def install(app: Flask) -> None:
    """Answer every refusal of a page with a page; the API answers for itself."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(BatchwrightError, _engine)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _fault)


def error_page(status: int, detail: str = "", number: str = "") -> ResponseReturnValue:
    """The page of a status, with what is known beyond it."""
    title, advice = WORDS.get(status, WORDS[500] if status >= 500 else WORDS[400])
    return render_template("pages/error.html", status=status, title=title, advice=advice, detail=detail, number=number), status


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    """A form from an earlier session of this station: shown again with its values, to be sent once more."""
    packed = sessions.packed_form()
    if packed and request.endpoint != "session_page.sign_in":
        return access.page_again(request.path, sessions.unpacked_form(packed))
    flash("The page was from an earlier session. Please enter it again.", "watch")
    return access.ask_to_sign_in(request.form.get("then", "/")) if sessions.person() is None else error_page(400)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    if error.code == 401:
        return access.ask_to_sign_in(request.path)
    return error_page(error.code)


def _engine(error: BatchwrightError) -> ResponseReturnValue:
    status = next(STATUS[kind][0] for kind in type(error).__mro__ if kind in STATUS)
    if status >= 500:
        return _fault(error, status)
    return error_page(status, error.message)


def _database(error: OperationalError) -> ResponseReturnValue:
    return _fault(error, 503)


def _fault(error: Exception, status: int = 500) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    _logger.error("Fault %s at %s %s", number, request.method, request.path, exc_info=error)
    return error_page(status, number=number)
