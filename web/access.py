"""Before each page: may this person see it? Every route names its roles; whatever names none is refused.

`allow`, `PUBLIC`, `SIGNED_IN` and `GMP_ROLES` are the API's: one vocabulary of rights for both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from api.auth import GMP_ROLES, PUBLIC, SIGNED_IN, allow
from engine.actions.people import note_refused_access
from engine.transaction import perform
from web import sessions

__all__ = ["GMP_ROLES", "PUBLIC", "SIGNED_IN", "allow", "background", "guard_pages", "page_again", "permitted"]

View = TypeVar("View", bound=Callable[..., Any])


def background(view: View) -> View:
    """Mark a route that scripts ask by themselves: it does not keep an idle session open."""
    view.background = True  # type: ignore[attr-defined]
    return view


def at_first(view: View) -> View:
    """Mark a route that a person may use before their password is their own and the statement accepted."""
    view.at_first = True  # type: ignore[attr-defined]
    return view


def permitted(endpoint: str, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles may use a page."""
    allowed: frozenset[str] = getattr(current_app.view_functions.get(endpoint), "allowed", frozenset())
    return PUBLIC in allowed or SIGNED_IN in allowed or bool(allowed & roles)


def guard_pages(app: Flask) -> None:
    """Install the guard; it runs before the CSRF check, so that an expired session loses no entry."""

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if request.endpoint is None or request.path.startswith("/api/"):
            return None  # not found; the API guards itself
        view = app.view_functions[request.endpoint]
        if request.endpoint == "static" or PUBLIC in getattr(view, "allowed", ()):
            return None
        return _refusal(view)


def _refusal(view: Callable[..., Any]) -> ResponseReturnValue | None:
    person = sessions.person()
    if person is None or sessions.is_locked():
        if _asked_by_itself(view):
            return {"locked": True}, 401
        return ask_to_sign_in(request.full_path.rstrip("?"))
    assert request.endpoint is not None
    if not permitted(request.endpoint, person.roles):
        _note_refused()
        abort(403)
    if not _asked_by_itself(view):
        sessions.touch()
    if not getattr(view, "at_first", False):
        if person.password_expired:
            return redirect(url_for("account_page.password"))
        if not person.accepted:
            return redirect(url_for("account_page.statement"))
    return None


def _note_refused() -> None:
    """An attempt to change something without the right is in the trail; a look at a page is not worth an entry."""
    actor = sessions.session_actor()
    if actor is not None and request.method == "POST":
        site = current_app.extensions["batchwright"]
        what = f"{request.method} {request.path}"
        perform(site, note_refused_access, actor=actor, stream=f"person:{actor.id}", source="ui", what=what)


def _asked_by_itself(view: Callable[..., Any]) -> bool:
    """Whether a script of the page asked, not the person: a list that looks again every few seconds."""
    return getattr(view, "background", False) or "HX-Request" in request.headers


def ask_to_sign_in(then: str, problems: list[dict[str, str]] | None = None, login: str = "") -> ResponseReturnValue:
    """The sign-in form in place of a page; what was typed on that page is kept inside it."""
    person = sessions.person()
    by_itself = request.endpoint in ("session_page.form", "session_page.sign_in")
    packed = request.form.get("draft", "") if by_itself else sessions.packed_form()
    page = render_template(
        "pages/sign_in.html", then=local_path(then), draft=packed, problems=problems or [], login=login,
        locked_name=person.full_name if person else session.get("locked_name", ""), asked=not by_itself,
    )  # fmt: skip
    return make_response(page, 401 if problems or not by_itself else 200)


def local_path(text: str) -> str:
    """A path of this site to go on to; anything else is the first page."""
    parts = urlsplit(text)
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return text if plain and text.isprintable() else url_for("home_page.show")


def page_again(path: str, typed: dict[str, list[str]]) -> ResponseReturnValue:
    """Show a page with what the person had typed, unsent; without any entry, go there.

    This request was a POST; from here on it is a GET of that page without a form, so that no view can mistake the
    kept entry for a submission. The guard asks again, for the page that is shown.
    """
    path = local_path(path)
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        rule, arguments = adapter.match(urlsplit(path).path, method="GET", return_rule=True)
    except HTTPException:
        return redirect(url_for("home_page.show"))
    view = current_app.view_functions[rule.endpoint]
    if not typed or PUBLIC in getattr(view, "allowed", ()):
        return redirect(path)
    request.method = "GET"
    request.__dict__["form"] = ImmutableMultiDict()
    request.path, request.url_rule, request.view_args = urlsplit(path).path, rule, dict(arguments)
    refused = _refusal(view)
    if refused is not None:
        return refused
    g.draft = typed
    flash("What you had typed is back. Nothing of it has been recorded yet.", "watch")
    return current_app.ensure_sync(view)(**arguments)
