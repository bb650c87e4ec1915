"""Recorded text to typed value and back: one pair of functions, so that what is judged is what is stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import forms.field
from bpmn.expressions import Value
from engine import clock


def typed(parameter_type: str, text: str) -> Value | None:
    """The value of a stored canonical text; None for a value that is recorded as not obtained."""
    if text == "":
        return None
    if parameter_type in ("num", "int"):
        return Decimal(text)
    if parameter_type == "bool":
        return text == "true"
    if parameter_type == "date_time":
        return clock.parse(text)
    return text


def canonical(value: Value) -> str:
    """The text a value is stored as: digits as they are, `true`/`false`, instants in UTC."""
    if isinstance(value, timedelta):
        raise TypeError("a duration is not stored as a parameter value")
    return forms.field.canonical(value)


def tagged(value: Value) -> list[str]:
    """A routing value for the journal, with its type: `["num", "1.0e8"]`."""
    if isinstance(value, bool):
        return ["bool", canonical(value)]
    if isinstance(value, Decimal):
        return ["num", canonical(value)]
    if isinstance(value, datetime):
        return ["date_time", canonical(value)]
    return ["text", canonical(value)]


def untagged(pair: list[str]) -> Value:
    """The routing value of a journal entry."""
    value = typed(pair[0], pair[1])
    return "" if value is None else value
