"""A site with one person for each role, and clients of its API."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.app import register
from engine.keys import create_keys
from engine.site import Site, open_site
from tests.people import Staff

_numbers = itertools.count(1)

one_database = pytest.mark.parametrize("database_kind", ["sqlite"])
"""For tests of HTTP alone, where the database makes no difference."""
AsRole = Callable[[str], "Client"]


class Client:
    """A client of the API as one person, or as nobody."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self._client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._client.get(f"/api/v1{path}", **self._with_headers(options))

    def post(self, path: str, body: object = None, *, key: str = "", method: str = "POST", **options: Any) -> TestResponse:
        options.setdefault("headers", {}).setdefault("Idempotency-Key", key or f"test-key-{next(_numbers)}")
        return self._client.open(f"/api/v1{path}", method=method, json=body, **self._with_headers(options))

    def _with_headers(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "headers": {**self.headers, **options.get("headers", {})}}


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An empty site of the test's own."""
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys")
    yield site
    site.close()


@pytest.fixture
def staff(site: Site) -> Staff:
    """One person for each role."""
    return Staff(site)


@pytest.fixture
def app(site: Site) -> Flask:
    """The API alone, without any page."""
    app = Flask("tests")
    register(app, site)
    return app


@pytest.fixture
def nobody(app: Flask) -> Client:
    """A client that has not signed in."""
    return Client(app)


@pytest.fixture
def as_role(app: Flask, staff: Staff) -> Callable[[str], Client]:
    """A client signed in as the person who holds a role."""

    def signed_in(role: str) -> Client:
        someone = staff[role]
        opened = Client(app).post("/session", {"login": someone.login, "password": someone.password})
        assert opened.status_code == 201, opened.get_data(as_text=True)
        return Client(app, opened.get_json()["token"])

    return signed_in
