"""People of a test's site: one for each role, made by the acts that an administrator and they themselves use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bpmn.vocabulary import ROLES
from engine import clock, passwords, sign_in
from engine.actions import people, trainings
from engine.queries.people import person_actor
from engine.site import Site
from engine.transaction import SYSTEM, Actor, perform

PASSWORD = "correct horse 7 battery"
FIRST_PASSWORD = "handed over 3 by hand"


@dataclass(frozen=True)
class Someone:
    """A person with a role, who has chosen a password and accepted the statement on signatures."""

    login: str
    full_name: str
    role: str
    password: str = PASSWORD


def login_of(role: str) -> str:
    """The login of the person who holds a role: `mfg.op`."""
    return role.lower().replace("_", ".")


class Staff(dict[str, Someone]):
    """One person for each role, by role; who is asked for the first time joins the site then."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        passwords.set_cost(passwords.CHEAP)

    def __missing__(self, role: str) -> Someone:
        self[role] = join(self.site, login_of(role), f"{ROLES[role]} One", role)
        return self[role]


def join(site: Site, login: str, full_name: str, role: str) -> Someone:
    """A new person with a role; the system stands in for the first administrator."""
    stream = f"person:{login}"
    identity = {"by": "Human resources", "how": "passport", "on": "2026-01-02"}
    chosen = sign_in.first_password(login, full_name, FIRST_PASSWORD)
    perform(
        site, people.create_person, actor=SYSTEM, stream=stream, login=login, full_name=full_name, chosen=chosen,
        identity_verified=identity,
    )  # fmt: skip
    perform(site, people.grant_role, actor=SYSTEM, stream=stream, person_id=login, role=role)
    actor = Actor(login, full_name, frozenset({role}), "person", "tests", True)
    proof = sign_in.confirm(site, actor, FIRST_PASSWORD)
    chosen = sign_in.choose_password(site, login, PASSWORD)
    perform(site, people.set_password, actor=actor, stream=stream, proof=proof, chosen=chosen)
    proof = sign_in.confirm(site, actor, PASSWORD)
    perform(site, people.accept_statement, actor=actor, stream=stream, proof=proof)
    return Someone(login, full_name, role)


def train(site: Site, someone: Someone, recipe_id: str, revision: str) -> None:
    """Record that a person is trained on a revision for a year."""
    now = clock.now()
    perform(
        site, trainings.record_training, actor=SYSTEM, stream=f"person:{someone.login}", person_id=someone.login,
        recipe_id=recipe_id, revision=revision, valid_from=now - timedelta(days=1),
        valid_until=now + timedelta(days=365),
    )  # fmt: skip


def actor_of(site: Site, someone: Someone) -> Actor:
    """The actor of a session that this person opens now."""
    opened = sign_in.sign_in(site, someone.login, someone.password, session_id="tests")
    actor = person_actor(site, someone.login, session_epoch=opened["session_epoch"], session_id="tests")
    assert actor is not None
    return actor


def proof_of(site: Site, someone: Someone) -> passwords.Proof:
    """That this person typed their password just now."""
    return sign_in.confirm(site, actor_of(site, someone), someone.password)
