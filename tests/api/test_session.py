"""Sessions over the API: both components open one, and everything that must end one does so at once."""

from __future__ import annotations

import pytest

from engine import passwords, sign_in
from engine.actions import people
from engine.site import Site
from engine.transaction import SYSTEM, perform
from tests.api.conftest import AsRole, Client
from tests.people import FIRST_PASSWORD, PASSWORD, Staff


def test_the_operator_signs_in_and_is_known_with_her_role(as_role: AsRole) -> None:
    caller = as_role("MFG_OP").get("/session").get_json()
    assert (caller["full_name"], caller["roles"]) == ("Operator One", ["MFG_OP"])


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(staff: Staff, nobody: Client) -> None:
    wrong = nobody.post("/session", {"login": staff["MFG_OP"].login, "password": "wrong"})
    unknown = nobody.post("/session", {"login": "nobody.here", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.get_json()["detail"] == unknown.get_json()["detail"]


@pytest.mark.requirement("P11-33")
def test_the_fifth_wrong_password_locks_the_account(staff: Staff, nobody: Client) -> None:
    for _ in range(5):
        assert nobody.post("/session", {"login": staff["MFG_OP"].login, "password": "wrong"}).status_code == 401
    assert nobody.post("/session", {"login": staff["MFG_OP"].login, "password": PASSWORD}).status_code == 401


def test_a_token_ends_with_the_session(as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    assert operator.post("/session", method="DELETE").status_code == 200
    assert operator.get("/session").status_code == 401


@pytest.mark.requirement("P11-32")
def test_a_leaver_is_out_with_the_next_request(site: Site, as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    perform(
        site,
        people.deactivate_person,
        actor=SYSTEM,
        stream="person:mfg.op",
        person_id="mfg.op",
        reason="Left us.",
    )
    assert operator.get("/session").status_code == 401


def test_a_revoked_role_counts_from_the_next_request_on(site: Site, as_role: AsRole) -> None:
    operator = as_role("MFG_OP")
    perform(
        site, people.revoke_role, actor=SYSTEM, stream="person:mfg.op", person_id="mfg.op", role="MFG_OP",
        reason="Moved to another team.",
    )  # fmt: skip
    assert operator.get("/session").get_json()["roles"] == []


def test_a_forged_or_foreign_token_is_worth_nothing(as_role: AsRole, nobody: Client) -> None:
    token = as_role("MFG_OP").headers["Authorization"]
    for forged in (token[:-2], token.replace("Bearer ", "Bearer x"), "Bearer", "Bearer .", "Device x:y", "Basic eDp5"):
        assert nobody.get("/session", headers={"Authorization": forged}).status_code == 401


def test_the_first_password_opens_only_the_way_to_another(site: Site, staff: Staff, nobody: Client) -> None:
    passwords.set_cost(passwords.CHEAP)
    chosen = sign_in.first_password("new.op", "New Operator", FIRST_PASSWORD)
    perform(
        site, people.create_person, actor=SYSTEM, stream="person:new.op", login="new.op", full_name="New Operator",
        chosen=chosen, identity_verified={"by": "HR", "how": "passport", "on": "2026-01-02"},
    )  # fmt: skip
    opened = nobody.post("/session", {"login": "new.op", "password": FIRST_PASSWORD}).get_json()
    assert opened["password_expired"]
    assert nobody.get("/session", headers={"Authorization": f"Bearer {opened['token']}"}).status_code == 401
    changed = nobody.post(
        "/session/password", {"login": "new.op", "password": FIRST_PASSWORD, "new_password": PASSWORD}
    ).get_json()
    assert nobody.get("/session", headers={"Authorization": f"Bearer {changed['token']}"}).status_code == 200


def test_a_weak_password_is_refused_with_every_reason(staff: Staff, nobody: Client) -> None:
    refused = nobody.post(
        "/session/password", {"login": staff["MFG_OP"].login, "password": PASSWORD, "new_password": "operator1"}
    )
    assert refused.status_code == 422
    assert len(refused.get_json()["problems"]) >= 2
