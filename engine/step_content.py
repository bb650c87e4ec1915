"""What a signature of a step is bound to: exactly what the person saw, as one canonical text.

Source: 21 CFR 11.70, Annex 11 s.14.
"""

from __future__ import annotations

import json
from typing import Any

from engine.batch_record import BatchRecord
from engine.canonical import canonical, sha256
from engine.change_facts import change_facts
from engine.queries.counts import review_counts
from engine.records import Scan
from engine.revision_facts import revision_facts
from engine.scope import Row

REVIEWS = frozenset({"production_review", "qa_review", "disposition"})


def content(batch: BatchRecord, task: Row, parameters: frozenset[str] | None = None) -> dict[str, Any]:
    """The step as recorded now: identity, times, values as typed, scans; of a review also what it counted.

    `parameters` limits it to those that an earlier signature covered; what is recorded after a step's end does not
    change what its performer signed.
    """
    step = batch.step(task)
    values = [
        {
            "parameter": p,
            "name": _name(step, p),
            "text": row["text"],
            "value": row["value"],
            "uom": row["uom"],
            "id": row["id"],
        }
        for p, row in sorted(batch.values(task["key"]).items())
        if parameters is None or p in parameters
    ]
    scans = batch.reader.rows(Scan, batch_id=batch.id, task_key=task["key"], result="accepted")
    found: dict[str, Any] = {
        "batch": batch.id,
        "coi": batch.row["coi"],
        "recipe": batch.recipe_of(task).title,
        "recipe_hash": batch.recipe_of(task).hash,
        "step": step.id,
        "label": task["label"],
        "title": step.title,
        "instruction": step.instruction,
        "started_at": task["started_at"] or "",
        "ended_at": task["ended_at"] or "",
        "values": values,
        "scans": sorted(f"{s['kind']} {s['name']}: {s['code']}" for s in scans),
    }
    if batch.row["subject"]:
        facts = change_facts if batch.row["kind"] == "change" else revision_facts
        found["about"] = facts(batch.reader, batch.row["subject"])
    if step.kind in REVIEWS:
        found["counts"] = review_counts(batch.reader, batch.id)
    return found


def content_hash(batch: BatchRecord, task: Row) -> str:
    """The hash that a form carries back, so that nobody signs what has changed since it was shown."""
    return sha256(canonical(content(batch, task)))


def still_valid(batch: BatchRecord, signature: Row) -> bool:
    """Whether what was signed is what is on record: a correction or a moved time makes a signature invalid."""
    if sha256(signature["shown"]) != signature["shown_hash"]:
        return False
    whole = json.loads(signature["shown"])
    shown, subject = whole["record"], signature["subject"]
    if (whole["batch_id"], whole["subject"]) != (batch.id, subject):
        return False
    if not subject.startswith("task:"):
        return True
    task = batch.task(signature["subject"].removeprefix("task:"))
    covered = frozenset(value["parameter"] for value in shown["values"])
    now = content(batch, task, covered)
    if "about" in shown:
        # What the checks of a later release find does not change what was signed; another document does.
        about = now.pop("about"), shown.pop("about")
        return bool(now == shown and about[0]["hash"] == about[1]["hash"])
    if "counts" in shown:
        return bool(now["values"] == shown["values"] and now["counts"]["corrections"] == shown["counts"]["corrections"])
    return now == shown


def _name(step: Any, parameter_id: str) -> str:
    parameter = step.parameter(parameter_id)
    return parameter.name if parameter else parameter_id
