"""Refusals: every one of the API is a problem document, and every refusal of the engine has its status."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from api import errors
from engine import errors as engine_errors

REFUSALS = [
    kind
    for _, kind in inspect.getmembers(engine_errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == engine_errors.__name__
]


@pytest.fixture
def client() -> FlaskClient:
    """An application whose pages answer refusals in HTML, with a few routes of both kinds."""
    app = Flask(__name__)
    app.secret_key = "test"
    app.errorhandler(404)(lambda error: ("<h1>Page not found</h1>", 404))
    app.errorhandler(HTTPException)(lambda error: ("<h1>Refused</h1>", error.code))
    errors.install(app)

    @app.get("/api/v1/fault")
    def fault() -> str:
        raise ZeroDivisionError("the secret is 42")

    @app.get("/api/v1/stale")
    def stale() -> str:
        raise engine_errors.StaleRecordError("Task S01.")

    @app.get("/api/v1/unplugged")
    def unplugged() -> str:
        raise OperationalError("SELECT secret", {}, Exception("connection refused"))

    @app.post("/api/v1/large")
    def large() -> str:
        request.max_content_length = 10
        return str(len(request.get_data()))

    @app.get("/api/v1/abort/<int:status>")
    def aborted(status: int) -> str:
        abort(status)

    return app.test_client()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_of_the_engine_has_a_status(refusal: type[Exception]) -> None:
    assert refusal in errors.STATUS
    assert refusal.__doc__, "its docstring is the message that people read"


@pytest.mark.parametrize("status", sorted(set(errors.HTTP) - {401, 500, 503}))
def test_a_refusal_of_http_is_a_problem(client: FlaskClient, status: int) -> None:
    response = client.get(f"/api/v1/abort/{status}")
    assert response.status_code == status
    assert response.mimetype == errors.MIMETYPE
    assert response.get_json()["type"] == f"urn:batchwright:problem:{errors.HTTP[status][0]}"


def test_an_unknown_address_is_a_problem_in_the_api_and_a_page_elsewhere(client: FlaskClient) -> None:
    assert client.get("/api/v1/nothing").get_json()["status"] == 404
    assert client.get("/nothing").get_data(as_text=True) == "<h1>Page not found</h1>"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.post("/api/v1/stale")
    assert response.get_json()["status"] == 405
    assert "GET" in response.headers["Allow"]


def test_a_fault_tells_the_caller_nothing_of_its_cause(client: FlaskClient) -> None:
    response = client.get("/api/v1/fault")
    assert response.status_code == 500
    assert response.mimetype == errors.MIMETYPE
    assert "42" not in response.get_data(as_text=True)


def test_a_database_that_does_not_answer_is_no_fault_of_the_request(client: FlaskClient) -> None:
    response = client.get("/api/v1/unplugged")
    assert (response.status_code, response.get_json()["type"]) == (503, "urn:batchwright:problem:database-unavailable")
    assert "secret" not in response.get_data(as_text=True)


def test_a_stale_record_says_what_to_do(client: FlaskClient) -> None:
    problem = client.get("/api/v1/stale").get_json()
    assert (problem["status"], problem["type"]) == (409, "urn:batchwright:problem:stale-record")
    assert "Look at it again" in problem["detail"]
    assert "Task S01." in problem["detail"]


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    assert client.post("/api/v1/large", data=b"x" * 11).get_json()["status"] == 413
