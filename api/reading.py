"""What a client sent, read strictly: nothing of it reaches an action unless the route's schema names it.

A body that is too large or too deeply nested, repeats a key or holds a number with a fraction (NaN and Infinity
included) is refused before it is looked at: recorded values travel as strings, digit for digit.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, NoReturn

import marshmallow as ma
from flask import Request, g
from webargs import core
from webargs.flaskparser import FlaskParser

from api.errors import Problem

MAX_BODY = 256 * 1024
"""Bytes of a request's body, unless the route says otherwise."""
MAX_DEPTH = 12
"""Levels of nesting; no schema of ours has more than four."""
MAX_INTEGER_DIGITS = 15
"""Python limits the digits of an integer it reads by raising ValueError; nobody needs more than a row counter."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class StrictParser(FlaskParser):
    """Reads bodies and query strings for the schemas; unknown names are refused everywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar[dict[str, str | None]] = {  # type: ignore[misc]
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "querystring": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body as an object; kept on `g` so that a refusal can hand a person's entries back."""
        body = req.get_data(cache=True)
        if not body.strip():
            return {}
        if not core.is_json(req.mimetype):
            raise Problem(415, detail=f"The body is {req.mimetype or 'of no named type'}; send application/json.")
        g.sent = read_object(body)
        return g.sent

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query as a mapping; a name given twice is refused, because only one of both would be used."""
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            raise Problem(
                422, problems=[{"field": name, "message": "is given more than once; give it once"} for name in repeated]
            )
        return req.args.to_dict()

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        """All problems at once, each at the field it belongs to."""
        messages = next(iter(error.messages.values()))  # type: ignore[union-attr]
        raise Problem(422, problems=list(_flat(messages)), detail="Some fields need another look.") from error


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises `Problem` 400 for what is no such object, 413 for one nested too deeply."""
    if _depth(body) > MAX_DEPTH:
        raise Problem(413, detail=f"The body is nested more than {MAX_DEPTH} levels deep.")
    try:
        value = json.loads(
            body.decode("utf-8"), parse_float=_no_fraction, parse_constant=_no_fraction, parse_int=_integer,
            object_pairs_hook=_unique,
        )  # fmt: skip
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Problem(400, detail=f"The body is no JSON text: {error}.") from error
    if not isinstance(value, dict):
        raise Problem(400, detail="The body is JSON, but no object.")
    return value


def _depth(body: bytes) -> int:
    """Deepest nesting, counted before parsing: the parser itself ends in RecursionError on a hostile body."""
    deepest = depth = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_fraction(text: str) -> NoReturn:
    raise Problem(400, detail=f"The body holds the number {text[:40]}; values are sent as strings, digit for digit.")


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise Problem(400, detail=f"The body holds a number of {len(text)} digits; send values as strings.")
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Problem(400, detail=f"The name {twice[:40]!r} stands twice in one object; only one of both could count.")
    return found


def _flat(messages: Any, path: str = "") -> Any:
    """marshmallow's nested messages as (field, message) pairs; `entries.viability` names a nested field."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            here = path if name == "_schema" or name in ("key", "value") else f"{path}.{name}" if path else str(name)
            yield from _flat(inner, here)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            if isinstance(message, dict | list):
                yield from _flat(message, path)
            else:
                yield {"field": path, "message": str(message)}
