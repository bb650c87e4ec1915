"""Sessions of persons: a token for both components of a signature, void at once when the session ends."""

from __future__ import annotations

import secrets

import marshmallow as ma
from flask import g

from api.auth import PUBLIC, SIGNED_IN, TOKEN_SECONDS, allow, issue_token
from api.fields import Code, Nothing, Text, answer
from api.resource import Resource, act, site
from api.signing import Secret, proven
from engine import sign_in
from engine.actions import people
from engine.passwords import MAXIMUM_LENGTH
from engine.transaction import Actor, perform

session = Resource("session", "Sign in and out; the secret half of a signature.")


class SignIn(Secret):
    """Both components: the login and the password."""

    login = Code(required=True)


class NewPassword(SignIn):
    """The password of before, and the one from now on."""

    new_password = Text(MAXIMUM_LENGTH, shortest=1, required=True)


Session = answer(
    "Session",
    token=ma.fields.String(metadata={"description": "Send it as `Authorization: Bearer <token>`"}),
    expires_in=ma.fields.Integer(metadata={"description": "Seconds"}),
    person_id=ma.fields.String(),
    full_name=ma.fields.String(),
    password_expired=ma.fields.Boolean(metadata={"description": "Choose a new password first"}),
    accepted=ma.fields.Boolean(metadata={"description": "The statement on electronic signatures is accepted"}),
)
Caller = answer(
    "Caller",
    id=ma.fields.String(),
    full_name=ma.fields.String(),
    roles=ma.fields.List(ma.fields.String()),
    kind=ma.fields.String(),
)
Ended = answer("EndedSession", person_id=ma.fields.String())
Accepted = answer("AcceptedStatement", accepted_esig_at=ma.fields.String())


@session.acts("/session", SignIn, Session, status=201, keyed=False)
@allow(PUBLIC)
def open_session(body: dict) -> dict:
    """Sign in

    Opens a session with both components of a signature. Every wrong attempt is on record; the fifth locks the account.
    """
    session_id = secrets.token_hex(8)
    opened = sign_in.sign_in(site(), body["login"], body["password"], session_id=session_id)
    token = issue_token(opened["person_id"], opened["session_epoch"], session_id)
    return {
        "token": token, "expires_in": TOKEN_SECONDS,
        **{name: opened[name] for name in ("person_id", "full_name", "password_expired", "accepted")},
    }  # fmt: skip


@session.reads("/session", Caller)
@allow(SIGNED_IN)
def who_is_calling() -> dict:
    """Who is signed in

    The person, with the roles held at this moment.
    """
    return {"id": g.actor.id, "full_name": g.actor.full_name, "roles": sorted(g.actor.roles), "kind": g.actor.kind}


@session.acts("/session", Nothing, Ended, keyed=False, method="DELETE")
@allow(SIGNED_IN)
def end_session(body: dict) -> dict:
    """Sign out

    Ends every session of this person: their tokens and cookies are void at once.
    """
    ended = act(people.end_sessions, stream=f"person:{g.actor.id}", why="signed_out")
    return {"person_id": ended["person_id"]}


@session.acts("/session/password", NewPassword, Session, keyed=False)
@allow(PUBLIC)
def choose_password(body: dict) -> dict:
    """Choose a new password

    Also the only thing that a first password, chosen by the administrator, opens. Other sessions end.
    """
    session_id = secrets.token_hex(8)
    opened = sign_in.sign_in(site(), body["login"], body["password"], session_id=session_id)
    person_id = opened["person_id"]
    actor = Actor(person_id, opened["full_name"], frozenset(), "person", session_id, True)
    changed = perform(
        site(), people.set_password, actor=actor, stream=f"person:{person_id}", source=g.source,
        proof=sign_in.confirm(site(), actor, body["password"], source=g.source),
        chosen=sign_in.choose_password(site(), person_id, body["new_password"]),
    )  # fmt: skip
    return {
        "token": issue_token(person_id, changed["session_epoch"], session_id), "expires_in": TOKEN_SECONDS,
        "person_id": person_id, "full_name": opened["full_name"], "password_expired": False,
        "accepted": opened["accepted"],
    }  # fmt: skip


@session.acts("/session/statement", Secret, Accepted)
@allow(SIGNED_IN)
def accept_statement(body: dict) -> dict:
    """Accept the statement on electronic signatures

    Needed once, before the first signature.
    """
    return act(people.accept_statement, stream=f"person:{g.actor.id}", **proven(body))
