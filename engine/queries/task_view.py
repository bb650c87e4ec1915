"""Everything the page of a step shows: instruction, why, fields with their limits, readings, scans, exceptions, signatures."""

from __future__ import annotations

import json
from typing import Any

from bpmn import vocabulary as v
from engine import clock
from engine.actions.access import CLOSED, may_finish, performer_roles, standing
from engine.actions.completion import missing_scans
from engine.actions.departure_uses import is_planned
from engine.actions.tasks import open_slots
from engine.actions.values import applicable
from engine.actions.verification import to_verify
from engine.batch_record import BatchRecord
from engine.queries.signatures import signature_view
from engine.records import Decision, Departure, DueTime, ExceptionTriage, Reading, Scan, Task
from engine.rules import format_range
from engine.rules.facts import Limits
from engine.rules.limits import Level, evaluate_limits, exclusive_sides, written_range
from engine.scope import Row
from engine.site import Site
from engine.step_content import content_hash
from engine.transaction import Actor


def task_view(site: Site, batch_id: str, task_key: str, actor: Actor) -> dict[str, Any]:
    """One task as a person sees it. RecordNotFoundError for a batch or task that is not there.

    A verifier who has still to read for themselves sees no typed value.
    """
    with site.read() as reader:
        batch = BatchRecord(site, reader, batch_id)
        task = batch.task(task_key)
        step = batch.step(task)
        signatures = [signature_view(batch, s) for s in batch.signatures(task_key)]
        slots = open_slots(step, {s["slot"] for s in signatures})
        verifying = next((s for s in slots.values() if s.meanings[0] == "verified_by"), None)
        performed = "P" in step.slots and "P" not in slots
        unread = to_verify(batch, task) if verifying and performed else []
        hidden = unread if verifying and actor.roles.intersection(verifying.roles) and actor.id != task["performed_by"] else []
        return {
            "batch": batch_header(batch),
            "task": task,
            "step": step_view(step),
            "version": task["version"],
            "content_hash": content_hash(batch, task),
            "fields": [f | {"value": None} if f["id"] in hidden else f for f in _fields(batch, task)],
            "values": {p: row for p, row in batch.values(task_key).items() if p not in hidden},
            "history": {p: rows for p, rows in _history(batch, task).items() if p not in hidden},
            "scans": reader.rows(Scan, batch_id=batch_id, task_key=task_key, order=("at", "id")),
            "still_to_scan": missing_scans(batch, task) if task["state"] == "started" else [],
            "exceptions": exceptions_view(batch, task),
            "signatures": signatures,
            "next_slots": [_slot(name, s, actor) for name, s in slots.items()],
            "to_verify": unread,
            "decision_roles": json.loads(task["decision_roles"]),
            "decisions": reader.rows(Decision, batch_id=batch_id, task_key=task_key, order=("at", "id")),
            "departures": [d for d in reader.rows(Departure, batch_id=batch_id, step_id=step.id) if not is_planned(d)],
            "due": [
                d
                for d in reader.rows(DueTime, batch_id=batch_id, state="waiting", order=("due_at",))
                if d["kind"] != "timer" and step.id in batch.recipe.holds[d["ref"]].to_steps
            ],
            "may_work": bool(actor.roles & set(performer_roles(step))),
            "progress": _progress(batch, task),
            "previous": _previous_values(batch, step),
            "closed": batch.row["state"] in CLOSED,
            "training": _missing_training(batch, task, actor),
        }


def _missing_training(batch: BatchRecord, task: Row, actor: Actor) -> dict[str, Any] | None:
    """What somebody who has a role at the step would have to read before they can act on it; None where nothing is missing."""
    step = batch.step(task)
    roles = {*performer_roles(step), *(role for slot in step.signatures for role in slot.roles)}
    if not batch.is_batch or not roles & actor.roles or task["state"] not in ("open", "started", "performed"):
        return None
    missing = standing(actor.id, batch, clock.now(), task)
    if missing.valid:
        return None
    return {
        "state": missing.state, "revision": missing.revision_id, "asked": [one.reading for one in missing.asked],
        "may_finish": may_finish(actor.id, batch, task),
    }  # fmt: skip


def batch_header(batch: BatchRecord) -> dict[str, Any]:
    """What every page of a batch says at its top."""
    row = batch.row
    return {
        "id": batch.id,
        "coi": row["coi"],
        "product": row["product"],
        "recipe": batch.recipe.title,
        "recipe_id": row["recipe_id"],
        "recipe_hash": row["recipe_hash"],
        "revision_id": row["revision_id"],
        "state": row["state"],
        "held": row["held"],
        "held_reason": row["held_reason"],
        "incident": row["incident"],
        "order": dict(batch.order_texts),
        "disposition": row["disposition"],
        "version": row["version"],
        "issued_at": row["issued_at"],
        "kind": row["kind"],
        "subject": row["subject"],
    }


def step_view(step: v.Step) -> dict[str, Any]:
    """The step as the recipe has it."""
    return {
        "id": step.id,
        "title": step.title,
        "instruction": step.instruction,
        "rationale": step.rationale,
        "kind": step.kind,
        "origins": [_origin(origin) for origin in step.origins],
        "unit_procedure": step.unit_procedure,
        "operation": step.operation,
        "day": step.day,
        "equipment": list(step.equipment),
        "materials": list(step.materials),
        "decision_roles": list(step.decision_roles),
        "deviations": [{"text": d.text, "severity": d.severity} for d in step.deviations],
        "signatures": [{"code": s.code, "roles": list(s.roles), "meanings": list(s.meanings)} for s in step.signatures],
    }


def _fields(batch: BatchRecord, task: Row) -> list[dict[str, Any]]:
    """The step's parameters in the recipe's order, each with limits as text, its value so far and waiting readings."""
    asked, values, scope = applicable(batch, dict(task)), batch.values(task["key"]), batch.scope(task)
    readings: dict[str, list[Row]] = {}
    taken = {row["reading_id"] for row in batch.value_rows(task["key"])}
    since = task["started_at"] or "9999"
    for row in batch.reader.rows(Reading, batch_id=batch.id, step_id=task["step_id"], order=("measured_at", "id")):
        if row["id"] not in taken and row["measured_at"] >= since:
            readings.setdefault(row["parameter_id"], []).append(row)
    return [
        parameter_view(p, evaluate_limits(p, scope) if p.limit_action != "none" else Limits())
        | {"value": values.get(p.id), "readings": readings.get(p.id, [])}
        for p in asked.values()
    ]


def parameter_view(p: v.Parameter, limits: Limits) -> dict[str, Any]:
    """A parameter with its limits in words and as decimal texts, digit for digit as the recipe has them."""
    bounds = {
        name: _text(getattr(p, name), getattr(limits, name)) for name in ("nor_low", "nor_high", "par_low", "par_high")
    }
    return {
        "id": p.id,
        "name": p.name,
        "label": f"{p.name} (optional)" if p.optional else p.name,
        "optional": p.optional,
        "multiline": p.multiline,
        "example": p.example,
        "type": p.type,
        "uom": p.uom,
        "target": p.target,
        "source": p.source,
        "formula": p.formula,
        "why": p.why,
        "class": p.parameter_class,
        "limit_action": p.limit_action,
        "severity": p.severity,
        "after_end": p.after_end,
        "critical": p.parameter_class in v.CRITICAL_CLASSES,
        "qualifier": p.qualifier,
        **bounds,
        "exclusive": list(p.exclusive),
        "origins": [_origin(origin) for origin in p.origins],
        "nor": _range(p, "NOR", limits.nor_low, limits.nor_high),
        "par": _range(p, "PAR", limits.par_low, limits.par_high),
        "written_nor": written_range(p, "NOR"),
        "written_par": written_range(p, "PAR"),
        "choices": [{"value": c.value, "label": c.label or c.value, "departs": c.departs} for c in p.choices],
    }


def _origin(origin: v.Origin) -> dict[str, str]:
    return {"file": origin.file, "place": origin.place, "text": origin.text}


def _range(p: v.Parameter, level: Level, low: Any, high: Any) -> str:
    """A level of limits as they stand now, in words; "" where nothing bounds the value."""
    bounded = low is not None or high is not None
    return format_range(low, high, p.uom, exclusive=exclusive_sides(p, level)) if bounded else ""


def _text(written: str, value: Any) -> str:
    """The limit as the recipe writes it where it is a plain number or a yes or no; else what it came to."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        written
        if value is None or str(value) == written or written.replace(".", "").replace("e", "").isdigit()
        else str(value)
    )


def _history(batch: BatchRecord, task: Row) -> dict[str, list[Row]]:
    """Everything ever recorded for each parameter that has more than one value: repeats and corrections, oldest first."""
    found: dict[str, list[Row]] = {}
    for row in sorted(batch.value_rows(task["key"]), key=lambda r: (r["recorded_at"], r["id"])):
        found.setdefault(row["parameter_id"], []).append(row)
    return {name: rows for name, rows in found.items() if len(rows) > 1}


def exceptions_view(batch: BatchRecord, task: Row) -> list[dict[str, Any]]:
    """Exceptions at a task with what people said about them."""
    rows = batch.exceptions(task)
    said: dict[str, list[Row]] = {}
    for triage in batch.reader.rows(ExceptionTriage, batch_id=batch.id, order=("at", "id")):
        said.setdefault(triage["exception_id"], []).append(triage)
    return [row | {"triage": said.get(row["id"], []), "links": json.loads(row["links"])} for row in rows]


def _slot(name: str, slot: v.Signature, actor: Actor) -> dict[str, Any]:
    return {
        "name": name,
        "code": slot.code,
        "roles": list(slot.roles),
        "meanings": [{"code": m, "label": v.MEANINGS[m]} for m in slot.meanings],
        "mine": bool(actor.roles & set(slot.roles)),
    }


def _progress(batch: BatchRecord, task: Row) -> dict[str, Any]:
    """Where this step stands among the steps of the recipe, and which others of the batch are open."""
    ids = list(batch.recipe.steps)
    others = [
        t for state in ("open", "started", "performed") for t in batch.reader.rows(Task, batch_id=batch.id, state=state)
    ]
    return {
        "number": ids.index(task["step_id"]) + 1,
        "of": len(ids),
        "open": [
            {"key": t["key"], "title": t["title"], "state": t["state"]} for t in others if t["key"] != task["key"]
        ],
    }


def _previous_values(batch: BatchRecord, step: v.Step) -> dict[str, dict[str, str]]:
    """What the last other batch of the same recipe recorded at this step, by parameter: the memory of the process."""
    mark = batch.reader.mark
    rows = batch.reader.fetch(
        "SELECT p.parameter_id, p.text, p.uom, p.batch_id FROM parameter_value p JOIN batch b ON b.id = p.batch_id "
        f"WHERE p.step_id = {mark} AND b.recipe_id = {mark} AND p.batch_id <> {mark} ORDER BY p.recorded_at DESC LIMIT 40",
        step.id,
        batch.row["recipe_id"],
        batch.id,
    )
    found: dict[str, dict[str, str]] = {}
    for parameter_id, text, uom, other in rows:
        found.setdefault(parameter_id, {"text": text, "uom": uom, "batch": other})
    return found
