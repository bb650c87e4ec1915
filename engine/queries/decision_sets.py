"""Signed decisions about running batches: which still wait for somebody, and how far they have been applied."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bpmn.vocabulary import MEANINGS
from engine.actions.open_batches import QUALITY
from engine.actor import Actor
from engine.queries.open_batches import roles_open
from engine.reader import Reader
from engine.records import Change, DecisionSet, OpenBatchDecision, Person, Signature
from engine.scope import Row
from engine.site import Site


def decisions_waiting(site: Site, actor: Actor) -> list[dict[str, Any]]:
    """Decisions on running batches that wait for a signature which this person may give, oldest first."""
    with site.read() as reader:
        waiting = {row["set_id"] for row in reader.rows(OpenBatchDecision, state="SIGNING")}
        sets = [reader.get(DecisionSet, id=set_id) for set_id in waiting]
        shown = [decision_set(reader, row, actor) for row in sorted(sets, key=lambda row: (row["at"], row["id"]))]
        return [
            row | {"change": reader.get(Change, id=row["change_id"])}
            for row in shown if row["mine"]
        ]  # fmt: skip


def decision_sets(reader: Reader, change_id: str, actor: Actor) -> list[dict[str, Any]]:
    """Every decision that was proposed in a change, oldest first: who signed, who has still to, whether that is `mine`."""
    rows = sorted(reader.rows(DecisionSet, change_id=change_id), key=lambda row: (row["at"], row["id"]))
    return [decision_set(reader, row, actor) for row in rows]


def decision_set(reader: Reader, row: Row, actor: Actor) -> dict[str, Any]:
    """One decision: its rows as they were signed, its signatures, and which role this person may sign it in (`role`)."""
    signatures = reader.rows(Signature, subject=f"decision_set:{row['id']}", order=("signed_at", "id"))
    missing = roles_open(reader, row)
    role = "" if actor.id in {s["person_id"] for s in signatures} else _own(missing, actor)
    decided = reader.rows(OpenBatchDecision, change_id=row["change_id"], set_id=row["id"])
    waits = any(r["state"] == "SIGNING" for r in decided)
    person = reader.find(Person, id=row["by"])
    return {
        "id": row["id"],
        "change_id": row["change_id"],
        "at": row["at"],
        "by": person["full_name"] if person else row["by"],
        "reason": row["reason"],
        "rows": [dict(zip(("batch", "item", "position", "decision"), r, strict=True)) for r in json.loads(row["rows"])],
        "signatures": [dict(s) | {"meaning_text": MEANINGS.get(s["meaning"], s["meaning"])} for s in signatures],
        "roles_open": list(missing) if waits else [],
        "role": role if waits else "",
        "mine": bool(role) and waits,
    }


def _own(wanted: Iterable[str], actor: Actor) -> str:
    """The role of these that a person has; quality is either of its two."""
    return next((r for r in wanted if (actor.roles & set(QUALITY) if r == "QA" else r in actor.roles)), "")


def applied(site: Site, change_id: str) -> dict[str, Any]:
    """How far the decisions that are taken have been applied, batch by batch: `done` of `of`, and a result for each row."""
    with site.read() as reader:
        rows = reader.rows(OpenBatchDecision, change_id=change_id)
    taken = [row for row in rows if row["state"] in ("DECIDED", "APPLIED", "REFUSED")]
    waiting = {row["batch_id"] for row in taken if row["state"] == "DECIDED"}
    batches = {row["batch_id"] for row in taken}
    return {
        "of": len(batches),
        "done": len(batches - waiting),
        "refused": sum(row["state"] == "REFUSED" for row in taken),
        "rows": sorted(taken, key=lambda row: (row["batch_id"], row["item"])),
    }
