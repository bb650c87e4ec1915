"""The frontier of a run as a few hundred bytes of JSON: a cache, never the record. A damaged one is refused."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bpmn.expressions import Value
from engine.errors import DamagedSnapshotError
from engine.workflow.instance import Frontier, Instance, Scope, Token
from engine.workflow.nodes import READY, STARTED, WAITING
from engine.workflow.specification import Specification

FORMAT = 1
_DIGEST = 16


def write(instance: Instance, recipe_hash: str) -> bytes:
    """The living tokens, scope by scope, and the routing values; preceded by a digest against damage."""
    body = json.dumps(
        {
            "format": FORMAT,
            "recipe": recipe_hash,
            "last_id": instance.last_id,
            "outcome": instance.outcome,
            "values": {name: _text(value) for name, value in instance.values.items()},
            "open": list(instance.items),
            "scopes": [_scope(scope) for scope in instance.frontiers()],
        },
        separators=(",", ":"),
    ).encode()
    return hashlib.sha256(body).hexdigest()[:_DIGEST].encode() + body


def read(data: bytes, specification: Specification, recipe_hash: str) -> Instance:
    """The instance that was written. Raises DamagedSnapshotError for anything else."""
    body = data[_DIGEST:]
    if hashlib.sha256(body).hexdigest()[:_DIGEST].encode() != data[:_DIGEST]:
        raise DamagedSnapshotError("its digest does not fit")
    try:
        return _restored(json.loads(body), specification, recipe_hash)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
        raise DamagedSnapshotError(f"{type(error).__name__}: {error}") from error


def _scope(scope: Frontier) -> list[Any]:
    tokens = [
        [t.id, t._parent, t.task_spec.name, t._state, t.internal_data]
        if t.internal_data
        else [t.id, t._parent, t.task_spec.name, t._state]
        for t in scope.tasks.values()
    ]
    return [scope.activity.id if isinstance(scope, Scope) else 0, tokens]


def _restored(kept: dict[str, Any], specification: Specification, recipe_hash: str) -> Instance:
    if kept["format"] != FORMAT or kept["recipe"] != recipe_hash:
        raise DamagedSnapshotError("it belongs to another recipe or release")
    instance = Instance(specification)
    for activity_id, tokens in kept["scopes"]:
        scope: Frontier = instance
        if activity_id:
            activity = instance.get_task_from_id(activity_id)
            scope = Scope(specification.scopes[activity.task_spec.spec], activity, instance)
            instance.subprocesses[activity_id] = scope
        for token_id, parent_id, name, state, *internal in tokens:
            _token(scope, token_id, parent_id, name, state, internal)
    instance.last_id = kept["last_id"]
    instance.outcome = kept["outcome"]
    instance.values = {name: _value(*text) for name, text in kept["values"].items()}
    instance.items = {key: instance.items[key] for key in kept["open"]}
    return instance


def _token(scope: Frontier, token_id: int, parent_id: int | None, name: str, state: int, internal: list[Any]) -> None:
    if state not in (WAITING, READY, STARTED):
        raise ValueError(f"{name} in state {state}")
    spec = scope.spec.task_specs[name]
    token = Token(scope, spec, scope.tasks.get(parent_id), state, token_id)
    token._parent = parent_id
    token.internal_data = internal[0] if internal else {}
    if state == spec.rests:
        scope.top_workflow.opened(token)


def _text(value: Value) -> list[str]:
    if isinstance(value, bool):
        return ["b", str(value)]
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, timedelta):
        return ["s", f"{value.days} {value.seconds} {value.microseconds}"]
    return ["d" if isinstance(value, Decimal) else "x", str(value)]


def _value(kind: str, text: str) -> Value:
    if kind == "b":
        return {"True": True, "False": False}[text]
    if kind == "t":
        return datetime.fromisoformat(text)
    if kind == "s":
        return timedelta(*map(int, text.split()))
    return {"d": Decimal, "x": str}[kind](text)
