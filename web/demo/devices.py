"""Simulated devices of the demo: each started step gets the readings that its devices would send.

They post by the same act as a real device. Nothing of this runs outside a demo.
"""

from __future__ import annotations

from decimal import Decimal

from engine import clock
from engine.actions.access import CLOSED
from engine.actions.readings import post_reading
from engine.actions.values import applicable
from engine.batch_record import BatchRecord
from engine.errors import BatchwrightError
from engine.records import Batch, Reading, Task
from engine.rules.limits import evaluate_limits
from engine.scope import Row
from engine.site import Site
from engine.transaction import Actor, perform
from web.demo.plans import recorded_run


def measure(site: Site) -> int:
    """Post what is missing at every started step whose devices were scanned. Returns how many readings were sent."""
    wanted: list[tuple[str, str, str, str, str, str]] = []
    with site.read() as reader:
        for row in reader.rows(Batch):
            if row["state"] not in CLOSED and not row["held"]:
                batch = BatchRecord(site, reader, row["id"])
                for task in reader.rows(Task, batch_id=row["id"], state="started"):
                    wanted += _wanted(batch, task)
    return sum(_post(site, *one) for one in wanted)


def _wanted(batch: BatchRecord, task: Row) -> list[tuple[str, str, str, str, str, str]]:
    step = batch.step(task)
    device = next((s["equipment_id"] for s in batch.scans if s["kind"] == "equipment" and s["name"] in step.equipment), None)
    if device is None:
        return []
    rows = batch.reader.rows(Reading, batch_id=batch.id, step_id=step.id)
    sent = {r["parameter_id"] for r in rows if r["measured_at"] >= task["started_at"]}
    found = []
    for parameter in applicable(batch, task).values():
        if parameter.source == "device" and parameter.id not in sent and parameter.id not in batch.values(task["key"]):
            found.append((device, batch.id, step.id, parameter.id, _plausible(batch, task, parameter.id), parameter.uom))
    return found


def _plausible(batch: BatchRecord, task: Row, parameter_id: str) -> str:
    """What the recorded run has at this place; else the target, else the middle of the normal range."""
    for visit in recorded_run():
        if (visit.step_id, visit.label) == (task["step_id"], task["label"]) and parameter_id in visit.values:
            return visit.values[parameter_id]
    parameter = batch.step(task).parameter(parameter_id)
    assert parameter is not None
    limits = evaluate_limits(parameter, batch.scope(task))
    if parameter.target:
        return parameter.target
    if isinstance(limits.nor_low, Decimal) and isinstance(limits.nor_high, Decimal):
        return str((limits.nor_low + limits.nor_high) / 2)
    bound = limits.nor_low if limits.nor_low is not None else limits.nor_high
    return "1" if bound is None else str(bound)


def _post(site: Site, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> int:
    try:
        perform(
            site, post_reading, actor=Actor(device, device, frozenset(), "device"), stream=f"batch:{batch}", source="device",
            batch_id=batch, step_id=step, parameter_id=parameter, text=text, uom=uom, measured_at=clock.text(clock.now()),
        )  # fmt: skip
    except BatchwrightError:
        return 0
    return 1
