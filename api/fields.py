"""The field types of the API's schemas: every string has a length, every number a bound, every instant an offset."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

import marshmallow as ma
from marshmallow import validate

NAME = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}"
"""Ids that people gave: batches, equipment, lots, logins, revisions."""
KEY = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(\[[0-9]{1,6}(\.[0-9]{1,6}){0,7}\])?"
"""A task of a batch: the step's id, in a loop with its iteration: `S24[4]`."""
ROW = r"[A-Za-z0-9][A-Za-z0-9._@+:/\[\]-]{0,159}"
"""Ids that the system gave to rows of the record."""
MAX_COUNT = 2**31 - 1

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_PRINTABLE = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*")


class Schema(ma.Schema):
    """A body or an answer: what it does not name is refused."""

    class Meta:
        unknown = ma.RAISE


class Text(ma.fields.String):
    """Words of a person. No control characters: a NUL ends the text in PostgreSQL, half a surrogate can't be stored."""

    def __init__(self, longest: int = 2000, *, shortest: int = 0, **options: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not _PRINTABLE.fullmatch(text):
            raise ma.ValidationError("holds characters that can't be shown; leave them out")
        return text


class Code(ma.fields.String):
    """A name made of plain letters, digits and a few signs."""

    def __init__(self, pattern: str = NAME, **options: Any) -> None:
        message = "is no such name: use letters, digits and . _ -"
        # `$` of a regular expression also matches before a last line feed; \Z means the same in no other dialect.
        options.setdefault("metadata", {})["pattern"] = f"^{pattern}$"
        super().__init__(validate=validate.Regexp(rf"^{pattern}$(?!\n)", error=message), **options)


class Count(ma.fields.Integer):
    """A row counter or a page size; larger numbers would overflow the database's driver.

    `as_text`: it comes in a query string, where everything is text.
    """

    def __init__(self, lowest: int = 0, highest: int = MAX_COUNT, *, as_text: bool = False, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=lowest, max=highest), **options)
        self._as_text = as_text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if self._as_text and isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            value = int(value)
        if type(value) is not int:
            raise ma.ValidationError("is no whole number")
        return value


class Instant(ma.fields.AwareDateTime):
    """An instant with its offset from UTC; an instant without one is refused, because nobody knows which it is.

    `as_text`: checked, and then kept as the person wrote it, because the record keeps that too.
    """

    def __init__(self, *, as_text: bool = False, **options: Any) -> None:
        super().__init__(format="iso", **options)
        self._as_text = as_text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ma.ValidationError("is no instant; write it like 2026-03-02T08:00:00Z")
        try:
            instant = super()._deserialize(value, attr, data, **options)
        except ma.ValidationError:
            raise ma.ValidationError("is no instant; write it like 2026-03-02T08:00:00Z") from None
        if not 2000 <= instant.year <= 2199:
            raise ma.ValidationError("lies outside the years 2000 to 2199")
        return value if self._as_text else instant.astimezone(UTC)


class Entries(ma.fields.Dict):
    """What a person typed: parameter id to text. Which ids there are and what each may hold is the step's to say."""

    def __init__(self, longest: int = 2000, names: str = KEY, **options: Any) -> None:
        super().__init__(
            keys=Code(names), values=Text(longest), validate=validate.Length(max=400, error="holds too many entries"),
            **options,
        )  # fmt: skip


class Nothing(Schema):
    """A request without content."""


def answer(name: str, /, **members: ma.fields.Field) -> type[ma.Schema]:
    """The schema of an answer, for the API's description. Every member named is always there; there may be more."""
    for member in members.values():
        member.required = member.required or member.metadata.get("optional") is None
    described = {**members, "Meta": type("Meta", (), {"unknown": ma.INCLUDE})}
    return type(name, (ma.Schema,), described)
