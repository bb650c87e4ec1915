"""How the site is: what stands still, who tried to get in, when the record was last sealed."""

from __future__ import annotations

import json
from typing import Any

from engine import clock
from engine.reader import Reader
from engine.site import Site

REFUSALS = ("password:refused", "person:locked", "session:refused", "signature:refused", "access:refused")
MOST = 50


def health(site: Site) -> dict[str, Any]:
    """The figures of the health page; every one is counted now.

    `incidents`: batches that stand still; `held`: on hold; `overdue`: due times that nobody told the engine of;
    `refusals`: the latest refused sign-ins and signatures, for the security role (21 CFR 11.300(d)).
    """
    now = clock.text(clock.now())
    with site.read() as reader:
        return {
            "database": "SQLite" if reader.is_sqlite else "PostgreSQL",
            "batches": dict(reader.fetch("SELECT state, COUNT(*) FROM batch WHERE kind = 'batch' GROUP BY state ORDER BY state")),
            "incidents": _named(reader, "SELECT id, incident FROM batch WHERE incident <> '' ORDER BY id"),
            "held": _named(reader, "SELECT id, held_reason FROM batch WHERE held = 1 ORDER BY id"),
            "overdue": _overdue(reader, now),
            "locked": _named(reader, "SELECT id, full_name FROM person WHERE state = 'locked' ORDER BY id"),
            "entries": reader.fetch("SELECT COALESCE(SUM(seq), 0) FROM stream")[0][0],
            "streams": reader.fetch("SELECT COUNT(*) FROM stream")[0][0],
            "checkpoint": _checkpoint(reader),
            "refusals": _refusals(reader),
        }


def _named(reader: Reader, statement: str) -> list[dict[str, str]]:
    return [{"id": row[0], "why": row[1]} for row in reader.fetch(statement)]


def _overdue(reader: Reader, now: str) -> list[dict[str, str]]:
    statement = (
        "SELECT batch_id, ref, due_at FROM due_time WHERE state = 'waiting' "
        f"AND due_at < {reader.mark} ORDER BY due_at LIMIT {MOST}"
    )
    return [{"batch_id": row[0], "ref": row[1], "due_at": row[2]} for row in reader.fetch(statement, now)]


def _checkpoint(reader: Reader) -> dict[str, Any] | None:
    found = reader.fetch("SELECT seq, at, root FROM checkpoint ORDER BY seq DESC LIMIT 1")
    return dict(zip(("seq", "at", "root"), found[0], strict=True)) if found else None


def _refusals(reader: Reader) -> list[dict[str, Any]]:
    marks = ", ".join([reader.mark] * len(REFUSALS))
    statement = (
        f"SELECT at, tag, actor_id, actor_name, source, body FROM journal WHERE tag IN ({marks}) ORDER BY at DESC LIMIT {MOST}"
    )
    names = ("at", "tag", "actor_id", "actor_name", "source")
    return [
        {**dict(zip(names, row[:5], strict=True)), "data": json.loads(row[5])["data"]}
        for row in reader.fetch(statement, *REFUSALS)
    ]
