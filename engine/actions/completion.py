"""Complete a step: nothing missing, everybody signed, the procedure goes on to the next open steps.

A batch is complete only on three witnesses: the drawn end was reached, no step is open, every record is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.actions import access
from engine.actions.diagram_timers import set_timer
from engine.actions.findings import comments_due, judge_and_raise, raise_findings
from engine.actions.holds import block_late_step, drop_unreachable
from engine.actions.incidents import record_incident
from engine.actions.values import applicable
from engine.awaited import message_name
from engine.batch_record import BatchRecord
from engine.errors import EngineFaultError, MissingRecordsError, RunNotWaitingError
from engine.records import DueTime, Equipment, Task
from engine.rules import judge, training
from engine.rules.facts import EquipmentFacts, LotFacts, StepFacts, WithdrawalFacts
from engine.running import note_advance
from engine.scope import Row
from engine.services import SERVICES, Call, Message
from engine.transaction import Act
from engine.workflow import Change, OpenItem

AFTER = {"production_review": "PROD_REVIEWED", "qa_review": "QA_REVIEWED"}
MOST_SERVICES = 100
REVIEW_ORDER = ("IN_PROGRESS", "MFG_COMPLETE", "PROD_REVIEWED", "QA_REVIEWED")


@dataclass(slots=True)
class Progress:
    """What completing a step led to: exceptions, and keys of the steps that are open now because of it."""

    exceptions: list[dict[str, Any]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)


def missing_records(act: Act, batch: BatchRecord, task: Row, *, after_end: bool) -> list[str]:
    """What the step asks for and the record does not have, in words. Calculated values are the system's own."""
    recorded = batch.values(task["key"])
    missing = [
        f"{p.name} ({p.id})"
        for p in applicable(batch, dict(task)).values()
        if p.source != "calc" and not p.optional and p.id not in recorded and (after_end or not p.after_end)
    ]
    return missing + missing_scans(batch, task)


def missing_scans(batch: BatchRecord, task: Row) -> list[str]:
    """Codes that are still to be scanned at a step, and the equipment that is not identified yet (21 CFR 211.105(b))."""
    step = batch.step(task)
    if not step.scans and not step.equipment:
        return []
    here = [s for s in batch.scans if s["task_key"] == task["key"]]
    missing: list[str] = []
    equipment = list(step.equipment)
    for scan in step.scans:
        if scan.kind == "identity":
            names = {s["name"] for s in here if s["kind"] == "identity"}
            if len(names) < scan.minimum:
                missing.append(f"identifiers of the patient: {len(names)} of {scan.minimum} scanned")
        elif scan.kind == "material":
            done = {s["name"] for s in here if s["kind"] == "material"}
            missing += [f"material {name}" for name in scan_names(batch, step, scan) if name not in done]
        else:
            equipment += scan_names(batch, step, scan)
    bound = {s["name"] for s in batch.scans if s["kind"] == "equipment"} if equipment else set()
    return missing + [f"equipment {name}" for name in dict.fromkeys(equipment) if name not in bound]


def scan_names(batch: BatchRecord, step: v.Step, scan: v.Scan) -> list[str]:
    """The materials or equipment classes to scan: the step's own, or those of the whole recipe."""

    def of(s: v.Step) -> tuple[str, ...]:
        return s.materials if scan.kind == "material" else s.equipment

    steps = [step] if scan.scope == "step" else list(batch.recipe.steps.values())
    omitted = {name.strip() for name in scan.omit.split(";")}
    return list(dict.fromkeys(name for s in steps for name in of(s) if name not in omitted))


def judge_step(act: Act, batch: BatchRecord, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the step rules when its work ends: materials, equipment, training, choices."""
    step = batch.step(task)
    ended = clock.parse(task["ended_at"])
    started = clock.parse(task["started_at"])
    signers = {task["started_by"], *(row["person_id"] for row in batch.signatures(task["key"]))}
    lots = tuple(
        LotFacts(
            id=lot["id"],
            material=lot["material"],
            status=lot["status"],
            used_at=ended,
            expires_at=clock.parse(lot["expires_at"]) if lot["expires_at"] else None,
        )
        for lot in access.lots_in_use(act, batch, step.materials)
    )
    values = batch.values(task["key"])
    may_lack = {p.id for p in step.parameters if p.optional}
    chosen = tuple(
        choice
        for p in step.parameters
        for choice in p.choices
        if p.id in values and values[p.id]["value"] == choice.value
    )
    facts = StepFacts(
        step=step,
        batch_id=batch.id,
        ended_at=ended,
        materials=lots,
        equipment=_equipment(act, batch, step, ended),
        training_valid_at_start=all(access.trained(act, p, batch, started, task) for p in signers),
        training_valid_at_end=all(access.trained(act, p, batch, act.now, task) for p in signers),
        missing=tuple(p for p, row in values.items() if row["value"] == "" and row["source"] != "calc" and p not in may_lack),
        chosen=chosen,
    )
    found = judge("step", facts).findings
    lapsed = [finding for finding in found if finding.rule == training.RULE]
    shown = raise_findings(act, batch, [finding for finding in found if finding not in lapsed], task)
    return shown + raise_findings(act, batch, lapsed, task, subject=access.training_subject(task))


def _equipment(act: Act, batch: BatchRecord, step: v.Step, used_at: Any) -> tuple[EquipmentFacts, ...]:
    if not step.equipment:
        return ()
    latest = {
        s["name"]: s["equipment_id"] for s in batch.scans if s["kind"] == "equipment" and s["name"] in step.equipment
    }
    rows = [act.get(Equipment, id=equipment_id) for equipment_id in latest.values()]
    return tuple(
        EquipmentFacts(
            id=row["id"],
            equipment_class=row["equipment_class"],
            status=row["status"],
            used_at=used_at,
            calibration_due_at=clock.parse(row["calibration_due_at"]) if row["calibration_due_at"] else None,
            cleaned_until=clock.parse(row["cleaned_until"]) if row["cleaned_until"] else None,
            assigned_to=row["batch_id"] or "",
        )
        for row in rows
    )


def complete_if_ready(act: Act, batch: BatchRecord, task: dict[str, Any]) -> Progress:
    """Complete a step on which nothing is open any more, and run the procedure on; else leave it waiting."""
    step = batch.step(task)
    signed = {row["slot"] for row in batch.signatures(task["key"])}
    waiting = task["state"] != "performed" or task["blocked"] or step.slots.keys() > signed
    if waiting or missing_records(act, batch, task, after_end=True) or comments_due(act, batch, task):
        return Progress()
    batch.change_task(task, state="completed", completed_at=act.now_text)
    act.note("task:completed", task=task["key"])
    if step.kind in AFTER and batch.row["state"] in REVIEW_ORDER:
        batch.change(state=AFTER[step.kind])
    try:
        return _go_on(act, batch, task)
    except EngineFaultError as fault:
        raise fault.recording(record_incident, act.stream, batch_id=batch.id, what=str(fault)) from fault


def _go_on(act: Act, batch: BatchRecord, task: dict[str, Any]) -> Progress:
    """Tell the procedure that a step is done, or that a message came."""
    key, item = task["key"], batch.run.open.get(task["key"])
    if item is not None and item.kind == "message":
        return advance(act, batch, batch.run.fire(key), [("fire", key)])
    values = batch.routing_values(task, batch.recipe.procedure.asks_of(task["step_id"]))
    return advance(act, batch, batch.run.complete(key, values), [("complete", key, values)])


def advance(act: Act, batch: BatchRecord, change: Change, events: Iterable[tuple[Any, ...]]) -> Progress:
    """Put into the record what the procedure did: steps opened and withdrawn, timers set, services done, the end reached."""
    progress = Progress()
    note_advance(act, batch.id, batch.run, events)
    services = _take(act, batch, change, progress)
    messages = _serve(act, batch, services, progress) if services else []
    drop_unreachable(act, batch)
    if batch.run.outcome:
        _end(act, batch)
    for message in messages:
        deliver(act, message)
    return progress


def _serve(act: Act, batch: BatchRecord, waiting: list[OpenItem], progress: Progress) -> list[Message]:
    """Do the services that were reached, and those that they lead to; the messages that they send."""
    told: list[tuple[Any, ...]] = []
    messages: list[Message] = []
    while waiting:
        item, *waiting = waiting
        if len(told) == MOST_SERVICES:
            raise EngineFaultError(f"{MOST_SERVICES} services follow each other without a step between them.")
        service = batch.recipe.diagram.nodes[item.node_id].service
        if service is None or service.action not in SERVICES:
            raise EngineFaultError(f"{item.node_id} names no service that exists.")
        call = Call(act, batch, service.value, item.key)
        messages += SERVICES[service.action].perform(call)
        values = _given(batch, item, call)
        told.append(("complete", item.key, values))
        waiting += _take(act, batch, batch.run.complete(item.key, values), progress)
        waiting = [service for service in waiting if service.key in batch.run.open]
    note_advance(act, batch.id, batch.run, told)
    return messages


def _given(batch: BatchRecord, item: OpenItem, call: Call) -> dict[str, Value]:
    """What a service has answered, as far as the diagram asks for it; on a rehearsal's site, what is to be tried."""
    names = batch.recipe.procedure.asks_of(item.node_id)
    answered = {f"{item.node_id}.{name}": value for name, value in call.values.items()}
    answered |= batch.site.pretended.get((batch.id, item.key), {})
    if missing := sorted(names - answered.keys()):
        raise EngineFaultError(f"The service of {item.node_id} gives no {', '.join(missing)}.")
    return {name: answered[name] for name in sorted(names)}


def _take(act: Act, batch: BatchRecord, change: Change, progress: Progress) -> list[OpenItem]:
    """Record one move of the procedure. Returns the services that it has reached."""
    for key in change.withdrawn:
        progress.exceptions += _withdraw(act, batch, key)
    services = []
    for item in change.opened:
        if item.kind == "timer":
            set_timer(act, batch, item)
        elif item.node_id in batch.recipe.steps:
            open_task(act, batch, item)
            progress.opened.append(item.key)
        elif item.kind == "service":
            services.append(item)
    return services


def deliver(act: Act, message: Message) -> None:
    """Tell another run what it waits for. Of one act all messages reach the same record, or the later would find it as it was."""
    act.also(f"batch:{message.run_id}")
    if message.run_id not in act.reached:
        act.reached[message.run_id] = BatchRecord(act.site, act, message.run_id)
    run: BatchRecord = act.reached[message.run_id]
    diagram, came = run.recipe.diagram, False
    for item in list(run.run.open.values()) if run.row["state"] not in access.CLOSED else ():
        if item.kind == "message" and message_name(diagram, diagram.nodes[item.node_id]) == message.name:
            came = True
            advance(act, run, run.run.fire(item.key), [("fire", item.key)])
    if message.needed and not came:
        raise RunNotWaitingError(f"{message.run_id} does not wait for {message.name}.", run=message.run_id)
    if came:
        run.save(act)


def open_task(act: Act, batch: BatchRecord, item: OpenItem) -> None:
    """A step is open: its task row, for the worklist."""
    step = batch.recipe.steps[item.node_id]
    said = {"label": item.label, "title": step.title, "state": "open", "opened_at": act.now_text}
    said["recipe_hash"] = batch.governing(step.id)
    # A batch that was issued anew has withdrawn its first steps; one of them may come up again.
    known = act.find(Task, batch_id=batch.id, key=item.key) if batch.adoptions else None
    if known is None:
        batch.add_task(act.insert(Task, batch_id=batch.id, key=item.key, step_id=step.id, **said, version=1))
    else:
        batch.change_task(batch.task(item.key), **said, completed_at=None)
    task = batch.task(item.key)
    if step.kind == "production_review" and batch.row["state"] in ("ISSUED", "IN_PROGRESS"):
        batch.change(state="MFG_COMPLETE")
    block_late_step(act, batch, task)


def _withdraw(act: Act, batch: BatchRecord, key: str) -> list[dict[str, Any]]:
    row = act.find(Task, batch_id=batch.id, key=key)
    if row is None:
        for due in act.rows(DueTime, batch_id=batch.id, state="waiting", ref=key):
            act.update(DueTime, {"id": due["id"]}, was=due, state="cancelled")
        return []
    task = batch.task(key)
    facts = WithdrawalFacts(step=batch.step(task), started=task["state"] != "open", recorded=len(batch.values(key)))
    batch.change_task(task, state="withdrawn", completed_at=act.now_text)
    act.note("task:withdrawn", task=key)
    return judge_and_raise(act, batch, "withdrawal", facts, task) if batch.is_batch else []


def _end(act: Act, batch: BatchRecord) -> None:
    """The procedure says it ended: believed only with no step open and no record missing."""
    outcome = batch.run.outcome
    open_tasks = [
        t for state in ("open", "started", "performed") for t in act.rows(Task, batch_id=batch.id, state=state)
    ]
    still = [t["key"] for t in open_tasks if batch.task(t["key"])["state"] in ("open", "started", "performed")]
    if outcome == "completed" and still:
        raise MissingRecordsError(f"The procedure ended while {', '.join(still)} is open.", missing=still)
    release_equipment(act, batch)
    batch.change(engine_outcome=outcome)
    if outcome == "terminated":
        batch.change(state="TERMINATED")
        act.note("batch:terminated", why="the procedure reached a terminate end", critical=True)
    else:
        missing = _undecided(act, batch) + _without_records(act, batch)
        if missing:
            raise MissingRecordsError("; ".join(missing), missing=missing)
        batch.change(state="COMPLETED")
        act.note("batch:completed")


def release_equipment(act: Act, batch: BatchRecord) -> None:
    """The batch has ended: equipment that served this patient alone is free for the next."""
    for row in act.rows(Equipment, batch_id=batch.id):
        act.update(Equipment, {"id": row["id"]}, was=row, batch_id=None)


def _undecided(act: Act, batch: BatchRecord) -> list[str]:
    """Steps that are over and still blocked, by a correction or although they were withdrawn: quality decides first."""
    rows = [batch.task(row["key"]) for row in act.rows(Task, batch_id=batch.id, blocked=1)]
    return [f"{row['key']} is blocked and waits for a decision" for row in rows if row["blocked"]]


def _without_records(act: Act, batch: BatchRecord) -> list[str]:
    """Completed steps that lack a record they ask for."""
    batch.read_whole()
    found = []
    for row in act.rows(Task, batch_id=batch.id, state="completed"):
        step = batch.step(row)
        # Whether a value was asked for was settled when the step was completed; a correction that changes it raises 13.
        settled = {f"{p.name} ({p.id})" for p in step.parameters if p.when}
        if step.parameters:
            missing = missing_records(act, batch, batch.task(row["key"]), after_end=True)
            found += [f"{row['key']}: {name}" for name in missing if name not in settled]
    return found
