"""Review by exception: what departed, and the proof that everything else was judged.

Source: EU GMP Chapter 4, 4.20; 21 CFR 211.192; FDA data integrity Q7.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bpmn.diff import Entry
from engine.actions.dispositions import open_items
from engine.batch_record import BatchRecord
from engine.control_recipe import control_recipe
from engine.queries.ad_hoc_changes import differences
from engine.queries.adoptions import revision_of, shown_adoptions
from engine.queries.counts import open_exceptions, review_counts
from engine.queries.signatures import signature_view
from engine.queries.task_view import batch_header
from engine.records import Correction, Decision, ExceptionRecord, ExceptionTriage, ParameterValue, Signature, Task
from engine.rules import TAXONOMY
from engine.scope import Row
from engine.site import Site


def review(site: Site, batch_id: str) -> dict[str, Any]:
    """The review of a batch: funnel, exceptions with everything said about them, values with their judges, open items."""
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        values = reader.rows(ParameterValue, batch_id=batch_id, order=("recorded_at", "id"))
        still_open = set(open_exceptions(reader, batch_id))
        tasks = {t["key"]: t for t in reader.rows(Task, batch_id=batch_id)}
        differing = differences(batch)
        return {
            "batch": batch_header(batch),
            "counts": review_counts(reader, batch_id),
            "values": _values(batch, values),
            "exceptions": _exceptions(batch, values, still_open, differing["by_adoption"]),
            "tasks": tasks,
            "adoptions": shown_adoptions(batch),
            "differences": {"master": differing["master"], "entries": [e.to_json() for e in differing["entries"]]},
            "revisions": {key: revision_of(batch, task) for key, task in tasks.items()},
            "corrections": reader.rows(Correction, batch_id=batch_id, order=("at", "id")),
            "open_items": open_items_of(batch),
            "rules": _rules(values),
            "signatures": [
                signature_view(batch, s) for s in reader.rows(Signature, batch_id=batch_id, order=("signed_at", "id"))
            ],
        }


def open_items_of(batch: BatchRecord) -> list[str]:
    """What stands against a release now, in words."""
    disposing = next((s.id for s in batch.recipe.steps.values() if s.kind == "disposition"), "")
    return open_items(batch.reader, batch, disposing=disposing)


def _values(batch: BatchRecord, values: list[Row]) -> list[dict[str, Any]]:
    """Every recorded value with the rules that judged it; one that none judged says so."""
    replaced = {row["corrects"] for row in values}
    found = []
    for row in values:
        parameter = batch.step(batch.task(row["task_key"])).parameter(row["parameter_id"])
        found.append(
            dict(row)
            | {
                "name": parameter.name if parameter else row["parameter_id"],
                "judged_by": json.loads(row["judged_by"]),
                "class": parameter.parameter_class if parameter else "",
                "type": parameter.type if parameter else "text",
                "replaced": row["id"] in replaced,
            }
        )
    return found


def _exceptions(
    batch: BatchRecord, values: list[Row], still_open: set[str], by_adoption: Mapping[str, list[Entry]]
) -> list[dict[str, Any]]:
    reader = batch.reader
    said: dict[str, list[Row]] = {}
    for triage in reader.rows(ExceptionTriage, batch_id=batch.id, order=("at", "id")):
        said.setdefault(triage["exception_id"], []).append(triage)
    decided: dict[str, list[Row]] = {}
    for decision in reader.rows(Decision, batch_id=batch.id, order=("at", "id")):
        decided.setdefault(decision["task_key"], []).append(decision)
    by_id = {row["id"]: row for row in values}
    found = []
    for row in reader.rows(ExceptionRecord, batch_id=batch.id, order=("raised_at", "id")):
        links = [
            *json.loads(row["links"]),
            *(link for d in decided.get(row["task_key"] or "", ()) for link in json.loads(d["links"])),
        ]
        found.append(
            dict(row)
            | {
                "taxonomy": TAXONOMY.get(row["number"], ""),
                "open": row["id"] in still_open,
                "triage": said.get(row["id"], []),
                "decisions": decided.get(row["task_key"] or "", []) if row["blocks"] else [],
                "value": by_id.get(row["value_id"] or ""),
                "results": [_result(batch, values, link) for link in dict.fromkeys(links)],
                "title": _title(batch, row),
                "earlier": _earlier(batch, row),
                "against_master": _against_master(row, by_adoption),
            }
        )
    return found


def _title(batch: BatchRecord, exception: Row) -> str:
    """The step of an exception as it was called when it was open, or is called now."""
    if exception["task_key"]:
        return batch.step(batch.task(exception["task_key"])).title
    recipes = (batch.recipe, control_recipe(batch.site, batch.reader, batch.issued_hash))
    steps = [recipe.steps[exception["step_id"]] for recipe in recipes if exception["step_id"] in recipe.steps]
    return steps[0].title if steps else ""


def _against_master(row: Row, by_adoption: Mapping[str, list[Entry]]) -> list[dict[str, Any]]:
    """What the change that raised an exception made different, entry by entry; nothing for any other exception."""
    for adoption_id, entries in by_adoption.items():
        if row["dedupe"].startswith(f"adoption:{adoption_id}:"):
            return [entry.to_json() for entry in entries]
    return []


def _result(batch: BatchRecord, values: list[Row], link: str) -> dict[str, Any]:
    """A result that an exception points to, with its value where it is recorded."""
    step_id, _, parameter_id = link.partition(".")
    parameter = batch.recipe.steps[step_id].parameter(parameter_id) if step_id in batch.recipe.steps else None
    rows = [v for v in values if v["step_id"] == step_id and v["parameter_id"] == parameter_id]
    last = rows[-1] if rows else None
    return {
        "link": link,
        "name": parameter.name if parameter else link,
        "text": last["text"] if last else "",
        "uom": last["uom"] if last else "",
        "judgement": last["judgement"] if last else "not recorded yet",
    }


def _earlier(batch: BatchRecord, row: Row) -> int:
    """How often the same exception was raised in other batches of this recipe."""
    mark = batch.reader.mark
    found = batch.reader.fetch(
        "SELECT COUNT(*) FROM exception_record e JOIN batch b ON b.id = e.batch_id WHERE b.recipe_id = "
        f"{mark} AND e.batch_id <> {mark} AND e.step_id = {mark} AND e.number = {mark} AND COALESCE(e.parameter_id, '') = {mark}",
        batch.row["recipe_id"],
        batch.id,
        row["step_id"],
        row["number"],
        row["parameter_id"] or "",
    )
    return int(found[0][0])


def _rules(values: list[Row]) -> dict[str, int]:
    """How many values each rule judged, by rule id and version; the proof behind "no exceptions"."""
    counts: dict[str, int] = {}
    for row in values:
        for rule, version in json.loads(row["judged_by"]):
            name = f"{rule} v{version}"
            counts[name] = counts.get(name, 0) + 1
    return counts


def trend(site: Site, batch_id: str, step_id: str, parameter_id: str, most: int = 24) -> list[dict[str, Any]]:
    """The last batches' values of one parameter with this one's, oldest first: for the plot beside an exception."""
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        mark = reader.mark
        rows = reader.fetch(
            "SELECT p.batch_id, p.label, p.value, p.text, p.recorded_at, p.judgement FROM parameter_value p "
            f"JOIN batch b ON b.id = p.batch_id WHERE b.recipe_id = {mark} AND p.step_id = {mark} AND p.parameter_id = {mark} "
            f"AND p.qualifier = '' AND p.value <> '' ORDER BY p.recorded_at DESC LIMIT {mark}",
            batch.row["recipe_id"],
            step_id,
            parameter_id,
            most,
        )
    names = ("batch", "label", "value", "text", "recorded_at", "judgement")
    return [dict(zip(names, row, strict=True)) for row in rows][::-1]
