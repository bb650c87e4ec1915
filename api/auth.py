"""Who calls, and may they: every route names its roles, and whatever names none is refused.

Three ways to say who calls: a person's bearer token (`POST /api/v1/session`), a device's own credentials, or the
pages' session cookie together with its CSRF token. The right itself is read from the record at each request, so a
revoked role, a lock or the end of a session counts from the next request on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import ValidationError

from api.errors import Problem
from api.reading import MAX_BODY
from api.resource import site
from bpmn.vocabulary import ROLES
from engine.queries.people import device_actor, person_actor
from engine.transaction import Actor

PUBLIC = "PUBLIC"
"""Anybody, without signing in: the session itself, the API's description, the sign of life."""
SIGNED_IN = "SIGNED_IN"
"""Any person who is signed in, whatever the role."""
DEVICE = "DEVICE"
"""A registered device."""
GMP_ROLES = tuple(role for role in ROLES if role != "SYS_ADM")
"""Everybody but the system administrator, who has no right on GxP data (Annex 11 draft 12.3)."""

TOKEN_SECONDS = 3600
"""A token's life. Real seconds, also where the record's clock is simulated: it limits what a stolen token is worth."""

View = TypeVar("View", bound=Callable[..., Any])


def allow(*roles: str) -> Callable[[View], View]:
    """Who may call a route: role codes, or one of PUBLIC, SIGNED_IN, DEVICE."""
    unknown = set(roles) - set(ROLES) - {PUBLIC, SIGNED_IN, DEVICE}
    if unknown or not roles:
        raise TypeError(f"@allow needs roles of the domain, not {sorted(unknown) or 'nothing'}")

    def mark(view: View) -> View:
        view.allowed = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def guard() -> None:
    """Before each request: refuse whoever may not call this route, before anything of the request is read."""
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, "max_body", MAX_BODY)
    allowed: frozenset[str] = getattr(view, "allowed", frozenset())
    g.source, g.idempotency_key = "api", None
    if PUBLIC in allowed:
        return
    g.actor = _caller()
    if g.actor.kind == "device":
        g.source = "device"
        permitted = DEVICE in allowed
    else:
        permitted = SIGNED_IN in allowed or bool(allowed & g.actor.roles)
    if not permitted:
        raise Problem(403, detail=f"{g.actor.full_name} has none of the roles that may do this.")


def issue_token(person_id: str, session_epoch: int, session_id: str) -> str:
    """A bearer token for one signed-in session; worthless once the person's session epoch moves on."""
    return _signer().dumps([person_id, session_epoch, session_id])


def _caller() -> Actor:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    actor = None
    if scheme.lower() == "bearer":
        actor = _person_with_token(credentials.strip())
    elif scheme.lower() == "device":
        device_id, _, secret = credentials.strip().partition(":")
        actor = device_actor(site(), device_id, secret)
    elif not scheme:
        actor = _person_on_a_page()
    if actor is None:
        raise Problem(401, detail="Send `Authorization: Bearer <token>` of a session that has not ended.")
    return actor


def _person_with_token(token: str) -> Actor | None:
    try:
        person_id, epoch, session_id = _signer().loads(token, max_age=TOKEN_SECONDS)
    except (BadData, ValueError, TypeError):
        return None
    return person_actor(site(), person_id, session_epoch=epoch, session_id=session_id)


def _person_on_a_page() -> Actor | None:
    """The person whose page sent the request; one that changes something also proves that our page sent it."""
    page_actor = current_app.extensions.get("batchwright-page-actor")
    actor = page_actor() if page_actor else None
    if actor is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError as error:
            raise Problem(403, "csrf", "The request came from no page of ours", str(error)) from error
    return actor


def _signer() -> URLSafeTimedSerializer:
    secret = current_app.secret_key
    if not secret:
        raise RuntimeError("The application has no secret key")
    return URLSafeTimedSerializer(secret, salt="batchwright.api.session")
