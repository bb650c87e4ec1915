"""A small site for the pages: one administrator, one operator, a supervisor, quality on the floor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import passwords
from engine.actions import people
from engine.actor import SYSTEM, Actor
from engine.database import migrate
from engine.keys import create_keys
from engine.sign_in import choose_password, confirm, first_password
from engine.site import Site, open_site
from engine.transaction import perform
from web.app import create_app

FIRST, OWN = "Violet-Kettle-41", "Quiet-Copper-88"
PEOPLE = {
    "petra": ("Petra Administrator", ("SYS_ADM",)),
    "anna": ("Anna Operator", ("MFG_OP",)),
    "sam": ("Sam Supervisor", ("MFG_SUP",)),
    "quinn": ("Quinn Floor", ("QA_FLR",)),
}


def hire(site: Site, login: str, full_name: str, roles: tuple[str, ...], *, ready: bool = True) -> None:
    """An account with roles; `ready`: with a password of its own and the statement accepted."""
    stream = f"person:{login}"
    perform(
        site, people.create_person, actor=SYSTEM, stream=stream, login=login, full_name=full_name,
        chosen=first_password(login, full_name, FIRST), identity_verified={"by": "x", "how": "passport", "on": "today"},
    )  # fmt: skip
    for role in roles:
        perform(site, people.grant_role, actor=SYSTEM, stream=stream, person_id=login, role=role)
    if ready:
        who = Actor(login, full_name, frozenset(roles))
        chosen, old = choose_password(site, login, OWN), confirm(site, who, FIRST)
        perform(site, people.set_password, actor=who, stream=stream, proof=old, chosen=chosen)
        perform(site, people.accept_statement, actor=who, stream=stream, proof=confirm(site, who, OWN))


@pytest.fixture
def small_site(tmp_path: Path) -> Iterator[Site]:
    passwords.set_cost(passwords.CHEAP)
    url = f"sqlite:///{tmp_path}/records.sqlite"
    migrate(url)
    create_keys(tmp_path / "keys")
    site = open_site(url, tmp_path / "keys", zone="Europe/Berlin")
    for login, (full_name, roles) in PEOPLE.items():
        hire(site, login, full_name, roles)
    yield site
    site.close()


@pytest.fixture
def app(small_site: Site) -> Flask:
    return create_app(small_site, SIGN_IN_LIMIT="", WTF_CSRF_ENABLED=False)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def sign_in(client: FlaskClient, login: str, password: str = OWN, **more: str):
    """Post the sign-in form."""
    return client.post("/sign-in", data={"login": login, "password": password, **more})
