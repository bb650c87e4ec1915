"""Batches as lists and as live state on their diagram."""

from __future__ import annotations

import json
from typing import Any

from engine.batch_record import BatchRecord
from engine.control_recipe import iteration_of
from engine.queries.ad_hoc_changes import ad_hoc_list, departure_list
from engine.queries.counts import open_exceptions, review_counts
from engine.queries.task_view import batch_header
from engine.records import Batch, DueTime, ExceptionRecord, Task
from engine.site import Site

STATE_OF = {"open": "open", "started": "started", "performed": "started", "completed": "done", "withdrawn": "withdrawn"}


def batch_list(site: Site) -> list[dict[str, Any]]:
    """Every batch with its state, open steps and exceptions, newest first."""
    with site.read() as reader:
        found = []
        for row in reader.rows(Batch, kind="batch", order=("issued_at", "id")):
            tasks = reader.rows(Task, batch_id=row["id"])
            opened = [t for t in tasks if t["state"] in ("open", "started", "performed")]
            found.append(
                {
                    k: row[k]
                    for k in (
                        "id",
                        "coi",
                        "product",
                        "revision_id",
                        "state",
                        "held",
                        "issued_at",
                        "disposition",
                        "incident",
                    )
                }
                | {
                    "open_steps": [
                        {"key": t["key"], "title": t["title"], "state": t["state"], "blocked": t["blocked"]}
                        for t in opened
                    ],
                    "done": sum(t["state"] == "completed" for t in tasks),
                    "exceptions": len(reader.rows(ExceptionRecord, batch_id=row["id"])),
                    "open_exceptions": len(open_exceptions(reader, row["id"])),
                }
            )
    return found[::-1]


def batch_view(site: Site, batch_id: str) -> dict[str, Any]:
    """One batch: header, every task in the order it opened, due times, counts."""
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        tasks = reader.rows(Task, batch_id=batch_id, order=("opened_at", "key"))
        return {
            "batch": batch_header(batch),
            "tasks": tasks,
            "counts": review_counts(reader, batch_id),
            "due": reader.rows(DueTime, batch_id=batch_id, state="waiting", order=("due_at", "id")),
            "holds": {
                h: {
                    "why": hold.definition.why,
                    "nor": hold.definition.nor,
                    "par": hold.definition.par,
                    "uom": hold.definition.uom,
                }
                for h, hold in batch.recipe.holds.items()
            },
            "steps": len(batch.recipe.steps),
            "ad_hoc": ad_hoc_list(batch),
            "departures": departure_list(batch),
        }


def live_state(site: Site, batch_id: str) -> dict[str, dict[str, str]]:
    """The state of each step on the diagram by element id: of a step in a loop, that of its latest iteration."""
    with site.read() as reader:
        is_batch = reader.get(Batch, id=batch_id)["kind"] == "batch"
        found: dict[str, dict[str, str]] = {}
        with_exceptions = {e["task_key"] for e in reader.rows(ExceptionRecord, batch_id=batch_id)}
        tasks = reader.rows(Task, batch_id=batch_id, order=("opened_at", "key"))
        latest = max((iteration_of(task["key"]) for task in tasks), default=())
        for task in tasks:
            if not is_batch and () < iteration_of(task["key"]) < latest:
                continue  # a round of a life cycle begins with nothing done
            state = "blocked" if task["blocked"] else STATE_OF[task["state"]]
            if state == "done" and task["key"] in with_exceptions:
                state = "exception"
            earlier = found.get(task["step_id"])
            if earlier and earlier["state"] == "exception" and state == "done":
                state = "exception"
            label = f"{task['label']} {state}".strip()
            found[task["step_id"]] = {"state": state, "label": label}
        return found


def diagram_xml(site: Site, batch_id: str) -> str:
    """The control recipe's diagram exactly as approved."""
    with site.read() as reader:
        return BatchRecord(site, reader, batch_id).recipe.diagram.xml.decode()


def order_of(site: Site, batch_id: str) -> dict[str, str]:
    """The patient order of a batch, as stored."""
    with site.read() as reader:
        found: dict[str, str] = json.loads(reader.get(Batch, id=batch_id)["order_json"])
        return found
