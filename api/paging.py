"""Long lists come in pages: `after` is the place where the last page ended, not a count, so nothing is skipped or
shown twice when rows are added between two pages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

import marshmallow as ma

from api.fields import Count, Schema

LARGEST_PAGE = 200


class Cursor(ma.fields.String):
    """Where a page ended: the last row's key, opaque to the client."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            key = json.loads(base64.urlsafe_b64decode(text[:400].encode()))
        except (binascii.Error, ValueError, UnicodeError, RecursionError):
            key = None
        if not isinstance(key, list) or not 1 <= len(key) <= 3 or not all(_storable(part) for part in key):
            raise ma.ValidationError("is no place that an earlier page gave")
        return key


class PageQuery(Schema):
    """Which part of a long list."""

    limit = Count(1, LARGEST_PAGE, as_text=True, load_default=50)
    after = Cursor(load_default=None, metadata={"maxLength": 400, "description": "`next` of the page before"})


def page(rows: Sequence[dict], limit: int, key: Callable[[dict], list]) -> dict:
    """One page out of up to `limit + 1` rows; `next` is null on the last page."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return {"items": items, "next": encode(key(items[-1])) if more else None}


def encode(key: list) -> str:
    """The cursor that names a row's key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _storable(part: Any) -> bool:
    if isinstance(part, str):
        return len(part) <= 200 and "\0" not in part and part.isprintable()
    return isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 2**31
