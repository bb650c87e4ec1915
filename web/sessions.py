"""Who sits at this station: the session, its lock, and what happens to a half-filled form.

The session is a signed cookie with the person, their session epoch and the last activity. One UPDATE of the epoch ends
it everywhere, so an old cookie that somebody kept opens nothing after a lock, a sign-out or a sign-in elsewhere.
An idle or locked session shows the sign-in form in place of the page; what was typed travels through it and is back
in the page afterwards, unsent, for the same person only.
Source: 21 CFR 11.200(a)(1)(ii), 11.300(c); draft Annex 11 s.11.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from engine import clock
from engine.actor import Actor
from engine.queries.people import SignedIn, signed_in
from engine.site import Site

DRAFT_LIMIT = 100_000
NEVER_KEPT = ("csrf_token", "idempotency_key", "password", "draft")


class PageUser(UserMixin):
    """A signed-in person as flask-login sees them."""

    def __init__(self, person: SignedIn) -> None:
        self.person = person

    def get_id(self) -> str:
        """Ends with the session epoch: a session of an older epoch belongs to nobody."""
        return f"{self.person.id}:{self.person.session_epoch}"


def install(app: Flask, site: Site) -> None:
    """Load the person of each request from the record, never from the cookie."""
    manager = LoginManager()
    manager.session_protection = None  # it compares addresses and browsers, which a cleanroom's proxy changes
    manager.init_app(app)

    @manager.user_loader
    def load(identity: str) -> PageUser | None:
        person_id, _, epoch = identity.rpartition(":")
        if not epoch.isdecimal():
            return None
        person = signed_in(site, person_id, int(epoch), app.config["PASSWORD_DAYS"])
        return PageUser(person) if person else None


def person() -> SignedIn | None:
    """The person of this request, locked or not; None when nobody is signed in."""
    return current_user.person if current_user.is_authenticated else None


def actor() -> Actor | None:
    """The person of this request as the one who acts; None while nobody is signed in or the session is locked."""
    who = person()
    return None if who is None or is_locked() or who.password_expired else session_actor()


def session_actor() -> Actor | None:
    """The person of this session whatever its state: who ends it, or changes an expired password."""
    who = person()
    return Actor(who.id, who.full_name, who.roles, "person", session.get("sid", ""), True) if who else None


def begin(person_id: str, session_epoch: int, site: Site) -> SignedIn:
    """Start a fresh session for somebody who proved both components just now."""
    session_id = session.pop("sid_next", None) or new_session_id()
    session.clear()
    who = signed_in(site, person_id, session_epoch, current_app.config["PASSWORD_DAYS"])
    assert who is not None, "the epoch was read in the act that opened the session"
    login_user(PageUser(who))
    session["sid"] = session_id
    session["who"] = who.id
    touch()
    return who


def new_session_id() -> str:
    """A session's name in the trail."""
    return secrets.token_hex(8)


def renew(person_id: str, session_epoch: int, site: Site) -> None:
    """Go on under a new epoch after the person's own act ended all others (a new password)."""
    session["sid_next"] = session.get("sid", "")
    begin(person_id, session_epoch, site)


def end() -> None:
    """Forget the session on this station."""
    logout_user()
    session.clear()


def lock(who: SignedIn) -> None:
    """Remember whose session is locked here; nothing else of the session remains."""
    logout_user()
    session.clear()
    session["who"] = who.id
    session["locked_name"] = who.full_name


def touch() -> None:
    """The person did something: the session stays open for another while."""
    session["seen"] = int(clock.session_seconds())


def is_locked() -> bool:
    """True when the session is idle for longer than the site allows; an explicit lock has no session left at all."""
    idle = clock.session_seconds() - session.get("seen", 0)
    return bool(idle > current_app.config["LOCK_AFTER_SECONDS"])


def draft() -> Mapping[str, list[str]]:
    """What the person had typed before the session was locked or refused; empty otherwise."""
    return g.get("draft", {})


def packed_form() -> str:
    """The fields of this request as text, for the way through the sign-in form; never passwords or tokens."""
    fields = {
        name: values for name, values in request.form.lists() if name not in NEVER_KEPT and "password" not in name.casefold()
    }
    text = json.dumps(fields)
    return text if fields and len(text) <= DRAFT_LIMIT else ""


def unpacked_form(text: str) -> dict[str, list[str]]:
    """The fields that `packed_form` wrote; anything else is nothing."""
    if not text or len(text) > DRAFT_LIMIT:
        return {}
    try:
        fields: Any = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(fields, dict):
        return {}
    return {
        name: [value for value in values if isinstance(value, str)]
        for name, values in fields.items()
        if isinstance(values, list) and name not in NEVER_KEPT
    }
