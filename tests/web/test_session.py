"""Sessions on the pages: signing in, locking, coming back, taking over."""

from __future__ import annotations

import re

import pytest

from engine.queries.people import person
from tests.web.conftest import FIRST, OWN, hire, sign_in
from web.app import create_app


def hidden(page, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    return found[1].replace("&#34;", '"').replace("&amp;", "&") if found else ""


def test_anna_signs_in_and_is_named_on_every_page(client):
    assert sign_in(client, "anna").status_code == 302
    page = client.get("/account")
    assert "Anna Operator" in page.text
    assert "Europe/Berlin" in page.text


def test_a_wrong_password_says_so_once_at_the_field_and_keeps_the_login(client):
    answer = sign_in(client, "anna", "wrong")
    assert answer.status_code == 401
    assert "There is a problem" in answer.text
    assert 'value="anna"' in answer.text
    assert "wrong" not in answer.text.replace("wrong passwords", "").replace("wrong attempts", "").replace('"field wrong"', "")


def test_without_a_session_a_page_shows_the_sign_in_form_and_then_goes_there(client):
    asked = client.get("/equipment")
    assert (asked.status_code, hidden(asked, "then")) == (401, "/equipment")
    assert sign_in(client, "anna", then="/equipment").location == "/equipment"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "/a\nb"])
def test_after_signing_in_nobody_is_sent_to_another_site(client, elsewhere):
    assert sign_in(client, "anna", then=elsewhere).location == "/"


@pytest.mark.requirement("P11-29")
def test_a_locked_station_shows_nothing_until_both_components_are_given_again(client):
    sign_in(client, "anna")
    client.post("/lock", data={"next": "/account"})
    locked = client.get("/account")
    assert locked.status_code == 401
    assert "locked for <strong>Anna Operator" in locked.text
    assert sign_in(client, "anna", then="/account").location == "/account"
    assert client.get("/account").status_code == 200


@pytest.mark.requirement("P11-29", "D11-10")
def test_an_idle_session_locks_by_itself_and_background_requests_do_not_keep_it_open(client):
    sign_in(client, "sam")
    with client.session_transaction() as kept:
        kept["seen"] -= client.application.config["LOCK_AFTER_SECONDS"] - 5
    assert not client.get("/connection").json["locked"]
    with client.session_transaction() as kept:
        kept["seen"] -= 10
    assert client.get("/connection").json["locked"]
    assert client.get("/equipment").status_code == 401


@pytest.mark.requirement("P11-29")
def test_a_list_that_looks_again_by_itself_does_not_keep_an_idle_session_open(client):
    sign_in(client, "sam")
    with client.session_transaction() as kept:
        kept["seen"] -= client.application.config["LOCK_AFTER_SECONDS"] - 5
    assert client.get("/tasks", headers={"HX-Request": "true"}).status_code == 200
    with client.session_transaction() as kept:
        kept["seen"] -= 10
    assert client.get("/tasks", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/tasks").status_code == 401


def test_what_was_typed_into_a_locked_page_is_back_after_signing_in_and_was_not_recorded(client, small_site):
    sign_in(client, "sam")
    with client.session_transaction() as kept:
        kept["seen"] = 0
    locked = client.post("/equipment/new", data={"equipment_id": "BAL-01", "equipment_class": "balance", "password": "x"})
    assert locked.status_code == 401
    assert "password" not in hidden(locked, "draft")
    back = sign_in(client, "sam", then="/equipment/new", draft=hidden(locked, "draft"))
    assert 'value="BAL-01"' in back.text
    assert "Nothing of it has been recorded yet" in back.text
    assert "BAL-01" not in client.get("/equipment").text


def test_another_person_takes_over_the_station_with_an_empty_page(client):
    sign_in(client, "sam")
    client.post("/lock")
    answer = sign_in(client, "quinn", then="/equipment/new", draft='{"equipment_id": ["BAL-01"]}')
    assert answer.location == "/"
    assert "BAL-01" not in client.get("/equipment/new").text


@pytest.mark.requirement("N-02")
def test_signing_in_elsewhere_ends_the_session_here(app):
    here, there = app.test_client(), app.test_client()
    sign_in(here, "anna")
    sign_in(there, "anna")
    assert here.get("/account").status_code == 401
    assert there.get("/account").status_code == 200


@pytest.mark.requirement("P11-29")
def test_a_kept_cookie_opens_nothing_after_sign_out_or_lock(app):
    for ending in ("/lock", "/sign-out"):
        client, thief = app.test_client(), app.test_client()
        sign_in(client, "anna")
        cookie = client.get_cookie("batchwright")
        thief.set_cookie("batchwright", cookie.value)
        assert thief.get("/account").status_code == 200
        client.post(ending)
        assert thief.get("/account").status_code == 401


@pytest.mark.requirement("P11-32")
def test_a_right_revoked_counts_from_the_next_request_on(client, app):
    sign_in(client, "quinn")
    assert client.get("/health").status_code == 200
    administrator = app.test_client()
    sign_in(administrator, "petra")
    administrator.post("/people/quinn", data={"do": "revoke", "role_taken": "QA_FLR", "reason_revoke": "moved"})
    assert client.get("/health").status_code == 403


@pytest.mark.requirement("P11-20", "P11-30")
def test_a_new_person_first_chooses_a_password_then_accepts_the_statement(client, small_site):
    hire(small_site, "nina", "Nina New", ("MFG_OP",), ready=False)
    assert sign_in(client, "nina", FIRST).status_code == 302
    assert client.get("/equipment").location == "/account/password"
    chosen = {"password": FIRST, "new_password": OWN, "repeated": OWN}
    assert client.post("/account/password", data=chosen).status_code == 302
    assert client.get("/equipment").location == "/account/statement"
    assert client.post("/account/statement", data={"password": OWN}).status_code == 302
    assert client.get("/equipment").status_code == 200
    assert (person(small_site, "nina") or {})["accepted_esig_at"]


def test_a_weak_or_mistyped_new_password_is_refused_at_its_field(client):
    sign_in(client, "anna")
    for sent, word in (
        ({"password": OWN, "new_password": "short", "repeated": "short"}, "at least 12"),
        ({"password": OWN, "new_password": "Silver-Lantern-3", "repeated": "Silver-Lantern-4"}, "differ"),
        ({"password": "wrong", "new_password": "Silver-Lantern-3", "repeated": "Silver-Lantern-3"}, "not your present"),
        ({}, "Enter your present password"),
    ):
        answer = client.post("/account/password", data=sent)
        assert answer.status_code == 422
        assert word in answer.text


def test_too_many_attempts_from_one_address_have_to_wait(small_site):
    client = create_app(small_site, SIGN_IN_LIMIT="3 per minute", WTF_CSRF_ENABLED=False).test_client()
    assert [sign_in(client, "nobody", "x").status_code for _ in range(4)] == [401, 401, 401, 429]


def test_a_form_without_its_token_is_refused_and_its_entry_kept(small_site):
    client = create_app(small_site, SIGN_IN_LIMIT="").test_client()
    page = client.get("/sign-in")
    sign_in(client, "sam", csrf_token=hidden(page, "csrf_token"))
    assert client.get("/account").status_code == 200
    answer = client.post("/equipment/new", data={"equipment_id": "BAL-01", "equipment_class": "balance"})
    assert 'value="BAL-01"' in answer.text
    assert client.get("/equipment/BAL-01").status_code == 404
