"""Long lists, a page at a time: what follows a key, in the order of the key. Rows as stored, JSON columns opened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_

from engine.queries import equipment, materials
from engine.records import Batch, Equipment, MaterialLot, RecipeRevision
from engine.records.base import Record
from engine.site import Site

Key = Sequence[Any] | None


def equipment_page(site: Site, after: Key, limit: int) -> list[dict[str, Any]]:
    """Equipment by number; `is_device` says whether it has credentials, which themselves are never shown."""
    return [equipment.described(row) for row in _after(site, Equipment, ("id",), after, limit)]


def lot_page(site: Site, after: Key, limit: int) -> list[dict[str, Any]]:
    """Material lots by number."""
    return [materials.described(row) for row in _after(site, MaterialLot, ("id",), after, limit)]


def revision_page(site: Site, after: Key, limit: int) -> list[dict[str, Any]]:
    """Revisions of recipes by id."""
    return _after(site, RecipeRevision, ("id",), after, limit)


def batch_page(site: Site, after: Key, limit: int, state: str = "") -> list[dict[str, Any]]:
    """Batches by id, of one state if given."""
    table = Batch.__table__
    wanted = [table.c.kind == "batch", *([table.c.state == state] if state else [])]
    return _after(site, Batch, ("id",), after, limit, *wanted, opened=("order_json",))


def _after(
    site: Site, record: type[Record], key: tuple[str, ...], after: Key, limit: int, *wanted: ColumnElement[bool],
    opened: tuple[str, ...] = (),
) -> list[dict[str, Any]]:  # fmt: skip
    table = record.__table__
    columns = [table.c[name] for name in key]
    query = select(table).where(*wanted).order_by(*columns).limit(limit)
    if after is not None and len(after) == len(key):
        query = query.where(tuple_(*columns) > tuple_(*(str(part) for part in after)))
    with site.engine.connect() as db:
        rows = [dict(row) for row in db.execute(query).mappings()]
    for row in rows:
        for name in opened:
            row[name] = json.loads(row[name])
    return rows
