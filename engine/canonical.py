"""Canonical JSON: one text for one value, so that a hash of the text is a hash of the value.

RFC 8785 for what records are made of: text, integers, truth, null, lists and objects. `json.dumps` with sorted keys
gives exactly that form as long as keys are ASCII (RFC 8785 sorts by UTF-16 units, Python by code points) and there are
no floats (whose shortest form is the hard part of the RFC). Both are refused here; numbers that people record are
text, digit for digit. Measured: 4 to 6 times faster than the general library, and equal to it (a property test).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from engine.errors import UnstorableTextError

MAX_INTEGER = 2**53 - 1

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> str:
    """The one text of `value`. Floats, large integers, non-ASCII keys and unpaired surrogates are refused."""
    plain(value)
    return _encode(value)


def fast_canonical(value: Any) -> str:
    """The same text for a value that is known to be plain already (rows that were checked column by column)."""
    return _encode(value)


def plain(value: Any) -> None:
    """Refuse what has no canonical form, with the reason."""
    kind = type(value)
    if kind is str:
        if not value.isascii():
            check_text(value)
        elif "\x00" in value:
            raise UnstorableTextError("It contains a NUL character.")
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"{value} is beyond the integers that every JSON reader keeps: carry it as text")
    elif value is None or kind is bool:
        return
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise ValueError(f"a key of a record must be ASCII text, not {key!r}")
            plain(inner)
    elif kind is list or kind is tuple:
        for inner in value:
            plain(inner)
    elif isinstance(value, Mapping):
        raise TypeError("an object of a record must be a plain dict")
    else:
        raise TypeError(f"a record can't hold a {kind.__name__}: {value!r}")


def check_text(text: str) -> None:
    """Refuse text that one of the databases, or UTF-8 itself, could not give back unchanged."""
    if "\x00" in text:
        raise UnstorableTextError("It contains a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnstorableTextError("It contains half of a character.") from error


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, in hex."""
    return sha256(canonical(value))


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
