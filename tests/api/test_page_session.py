"""The session of the pages also opens the API, but only to requests that our own pages send."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.site import Site
from tests.api.conftest import one_database
from tests.people import Staff
from web.app import create_app

pytestmark = one_database


@pytest.fixture
def app(site: Site) -> Flask:
    """Pages and API together, as they are served."""
    return create_app(site, SIGN_IN_LIMIT="")


@pytest.fixture
def browser(app: Flask, staff: Staff) -> FlaskClient:
    """The operator's browser, signed in on the pages."""
    client = app.test_client()
    token = csrf_token(client)
    someone = staff["MFG_OP"]
    form = {"csrf_token": token, "login": someone.login, "password": someone.password}
    assert client.post("/sign-in", data=form).status_code in (302, 303)
    return client


def csrf_token(client: FlaskClient, page: str = "/sign-in") -> str:
    text = client.get(page).get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    assert found, text[:500]
    return found[1]


LOT = {"lot_id": "LV-221", "material": "vector"}
KEY = {"Idempotency-Key": "key-of-the-page-1"}


def test_the_page_reads_the_api_with_its_session(browser: FlaskClient) -> None:
    assert browser.get("/api/v1/session").get_json()["id"] == "mfg.op"


def test_a_request_that_another_site_made_the_browser_send_is_refused(browser: FlaskClient) -> None:
    forged = browser.post("/api/v1/material-lots", json=LOT, headers=KEY)
    assert (forged.status_code, forged.get_json()["type"]) == (403, "urn:batchwright:problem:csrf")


def test_a_request_of_our_own_page_acts(browser: FlaskClient) -> None:
    page = browser.get("/account").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    answer = browser.post("/api/v1/material-lots", json=LOT, headers=KEY | {"X-CSRFToken": found[1]})
    assert answer.status_code == 201


def test_a_refusal_of_the_api_is_a_problem_and_one_of_the_pages_a_page(browser: FlaskClient) -> None:
    assert browser.get("/api/v1/nothing").mimetype == "application/problem+json"
    assert browser.get("/nothing").mimetype == "text/html"


def test_the_description_is_shown_under_the_policy_of_the_pages(browser: FlaskClient) -> None:
    page = browser.get("/api/v1/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
