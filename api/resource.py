"""A noun's routes: `reads` answers with one query, `acts` does one action; both check the caller before the content.

`acts` asks for an `Idempotency-Key`, so that a client whose connection was cut may send the same request again and
gets the stored answer instead of a second act (reliability: a naive retry after COMMIT doubled 107 of 107 acts).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Response, current_app, g, jsonify, request
from flask_smorest import Blueprint

from api.errors import Problem
from api.fields import MAX_COUNT, Nothing
from api.reading import MAX_BODY, StrictParser
from engine.site import Site
from engine.transaction import perform

View = Callable[..., Any]

_KEY = re.compile(r"[A-Za-z0-9._:-]{8,100}")
_VERSION = re.compile(r'(?:W/)?"([0-9]{1,10})(?:\.[0-9a-f]{1,64})?"')


class Resource(Blueprint):
    """The routes of one noun, with their place in the OpenAPI document."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix="/api/v1", description=description)

    def reads(
        self, path: str, answer: type[ma.Schema] | None, *, query: type[ma.Schema] | None = None, etag: bool = False,
        content_type: str = "application/json",
    ) -> Callable[[View], View]:  # fmt: skip
        """A GET route. `etag`: the answer carries one, made of its `version` if it has one, and of its content."""

        def decorate(view: View) -> View:
            @wraps(view)
            def read(*arguments: Any, **where: Any) -> Response:
                return _answer(view(*arguments, **where), etag)

            inner = self.arguments(query, location="query")(read) if query else read
            refused = (401, 403, 404, 422) if query else (401, 403, 404)
            if etag:
                inner = self.alt_response(304, "NOT_MODIFIED")(inner)
            return self._route(path, "GET", inner, answer, 200, refused, content_type)

        return decorate

    def acts(
        self, path: str, body: type[ma.Schema], answer: type[ma.Schema], *, status: int = 200, keyed: bool = True,
        method: str = "POST", max_body: int = MAX_BODY,
    ) -> Callable[[View], View]:  # fmt: skip
        """A route that changes the record. `keyed`: refused without an Idempotency-Key. `max_body`: bytes."""

        def decorate(view: View) -> View:
            @wraps(view)
            def act_once(*arguments: Any, **where: Any) -> Response:
                g.idempotency_key = _idempotency_key(keyed)
                response = _answer(view(*arguments, **where), False)
                response.status_code = status
                return response

            inner = self.arguments(body, location="json", required=body is not Nothing)(act_once)
            inner = self.doc(parameters=[_KEY_HEADER | {"required": keyed}, *_if_match(body)])(inner)
            inner.max_body = max_body
            return self._route(path, method, inner, answer, status, (400, 401, 403, 404, 409, 412, 413, 415, 422))

        return decorate

    def _route(
        self, path: str, method: str, view: View, answer: type[ma.Schema] | None, status: int, refused: tuple[int, ...],
        content_type: str = "application/json",
    ) -> View:  # fmt: skip
        allowed: frozenset[str] = getattr(view, "allowed", frozenset())
        if not allowed:
            raise TypeError(f"{method} {path} names no role; put @allow(...) right above the function")
        view = self.doc(security=_credentials(allowed), **{"x-roles": sorted(allowed)})(view)
        for code in refused:
            view = self.alt_response(code, HTTPStatus(code).name)(view)
        view = self.response(status, answer or {"type": "string"}, content_type=content_type)(view)
        self.route(path, methods=[method])(view)
        return view


def site() -> Site:
    """The site that this process serves."""
    return current_app.extensions["batchwright"]


def act(action: Callable[..., dict], *, stream: str, **arguments: Any) -> dict:
    """Let the caller do one thing, once, whole or not at all; the answer is what the record says was answered."""
    key = g.idempotency_key and f"{g.actor.id}:{g.idempotency_key}"
    return perform(site(), action, actor=g.actor, stream=stream, idempotency_key=key, source=g.source, **arguments)


def expected_version(body: dict) -> int | None:
    """The version that the caller has seen, from `If-Match` or the body; from the header, a refusal is 412."""
    header = request.headers.get("If-Match")
    if header is None:
        return body.pop("version", None)
    found = _VERSION.fullmatch(header.strip())
    if not found or int(found[1]) > MAX_COUNT:
        raise Problem(412, detail="If-Match holds no version that this record ever had.")
    body.pop("version", None)
    g.precondition = True
    return int(found[1])


def _answer(answer: Any, etag: bool) -> Response:
    if isinstance(answer, Response):
        return answer
    response = jsonify(answer)
    if etag:
        # A task's version does not count what is recorded at it, so the tag names version and content.
        content = hashlib.sha256(response.get_data()).hexdigest()[:16]
        response.set_etag(f"{answer['version']}.{content}" if "version" in answer else content)
        response.make_conditional(request)
    return response


def _idempotency_key(required: bool) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None and not required:
        return None
    if key is None:
        raise Problem(
            400, "idempotency-key-missing", "An Idempotency-Key is needed",
            "Send a fresh random Idempotency-Key with each act, and the same one when you send the same act again.",
        )  # fmt: skip
    if not _KEY.fullmatch(key):
        raise Problem(400, detail="An Idempotency-Key has 8 to 100 letters, digits and . _ : -")
    return key


def _credentials(allowed: frozenset[str]) -> list[dict[str, list]]:
    """How a caller of a route proves who it is, in the words of the OpenAPI document."""
    if "PUBLIC" in allowed:
        return []
    return [{"device": []}] if "DEVICE" in allowed else [{"person": []}]


_KEY_HEADER = {
    "in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "pattern": f"^{_KEY.pattern}$"},
    "description": "Fresh and random for each act; the same again to repeat a request whose answer was lost.",
}  # fmt: skip


def _if_match(body: type[ma.Schema]) -> list[dict]:
    if "version" not in body().fields:
        return []
    return [{
        "in": "header", "name": "If-Match", "required": False, "schema": {"type": "string"},
        "description": "The ETag you have seen, instead of the body's `version`: 412 when the record changed since.",
    }]  # fmt: skip
