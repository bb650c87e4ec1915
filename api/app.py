"""The JSON API as a part of a Flask application: its resources, its description, its refusals."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request
from flask_smorest import Api
from werkzeug.routing import BaseConverter

from api import errors, fields
from api.auth import PUBLIC, allow, guard
from api.resource import Resource
from api.resources import RESOURCES
from engine.site import Site
from engine.transaction import Actor

ROOT = "/api/v1"

DESCRIPTION = """Run batches of clinical products and read their records.

Every refusal is an RFC 9457 problem (`application/problem+json`). Every act takes an `Idempotency-Key`: sent again
with the same content it gets the stored answer. Recorded values are strings, digit for digit; instants carry their
offset. Long lists come in pages: pass `next` of one page as `after` of the following one."""


def register(app: Flask, site: Site, page_actor: Callable[[], Actor | None] | None = None) -> None:
    """Add the API to an application.

    `page_actor` tells who is signed in on the pages, whose session the API then accepts beside its own.
    """
    app.extensions["batchwright"] = site
    app.extensions["batchwright-page-actor"] = page_actor
    app.secret_key = app.secret_key or site.keys.seal("cookies", "the application's secret key")
    app.url_map.converters.update(name=NameConverter, key=KeyConverter)
    app.config.update(API_TITLE="Batchwright", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = DescribedApi(app, spec_kwargs={"info": {"description": DESCRIPTION}, "servers": [{"url": "/"}]})
    for converter in (NameConverter, KeyConverter):
        api.register_converter(converter, _describe_converter)
    for scheme, described in SECURITY.items():
        api.spec.components.security_scheme(scheme, described)
    errors.install(app)
    app.before_request_funcs.setdefault(None, []).insert(0, _guard_api)
    blueprints: list[Blueprint] = [_description(api), *RESOURCES]
    for blueprint in blueprints:
        if csrf := app.extensions.get("csrf"):
            csrf.exempt(blueprint)  # guard() asks for the token where the pages' session is used
        if isinstance(blueprint, Resource):
            api.register_blueprint(blueprint)
        else:
            app.register_blueprint(blueprint)
    app.after_request(_not_stored)


class NameConverter(BaseConverter):
    """An id that a person gave. Other characters never reach a query: a NUL makes PostgreSQL's driver fail."""

    regex = fields.NAME


class KeyConverter(BaseConverter):
    """The key of a task in its batch, like `S24[4]`."""

    regex = fields.KEY


class DescribedApi(Api):
    """flask-smorest's OpenAPI document with our refusals in it; its handlers would answer for the pages too."""

    ERROR_SCHEMA = errors.ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = ""

    def _register_error_handlers(self) -> None:
        """None: `errors.install` answers for the API only."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            content = {errors.MIMETYPE: {"schema": errors.ProblemSchema}} if status >= 400 else None
            response: dict[str, Any] = {"description": errors.HTTP.get(status, ("", status.phrase))[1]}
            self.spec.components.response(status.name, response | ({"content": content} if content else {}), lazy=True)


SECURITY = {
    "person": {"type": "http", "scheme": "bearer", "description": "The token that `POST /api/v1/session` gives."},
    "device": {
        "type": "apiKey", "in": "header", "name": "Authorization", "description": "`Device <equipment id>:<secret>`",
    },
}  # fmt: skip


def _describe_converter(converter: BaseConverter) -> dict:
    return {"type": "string", "pattern": f"^{converter.regex}$", "maxLength": 120}


def _description(api: Api) -> Blueprint:
    """The document and the page that shows it; public, because they hold nothing of any record."""
    described = Blueprint("api_description", __name__, url_prefix=ROOT, template_folder="templates")
    document: list[dict] = []

    @described.get("/openapi.json")
    @allow(PUBLIC)
    def openapi() -> dict:
        if not document:
            document.append(api.spec.to_dict())
        return document[0]

    @described.get("/docs")
    @allow(PUBLIC)
    def docs() -> str:
        return render_template("api/docs.html")

    return described


def _guard_api() -> None:
    if request.path.startswith("/api/") and request.url_rule is not None:
        guard()


def _not_stored(response: Response) -> Response:
    """Keep records out of every cache between us and the caller."""
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
