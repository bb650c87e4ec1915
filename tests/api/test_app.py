"""The API as a whole: what it says of itself, and that nothing of it is open by accident."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from api import errors
from api.auth import DEVICE, PUBLIC, SIGNED_IN, allow
from api.fields import Nothing
from api.resource import Resource
from bpmn.vocabulary import ROLES
from tests.api.conftest import AsRole, Client, one_database

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def routes(app: Flask) -> list[tuple[str, str, frozenset[str]]]:
    """Every method and route of the API with the roles that its function names."""
    return [
        (method, rule.rule, getattr(app.view_functions[rule.endpoint], "allowed", frozenset()))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in sorted((rule.methods or set()) & METHODS)
    ]


@pytest.mark.requirement("P11-07")
@one_database
def test_every_route_names_its_roles(app: Flask) -> None:
    for method, rule, allowed in routes(app):
        assert allowed, f"{method} {rule} names no role"
        assert allowed <= set(ROLES) | {PUBLIC, SIGNED_IN, DEVICE}


def test_a_route_without_roles_can_not_be_written() -> None:
    noun = Resource("nothing", "Nothing")
    with pytest.raises(TypeError, match="names no role"):
        noun.reads("/nothing", Nothing)(dict)
    with pytest.raises(TypeError):
        allow("EVERYBODY")


def test_a_route_that_slipped_in_beside_the_rules_is_refused(app: Flask) -> None:
    app.add_url_rule("/api/v1/slipped", view_func=lambda: {"open": True}, endpoint="slipped")
    assert Client(app).get("/slipped").status_code == 401


def test_only_the_description_and_the_session_are_public(app: Flask) -> None:
    public = {rule.removeprefix("/api/v1") for _, rule, allowed in routes(app) if PUBLIC in allowed}
    assert public == {"/openapi.json", "/docs", "/session", "/session/password", "/health"}


@pytest.mark.requirement("P11-07")
@one_database
def test_nobody_gets_anything_without_signing_in(app: Flask, nobody: Client) -> None:
    for method, rule, allowed in routes(app):
        if PUBLIC not in allowed:
            path = re.sub(r"<[^>]+>", "X", rule).removeprefix("/api/v1")
            answer = nobody.get(path) if method == "GET" else nobody.post(path, {}, method=method)
            assert answer.status_code == 401, f"{method} {rule}"
            assert answer.mimetype == errors.MIMETYPE


@pytest.mark.requirement("P11-07")
@one_database
def test_each_role_reaches_its_routes_and_no_other(app: Flask, as_role: AsRole) -> None:
    for role in ROLES:
        caller = as_role(role)
        for method, rule, allowed in routes(app):
            path = re.sub(r"<[^>]+>", "X", rule).removeprefix("/api/v1")
            # A body that is no object is refused after the right was checked and before anything is done.
            answer = caller.get(path) if method == "GET" else caller.post(path, [], method=method)
            kind = (answer.get_json(silent=True) or {}).get("type", "")
            refused = answer.status_code == 403 and kind == "urn:batchwright:problem:not-allowed"
            assert refused == (not allowed & {role, SIGNED_IN, PUBLIC}), f"{role} {method} {rule}: {answer.status_code}"


@one_database
def test_the_document_is_openapi_3_1_and_says_how_refusals_look(nobody: Client) -> None:
    document = nobody.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert operation["summary"], f"{method} {path}"
                for status, response in operation["responses"].items():
                    content = response.get("content") or _resolved(document, response).get("content", {})
                    assert (errors.MIMETYPE in content) == (int(status) >= 400), f"{method} {path} {status}"


def test_the_page_of_the_description_runs_no_inline_script(nobody: Client) -> None:
    page = nobody.get("/docs").get_data(as_text=True)
    assert re.findall(r"<script[^>]*>", page) == re.findall(r"<script src=[^>]*>", page)
    assert "style=" not in page
    assert "//" not in re.sub(r"<!doctype[^>]*>", "", page), "nothing is loaded from elsewhere"


def test_answers_are_kept_in_no_cache(nobody: Client) -> None:
    assert nobody.get("/session").headers["Cache-Control"] == "no-store"


def _resolved(document: dict, response: dict) -> dict:
    name = response["$ref"].rpartition("/")[2]
    return document["components"]["responses"][name]
