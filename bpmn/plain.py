"""Our dataclasses as plain JSON values and back: what is stored in records, under the names of the fields.

Defaults are left out, so a field that comes later changes nothing that is stored.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class PlainValueError(ValueError):
    """Plain values that are none of ours. `reasons` names each place and what is wrong there."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(reasons))


def to_plain(value: Any) -> Any:
    """A dataclass as a dict, a tuple as a list, anything else as it is."""
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != f.default}
    return [to_plain(item) for item in value] if isinstance(value, tuple) else value


def from_plain(kind: type, data: Any) -> Any:
    """What `to_plain` was given. Raises PlainValueError with all reasons for what is no such thing."""
    reasons: list[str] = []
    value = _read(kind, data, kind.__name__, reasons)
    if reasons:
        raise PlainValueError(reasons)
    return value


def _read(kind: Any, data: Any, place: str, reasons: list[str]) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _fields(kind, data, place, reasons)
    if origin is tuple:
        if isinstance(data, list):
            return tuple(_read(arguments[0], item, f"{place}[{i}]", reasons) for i, item in enumerate(data))
        reasons.append(f"{place} is no list.")
    elif origin in (Union, types.UnionType):
        return None if data is None else _read(next(a for a in arguments if a is not type(None)), data, place, reasons)
    elif origin is Literal:
        if data in arguments and isinstance(data, str):
            return data
        reasons.append(f"{place} is none of {', '.join(filter(None, arguments))}.")
    elif type(data) is kind:  # true is no number here
        return data
    else:
        reasons.append(f"{place} is no {({str: 'text', int: 'whole number', bool: 'truth value'})[kind]}.")
    return None


def _fields(kind: Any, data: Any, place: str, reasons: list[str]) -> Any:
    if not isinstance(data, dict):
        reasons.append(f"{place} is no object.")
        return None
    hints = get_type_hints(kind)
    own = {f.name: f for f in fields(kind)}
    reasons += [f"{place} has no {name}." for name in data if name not in own]
    reasons += [f"{place}.{n} is missing." for n, f in own.items() if f.default is MISSING and n not in data]
    before = len(reasons)
    values = {name: _read(hints[name], data[name], f"{place}.{name}", reasons) for name in own if name in data}
    missing = any(f.default is MISSING and n not in data for n, f in own.items())
    return None if missing or len(reasons) > before else kind(**values)
