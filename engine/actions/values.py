"""One value into the record: judged the moment it is recorded, by rules that the value then names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Context
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value, parse
from engine import clock
from engine.actions import access, departure_uses, diagram_timers
from engine.actions.findings import judge_and_raise, raise_findings
from engine.actions.holds import hold_event
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.form import needed_field
from engine.records import ParameterValue
from engine.rules import Judgement, judge
from engine.rules.facts import EntryFacts, Limits, ValueFacts
from engine.rules.limits import evaluate_limits
from engine.scope import Row
from engine.transaction import Act, Actor
from engine.values import canonical
from forms.field import Entry
from forms.form import check

_TWENTY_DIGITS = Context(prec=20)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A value that no person typed; None where there is none."""

    text: str
    value: Value | None
    qualifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value comes from: who or what gave it, when it happened, and what came with it.

    `reason`: why it is measured again. `undefined`: why a calculation has no value. `corrects`: id of the value replaced.
    `verdict`: a laboratory's "pass" or "fail".
    """

    actor: Actor
    source: v.Source
    event_at: datetime
    reason: str = ""
    reading_id: str | None = None
    lot_id: str | None = None
    undefined: str = ""
    corrects: str | None = None
    verdict: str = ""


def applicable(batch: BatchRecord, task: dict[str, Any]) -> dict[str, v.Parameter]:
    """The step's parameters that are asked for in this task, by id (those whose `when` does not hold are left out)."""
    step = batch.step(task)
    if not any(p.when for p in step.parameters):
        return {p.id: p for p in step.parameters}
    scope = batch.scope(task)
    return {p.id: p for p in step.parameters if not p.when or parse(p.when).try_evaluate(scope) is not False}


def write_value(
    act: Act,
    batch: BatchRecord,
    task: dict[str, Any],
    parameter: v.Parameter,
    entry: Entry | Recorded,
    origin: Origin,
) -> list[dict[str, Any]]:
    """Write one value with the rules that judged it, raise what they found, tell the hold times. Returns what is shown."""
    step = batch.step(task)
    facts = ValueFacts(
        step=step,
        parameter=parameter,
        value=entry.value,
        qualifier=entry.qualifier,
        undefined=origin.undefined,
        limits=evaluate_limits(parameter, batch.scope(task)) if parameter.limit_action != "none" else Limits(),
        verdict={"pass": True, "fail": False}.get(origin.verdict),
    )
    not_obtained = entry.value is None and origin.source != "calc"  # the rule of missing values says so at the step's end
    judgement = Judgement() if not_obtained else judge("value", facts)
    row = _row(act, batch, task, parameter, entry, origin) | {
        "judged_by": dump([list(pair) for pair in judgement.judged_by]),
        "judgement": judgement.outcome,
    }
    act.insert(ParameterValue, **row)
    batch.remember(row)
    about: dict[str, Any] = {"parameter_id": parameter.id, "value_id": row["id"], "why": parameter.why or step.rationale}
    findings, use = departure_uses.lifted(act, batch, task, facts, row["n"], judgement.findings)
    shown = raise_findings(act, batch, findings, task, **about)
    if use is not None:
        shown += departure_uses.note_use(act, batch, task, use, **about)
    if origin.corrects is None and origin.source != "calc":
        shown += judge_and_raise(act, batch, "entry", _entry_facts(act, batch, parameter, origin, row["n"]), task, **about)
    diagram_timers.recorded(act, batch, f"{step.id}.{parameter.id}")
    if parameter.type == "date_time" and isinstance(entry.value, datetime):
        shown += hold_event(act, batch, f"{step.id}.{parameter.id}", entry.value, task)
    return shown


def _row(
    act: Act, batch: BatchRecord, task: Row, parameter: v.Parameter, entry: Entry | Recorded, origin: Origin
) -> dict[str, Any]:
    """The value's row but for its judgement. A correction has the number of the measurement that it corrects."""
    earlier = [r for r in batch.value_rows(task["key"]) if r["parameter_id"] == parameter.id]
    corrected = next((r["n"] for r in earlier if r["id"] == origin.corrects), None)
    return {
        "id": act.new_id("value"),
        "batch_id": batch.id,
        "task_key": task["key"],
        "step_id": task["step_id"],
        "label": task["label"],
        "parameter_id": parameter.id,
        "n": corrected or 1 + max((r["n"] for r in earlier), default=0),
        "text": entry.text,
        "value": "" if entry.value is None else canonical(entry.value),
        "qualifier": entry.qualifier,
        "uom": parameter.uom,
        "source": origin.source,
        "entered_by": origin.actor.id,
        "entered_role": access.role_text(origin.actor, batch.step(task)),
        "recorded_at": act.now_text,
        "event_at": clock.text(origin.event_at),
        "event_zone": act.site.settings.zone,
        "reading_id": origin.reading_id,
        "raw": origin.verdict or None,
        "lot_id": origin.lot_id,
        "corrects": origin.corrects,
    }


def _entry_facts(act: Act, batch: BatchRecord, parameter: v.Parameter, origin: Origin, n: int) -> EntryFacts:
    return EntryFacts(
        parameter=parameter,
        source_used=origin.source,
        source_expected=parameter.source,
        n=n,
        reason=origin.reason,
        event_at=origin.event_at,
        entered_at=act.now,
        late_after=batch.late_after,
    )


def master_values(act: Act, actor: Actor, batch: BatchRecord, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Take the step's certificate values from the lot in use (`titer` of the scanned vector lot), never typed."""
    shown: list[dict[str, Any]] = []
    recorded = batch.values(task["key"])
    for parameter in applicable(batch, task).values():
        if parameter.source != "master" or parameter.id in recorded:
            continue
        lot = access.lot_with(act, batch, batch.step(task).materials, parameter.id)
        if lot is None:
            continue
        entry = check([needed_field(parameter)], {parameter.id: lot[1]})[parameter.id]
        origin = Origin(actor=actor, source="master", event_at=act.now, lot_id=lot[0])
        shown += write_value(act, batch, task, parameter, entry, origin)
    return shown
