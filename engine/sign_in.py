"""Proving who somebody is, before any transaction begins.

A password check costs 50 to 100 ms on purpose. Inside a transaction it would hold SQLite's only writer for that long,
so it is done first; the action then takes the `Proof` and compares its hash with the account as it is under the lock.
A wrong password is an act of its own: it is counted and in the trail although nothing else happens.
Source: 21 CFR 11.200(a), 11.300(d).
"""

from __future__ import annotations

import json
from typing import Any

from engine import passwords
from engine.actions import people
from engine.errors import RecordNotFoundError, SignInRefusedError, WrongPasswordError
from engine.passwords import ChosenPassword, Proof
from engine.queries.people import account_by_login, login_of, roles_of
from engine.records import Person
from engine.site import Site
from engine.transaction import Actor, perform


def sign_in(
    site: Site, login: str, password: str, *, session_id: str, alone: bool = False, source: str = "api"
) -> dict[str, Any]:
    """Open a session with both components of a signature. Raises SignInRefusedError, one message for every cause.

    `alone` ends every other session of this person: one identity is at one place. Answer: `person_id`,
    `session_epoch`, `password_expired`, `accepted`.
    """
    with site.read() as reader:
        row = account_by_login(reader, login)
        roles = roles_of(reader, row["id"]) if row is not None else frozenset()
    right = passwords.matches(row["password_hash"] if row is not None else "", password)
    if row is None:
        nobody = Actor("nobody", "Nobody known", frozenset(), "system", session_id, False)
        perform(site, people.note_unknown_login, actor=nobody, stream="site", source=source)
        raise SignInRefusedError
    actor = Actor(row["id"], row["full_name"], roles, "person", session_id, True)
    if not right or row["state"] != "active":
        _count(site, actor, source, "sign-in")
        raise SignInRefusedError
    return perform(
        site, people.open_session, actor=actor, stream=f"person:{row['id']}", source=source,
        proof=Proof(row["id"], row["password_hash"]), alone=alone,
    )  # fmt: skip


def confirm(site: Site, actor: Actor, password: str, *, source: str = "api") -> Proof:
    """The secret component again, for a signature in a running session. Raises WrongPasswordError; that is counted."""
    with site.read() as reader:
        row = reader.find(Person, id=actor.id)
    if row is None:
        raise RecordNotFoundError(f"{actor.id} has no account.")
    if row["state"] != "active" or not passwords.matches(row["password_hash"], password):
        _count(site, actor, source, "signature")
        raise WrongPasswordError
    return Proof(row["id"], row["password_hash"])


def confirm_other(site: Site, login: str, password: str, *, source: str = "api") -> tuple[Actor, Proof]:
    """Both components of a second person who stands beside the first, without a session of their own."""
    with site.read() as reader:
        row = account_by_login(reader, login)
        roles = roles_of(reader, row["id"]) if row is not None else frozenset()
    if row is None:
        passwords.matches("", password)
        raise SignInRefusedError
    actor = Actor(row["id"], row["full_name"], roles, "person", "", True)
    try:
        return actor, confirm(site, actor, password, source=source)
    except WrongPasswordError as error:
        raise SignInRefusedError from error


def choose_password(site: Site, person_id: str, password: str) -> ChosenPassword:
    """A new password for an account, checked against its rules and its last ones. Raises PasswordRefusedError."""
    with site.read() as reader:
        row = reader.find(Person, id=person_id)
    if row is None:
        raise RecordNotFoundError(f"{person_id} has no account.")
    former = [row["password_hash"], *json.loads(row["password_history"])]
    return passwords.choose(password, login=row["login"], full_name=row["full_name"], former_hashes=former)


def first_password(login: str, full_name: str, password: str) -> ChosenPassword:
    """The password of an account that does not exist yet. Raises PasswordRefusedError."""
    return passwords.choose(password, login=login_of(login), full_name=full_name)


def _count(site: Site, actor: Actor, source: str, at: str) -> None:
    perform(site, people.note_refused_password, actor=actor, stream=f"person:{actor.id}", source=source, at=at)
