"""The audit trail of a batch in words, filtered by who, what, when and whether it is critical.

Source: draft Annex 11 12.4, 12.7; FDA data integrity Q7.
"""

from __future__ import annotations

import json
from typing import Any

from engine.reader import Reader
from engine.site import Site

COLUMNS = (
    "seq",
    "at",
    "zone",
    "simulated",
    "tag",
    "critical",
    "actor_id",
    "actor_name",
    "actor_role",
    "source",
    "body",
    "hash",
)


def audit_trail(
    site: Site,
    stream: str,
    *,
    who: str = "",
    what: str = "",
    since: str = "",
    until: str = "",
    critical: bool = False,
    after: int = 0,
    most: int = 200,
) -> list[dict[str, Any]]:
    """Entries of one stream after entry `after`, oldest first, at most `most` (1,000 at the outside)."""
    with site.read() as reader:
        return _entries(reader, stream, who, what, since, until, critical, after, min(most, 1000))


def _entries(
    reader: Reader, stream: str, who: str, what: str, since: str, until: str, critical: bool, after: int, most: int
) -> list[dict[str, Any]]:
    mark = reader.mark
    where, values = [f"stream = {mark}", f"seq > {mark}"], [stream, after]
    for condition, value in (
        (f"(actor_id = {mark} OR actor_name = {mark})", who),
        (f"tag LIKE {mark}", f"%{what}%" if what else ""),
        (f"at >= {mark}", since),
        (f"at <= {mark}", until),
    ):
        if value:
            where.append(condition)
            values += [value] * condition.count(mark)
    if critical:
        where.append(f"critical = {mark}")
        values.append(1)
    statement = f"SELECT {', '.join(COLUMNS)} FROM journal WHERE {' AND '.join(where)} ORDER BY seq LIMIT {mark}"
    return [_entry(dict(zip(COLUMNS, row, strict=True))) for row in reader.fetch(statement, *values, most)]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """One entry with what it says and what it wrote, old and new."""
    body = json.loads(row.pop("body"))
    changes = []
    for kind, table, *rest in body["writes"]:
        if kind == "insert":
            changes.append(
                {"table": table, "key": rest[0].get("id") or rest[0].get("key") or "", "new": rest[0], "old": {}}
            )
        else:
            key, changed = rest
            changes.append(
                {
                    "table": table,
                    "key": key.get("id") or key.get("key") or "",
                    "old": {name: pair[0] for name, pair in changed.items()},
                    "new": {name: pair[1] for name, pair in changed.items()},
                }
            )
    also = [{"tag": more["tag"], "data": more["data"], "critical": more["critical"]} for more in body.get("more", ())]
    return row | {"data": body["data"], "also": also, "changes": changes}
