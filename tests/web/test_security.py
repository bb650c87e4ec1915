"""What every answer tells the browser to refuse, and that no route is open by oversight."""

from __future__ import annotations

import pytest

from bpmn.vocabulary import ROLES
from tests.web.conftest import PEOPLE, sign_in
from web.access import PUBLIC, SIGNED_IN


def pages_of(app):
    return [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(("/api/", "/static/"))]


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/connection", "/static/base.css"])
def test_only_our_own_scripts_run_and_nobody_frames_us(client, path):
    answer = client.get(path)
    answer.close()
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy


def test_pages_are_kept_in_no_cache_and_the_cookie_is_out_of_reach_of_scripts(client):
    answer = sign_in(client, "anna")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]


@pytest.mark.requirement("P11-07")
def test_every_route_names_a_role_and_the_public_ones_are_these(app):
    allowed: dict[str, set[str]] = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], "allowed", set()) for rule in pages_of(app)
    }
    assert [endpoint for endpoint, roles in allowed.items() if not roles] == []
    known = {*ROLES, PUBLIC, SIGNED_IN}
    assert all(roles <= known for roles in allowed.values())
    public = {endpoint for endpoint, roles in allowed.items() if PUBLIC in roles}
    assert public == {"session_page.form", "session_page.sign_in", "connection_page.show"}


@pytest.mark.requirement("P11-07")
def test_nobody_sees_a_page_without_signing_in(app, client):
    for rule in pages_of(app):
        if PUBLIC in app.view_functions[rule.endpoint].allowed:
            continue
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<path:{argument}>", "x").replace(f"<{argument}>", "x")
        for method in rule.methods & {"GET", "POST"}:
            assert client.open(path, method=method).status_code == 401, f"{method} {path}"


@pytest.mark.requirement("P11-07", "G-01")
@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_opens_or_is_refused_by_the_roles_it_names(app, client, login):
    sign_in(client, login)
    role = PEOPLE[login][1][0]
    for rule in pages_of(app):
        if rule.arguments or "GET" not in rule.methods or rule.endpoint == "session_page.form":
            continue
        allowed = app.view_functions[rule.endpoint].allowed
        expected = {200, 302} if allowed & {PUBLIC, SIGNED_IN, role} else {403}
        assert client.get(rule.rule).status_code in expected, rule.rule


def test_a_route_that_names_no_role_is_refused(app, client):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    sign_in(client, "petra")
    assert client.get("/forgotten").status_code == 403


@pytest.mark.requirement("N-06")
def test_an_attempt_without_the_right_is_refused_and_in_the_trail(client, app):
    sign_in(client, "anna")
    assert client.post("/equipment/new", data={"equipment_id": "B1"}).status_code == 403
    administrator = app.test_client()
    sign_in(administrator, "petra")
    assert "POST /equipment/new" in administrator.get("/health").text


def test_what_people_recorded_never_becomes_markup(client):
    sign_in(client, "sam")
    client.post("/equipment/new", data={"equipment_id": "B1", "equipment_class": "<script>alert(1)</script>"})
    assert "<script>alert" not in client.get("/equipment").text
    assert "&lt;script&gt;" in client.get("/equipment").text
