"""Scan a code at a step: the patient's identifiers, a material lot, a piece of equipment. Every attempt stays on record."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bpmn import vocabulary as v
from engine import identifiers
from engine.actions import access
from engine.actions.calculations import calculate
from engine.actions.completion import missing_scans, scan_names
from engine.actions.findings import judge_and_raise
from engine.actions.values import Origin, Recorded, applicable, master_values, write_value
from engine.batch_record import BatchRecord
from engine.records import Equipment, MaterialLot, Scan
from engine.rules.equipment import READY
from engine.rules.facts import ScanFacts
from engine.transaction import Act, Actor


@dataclass(frozen=True, slots=True)
class Reading:
    """What a code was taken for, and why it is refused (empty: accepted). `facts` when its identity is to be judged."""

    kind: v.ScanKind
    name: str
    refusal: str = ""
    lot_id: str | None = None
    equipment_id: str | None = None
    facts: ScanFacts | None = None


def scan(act: Act, *, actor: Actor, batch_id: str, task_key: str, code: str, version: int | None = None) -> dict[str, Any]:
    """Take one scanned code at a started step. Answer: `accepted`, `message`, `still` (what is left to scan).

    A refused code changes nothing but the log of scans; a wrong patient's identifier is a critical exception, even if
    the right one is scanned next. Source: 21 CFR 11.10(h), 211.80 to 211.89, 1271.290.
    """
    batch, task = access.open_for_entry(act, actor, batch_id, task_key, version)
    read = _identify(act, batch, task, code)
    row = act.insert(
        Scan,
        id=act.new_id("scan"),
        batch_id=batch_id,
        task_key=task_key,
        kind=read.kind,
        code=code,
        name=read.name,
        result="refused" if read.refusal else "accepted",
        message=read.refusal,
        lot_id=read.lot_id,
        equipment_id=read.equipment_id,
        by=actor.id,
        at=act.now_text,
    )
    shown: list[dict[str, Any]] = []
    if read.facts is not None:
        shown += judge_and_raise(act, batch, "scan", read.facts, task)
    if not read.refusal:
        batch.scans.append(row)
        shown += _follow(act, actor, batch, task)
        if read.equipment_id:
            _assign(act, batch, read.equipment_id)
    act.note("scan:refused" if read.refusal else "scan:accepted", task=task_key, code=code, kind=read.kind, why=read.refusal)
    batch.save(act)
    return {
        "accepted": not read.refusal,
        "message": read.refusal or f"{read.name}: {code} accepted.",
        "kind": read.kind,
        "name": read.name,
        "still": missing_scans(batch, task),
        "task": access.task_answer(task),
        "exceptions": shown,
    }


def _identify(act: Act, batch: BatchRecord, task: dict[str, Any], code: str) -> Reading:
    """What the code is: one of the order's identifiers, a lot, equipment, or nothing this step knows."""
    wrong = identifiers.wrong_check_character(code)
    if wrong:
        return Reading("identity", "identifier", wrong)
    expected = identity_codes(batch)
    name = next((n for n, value in expected.items() if identifiers.plain(value) == identifiers.plain(code)), "")
    step = batch.step(task)
    facts = ScanFacts(step=step, kind="identity", expected=tuple(expected.values()), actual=code, name=name)
    if name:
        return Reading("identity", name)
    lot = act.find(MaterialLot, id=code.strip())
    if lot is not None:
        return _lot(act, batch, step, lot)
    equipment = act.find(Equipment, id=code.strip())
    if equipment is not None:
        return _equipment(act, batch, step, equipment)
    if any(s.kind == "identity" for s in step.scans):
        message = f"{code} is not an identifier of this patient's order. Stop, and keep this bag and label apart."
        return Reading("identity", "identifier", message, facts=facts)
    return Reading("material", "unknown", f"{code} is neither a lot nor equipment of this site.")


def identity_codes(batch: BatchRecord) -> dict[str, str]:
    """The order's identifiers by field name."""
    fields = [f.name for f in batch.recipe.header.order_fields if f.identifier]
    return {name: batch.order_texts[name] for name in fields if batch.order_texts.get(name)}


def _lot(act: Act, batch: BatchRecord, step: v.Step, lot: dict[str, Any]) -> Reading:
    wanted = set(step.materials)
    for asked in step.scans:
        if asked.kind == "material":
            wanted |= set(scan_names(batch, step, asked))
    name = lot["material"]
    refusal = ""
    if name not in wanted:
        refusal = f"{name} lot {lot['id']} is not asked for at {step.id}."
    elif lot["status"] != "released":
        refusal = f"{name} lot {lot['id']} is {lot['status']}, not released. Take another lot."
    elif lot["expires_at"] and lot["expires_at"] <= act.now_text:
        refusal = f"{name} lot {lot['id']} expired at {lot['expires_at']}. Take another lot."
    return Reading("material", name, refusal, lot_id=lot["id"])


def _equipment(act: Act, batch: BatchRecord, step: v.Step, row: dict[str, Any]) -> Reading:
    wanted = set(step.equipment)
    for asked in step.scans:
        if asked.kind == "equipment":
            wanted |= set(scan_names(batch, step, asked))
    name, refusal = row["equipment_class"], ""
    if name not in wanted:
        refusal = f"{row['id']} is a {name}, which {step.id} does not ask for."
    elif row["status"] not in READY:
        refusal = f"{row['id']} is {row['status'].replace('_', ' ')}. Take another {name}."
    elif row["calibration_due_at"] and row["calibration_due_at"] < act.now_text:
        refusal = f"The calibration of {row['id']} was due at {row['calibration_due_at']}. Take another {name}."
    elif row["exclusive"] and row["batch_id"] not in (None, batch.id):
        refusal = f"{row['id']} is assigned to another patient's batch. Take another {name}."
    return Reading("equipment", name, refusal, equipment_id=row["id"])


def _assign(act: Act, batch: BatchRecord, equipment_id: str) -> None:
    """Equipment that serves one patient at a time is this batch's from its scan on. Source: EU GMP Part IV s.9."""
    row = act.get(Equipment, id=equipment_id)
    if row["exclusive"] and row["batch_id"] is None:
        act.update(Equipment, {"id": equipment_id}, was=row, batch_id=batch.id)


def _follow(act: Act, actor: Actor, batch: BatchRecord, task: dict[str, Any]) -> list[dict[str, Any]]:
    """What an accepted scan lets the system record: counted identifiers, values of the lot's certificate."""
    shown = master_values(act, actor, batch, task)
    names = {s["name"] for s in batch.scans if s["task_key"] == task["key"] and s["kind"] == "identity"}
    minimum = max((s.minimum for s in batch.step(task).scans if s.kind == "identity"), default=0)
    for parameter in applicable(batch, task).values():
        if parameter.source == "scan" and parameter.id not in batch.values(task["key"]) and 0 < minimum <= len(names):
            counted = Recorded(str(len(names)), Decimal(len(names)))
            shown += write_value(act, batch, task, parameter, counted, Origin(actor=actor, source="scan", event_at=act.now))
    return shown + calculate(act, batch, task)
