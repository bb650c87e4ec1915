"""From what was typed, read or calculated to recorded values; every value is judged the moment it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, Value, parse
from engine import clock
from engine.actions import access, diagram_timers
from engine.actions.findings import judge_and_raise, raise_findings
from engine.actions.holds import hold_event
from engine.batch_record import BatchRecord
from engine.canonical import canonical as dump
from engine.errors import AlreadyRecordedError, EntryRefusedError, ReadingRefusedError
from engine.records import ParameterValue
from engine.rules import Judgement, judge
from engine.rules.facts import EntryFacts, Limits, ValueFacts
from engine.rules.limits import evaluate_limits
from engine.scope import Row
from engine.transaction import SYSTEM, Act, Actor
from engine.values import canonical, typed
from forms.field import Choice, Entry, Field
from forms.form import check

_TWENTY_DIGITS = Context(prec=20)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A value that no person typed; None where there is none."""

    text: str
    value: Value | None
    qualifier: str = ""


def enter(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    entries: Mapping[str, str],
    reasons: Mapping[str, str],
    event_at: str | None,
    verdicts: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Check a submission against the step's own fields, record it, then calculate what can be calculated."""
    asked = applicable(batch, task)
    _refuse_the_systems_own(batch.step(task), asked, entries)
    _refuse_wrong_verdicts(asked, entries, verdicts or {})
    checked = check(
        [field_of(p) for p in asked.values() if _typed_by_hand(p) and p.id in entries], entries, act.site.zone
    )
    at = access.event_instant(act, task, event_at)
    recorded = batch.values(task["key"])
    again = [p for p in checked if p in recorded and not reasons.get(p, "").strip()]
    if again:
        raise _recorded_already(again, recorded, entries)
    shown: list[dict[str, Any]] = []
    for parameter_id, entry in checked.items():
        access.after_end_only(task, asked[parameter_id])
        _refuse_future(act, asked[parameter_id], entry)
        shown += write_value(
            act,
            actor,
            batch,
            task,
            asked[parameter_id],
            entry,
            source="manual",
            event_at=at,
            reason=reasons.get(parameter_id, ""),
            verdict=(verdicts or {}).get(parameter_id, ""),
        )
    return shown + calculate(act, batch, task)


def take_readings(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    readings: Mapping[str, str],
    reasons: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Record accepted readings as the step's values, each with its device and time of measurement."""
    asked, recorded, shown = applicable(batch, task), batch.values(task["key"]), []
    again = [p for p in readings if p in recorded and not reasons.get(p, "").strip()]
    if again:
        raise _recorded_already(again, recorded, {})
    for parameter_id, reading_id in readings.items():
        parameter = asked.get(parameter_id)
        row = access.reading(act, reading_id)
        if (
            parameter is None
            or parameter.source != "device"
            or row["batch_id"] != batch.id
            or (row["step_id"], row["parameter_id"]) != (task["step_id"], parameter_id)
        ):
            raise ReadingRefusedError(
                f"Reading {reading_id} was not taken for {task['step_id']} {parameter_id} of this batch."
            )
        if row["measured_at"] < task["started_at"]:
            raise ReadingRefusedError(f"Reading {reading_id} was taken before the step was started.")
        access.after_end_only(task, parameter)
        entry = check([field_of(parameter)], {parameter_id: row["text"]})[parameter_id]
        shown += write_value(
            act,
            actor,
            batch,
            task,
            parameter,
            entry,
            source="device",
            event_at=clock.parse(row["measured_at"]),
            reason=reasons.get(parameter_id, ""),
            reading_id=reading_id,
        )
    return shown + calculate(act, batch, task)


def applicable(batch: BatchRecord, task: dict[str, Any]) -> dict[str, v.Parameter]:
    """The step's parameters that are asked for in this task, by id (those whose `when` does not hold are left out)."""
    step = batch.step(task)
    if not any(p.when for p in step.parameters):
        return {p.id: p for p in step.parameters}
    scope = batch.scope(task)
    return {p.id: p for p in step.parameters if not p.when or parse(p.when).try_evaluate(scope) is not False}


def field_of(parameter: v.Parameter) -> Field:
    """The form field of a parameter."""
    return Field(
        name=parameter.id,
        label=parameter.name,
        type=parameter.type,
        uom=parameter.uom,
        choices=tuple(Choice(c.value, c.label) for c in parameter.choices),
        qualifier=parameter.qualifier,
        required=True,
    )


def _recorded_already(
    again: list[str], recorded: Mapping[str, Row], entries: Mapping[str, str]
) -> AlreadyRecordedError:
    """The refusal of values that are there already; it gives the entries back, so that nobody types them twice."""
    told = "; ".join(f"{p} is {recorded[p]['text']}, by {recorded[p]['entered_by']}" for p in again)
    return AlreadyRecordedError(f"{told}.", parameters=again, entries=dict(entries))


def _typed_by_hand(parameter: v.Parameter) -> bool:
    return parameter.source in ("manual", "device")


def _refuse_the_systems_own(step: v.Step, asked: Mapping[str, v.Parameter], entries: Mapping[str, str]) -> None:
    origin = {
        "calc": "is calculated by the system",
        "scan": "is counted from scans",
        "master": "comes from the lot's certificate",
    }
    problems = {}
    for name in entries:
        parameter = step.parameter(name)
        if parameter is None:
            problems[name] = f"{name} is not a parameter of {step.id}."
        elif parameter.source in origin:
            problems[name] = f"{parameter.name} {origin[parameter.source]} and can't be typed."
        elif name not in asked:
            problems[name] = f"{parameter.name} is not asked for here, because {parameter.when} does not hold."
    if problems:
        raise EntryRefusedError(" ".join(problems.values()), problems=problems, entries=dict(entries))


def _refuse_wrong_verdicts(
    asked: Mapping[str, v.Parameter], entries: Mapping[str, str], verdicts: Mapping[str, str]
) -> None:
    """A pass or fail came with each entry, as a laboratory reports it; a rule compares it with the limits."""
    wrong = {
        p: f"The verdict on {asked[p].name if p in asked else p} is pass or fail, for a value entered here."
        for p, word in verdicts.items()
        if word not in ("pass", "fail") or p not in entries
    }
    if wrong:
        raise EntryRefusedError(" ".join(wrong.values()), problems=wrong, entries=dict(entries))


def _refuse_future(act: Act, parameter: v.Parameter, entry: Entry) -> None:
    if parameter.type == "date_time" and isinstance(entry.value, datetime) and entry.value > act.now:
        text = f"{parameter.name} lies in the future. Enter it when it has happened."
        raise EntryRefusedError(text, problems={parameter.id: text})


def write_value(
    act: Act,
    actor: Actor,
    batch: BatchRecord,
    task: dict[str, Any],
    parameter: v.Parameter,
    entry: Entry | Recorded,
    *,
    source: v.Source,
    event_at: datetime,
    reason: str = "",
    reading_id: str | None = None,
    lot_id: str | None = None,
    undefined: str = "",
    corrects: str | None = None,
    verdict: str = "",
) -> list[dict[str, Any]]:
    """Write one value with the rules that judged it, raise what they found, tell the hold times. Returns what is shown."""
    limits = evaluate_limits(parameter, batch.scope(task)) if parameter.limit_action != "none" else Limits()
    facts = ValueFacts(
        step=batch.step(task),
        parameter=parameter,
        value=entry.value,
        qualifier=entry.qualifier,
        undefined=undefined,
        limits=limits,
        verdict={"pass": True, "fail": False}.get(verdict),
    )
    not_obtained = entry.value is None and source != "calc"  # the rule of missing values says so when the step ends
    judgement = Judgement() if not_obtained else judge("value", facts)
    earlier = [r for r in batch.value_rows(task["key"]) if r["parameter_id"] == parameter.id]
    if corrects is None:
        n = 1 + max((r["n"] for r in earlier), default=0)
    else:
        n = next(r["n"] for r in earlier if r["id"] == corrects)
    row = {
        "id": act.new_id("value"),
        "batch_id": batch.id,
        "task_key": task["key"],
        "step_id": task["step_id"],
        "label": task["label"],
        "parameter_id": parameter.id,
        "n": n,
        "text": entry.text,
        "value": "" if entry.value is None else canonical(entry.value),
        "qualifier": entry.qualifier,
        "uom": parameter.uom,
        "source": source,
        "entered_by": actor.id,
        "entered_role": access.role_text(actor, batch.step(task)),
        "recorded_at": act.now_text,
        "event_at": clock.text(event_at),
        "event_zone": act.site.settings.zone,
        "reading_id": reading_id,
        "raw": verdict or None,
        "lot_id": lot_id,
        "judged_by": dump([list(pair) for pair in judgement.judged_by]),
        "judgement": judgement.outcome,
        "corrects": corrects,
    }
    act.insert(ParameterValue, **row)
    batch.remember(row)
    about: dict[str, Any] = {
        "parameter_id": parameter.id,
        "value_id": row["id"],
        "why": parameter.why or batch.step(task).rationale,
    }
    shown = raise_findings(act, batch, judgement.findings, task, **about)
    if corrects is None and source != "calc":
        entered = EntryFacts(
            parameter=parameter,
            source_used=source,
            source_expected=parameter.source,
            n=n,
            reason=reason,
            event_at=event_at,
            entered_at=act.now,
            late_after=batch.late_after,
        )
        shown += judge_and_raise(act, batch, "entry", entered, task, **about)
    diagram_timers.recorded(act, batch, f"{task['step_id']}.{parameter.id}")
    if parameter.type == "date_time" and isinstance(entry.value, datetime):
        shown += hold_event(act, batch, f"{task['step_id']}.{parameter.id}", entry.value, task)
    return shown


def calculate(act: Act, batch: BatchRecord, task: dict[str, Any], *, final: bool = False) -> list[dict[str, Any]]:
    """Calculate what the recorded inputs allow. `final`: the step ends, what has no value now is recorded as undefined."""
    asked = applicable(batch, task)
    shown: list[dict[str, Any]] = []
    for parameter in batch.recipe.calculations.get(task["step_id"], ()):
        if parameter.id in batch.values(task["key"]) or parameter.id not in asked:
            continue
        found = parse(parameter.formula).try_evaluate(batch.scope(task))
        if isinstance(found, EvaluationError) and not final and _inputs_missing(batch, task, parameter):
            continue
        shown += write_calculated(act, batch, task, parameter, found)
    return shown


def settled(value: Value) -> Value:
    """A calculated value without the noise of the last digits of 28: what is judged and stored has 20.

    24 * ln(2) / ln(8/4) comes out as 24.00000000000000000000000001 and would fall outside a limit of 24.
    """
    return _TWENTY_DIGITS.plus(value) if isinstance(value, Decimal) else value


def write_calculated(
    act: Act,
    batch: BatchRecord,
    task: dict[str, Any],
    parameter: v.Parameter,
    found: Value | EvaluationError,
    corrects: str | None = None,
) -> list[dict[str, Any]]:
    """Record a calculated value with every digit it was judged with, or that there is none and why."""
    undefined = found.message if isinstance(found, EvaluationError) else ""
    value = None if isinstance(found, EvaluationError) else settled(found)
    text = "" if value is None else canonical(value)
    return write_value(
        act,
        SYSTEM,
        batch,
        task,
        parameter,
        Recorded(text, value),
        source="calc",
        event_at=act.now,
        undefined=undefined,
        corrects=corrects,
    )


def _inputs_missing(batch: BatchRecord, task: dict[str, Any], parameter: v.Parameter) -> bool:
    scope = batch.scope(task)
    for name in parse(parameter.formula).names:
        try:
            if scope(name) is None:
                return True
        except KeyError:
            return False
    return False


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
        entry = check([field_of(parameter)], {parameter.id: lot[1]})[parameter.id]
        shown += write_value(
            act,
            actor,
            batch,
            task,
            parameter,
            entry,
            source="master",
            event_at=act.now,
            lot_id=lot[0],
        )
    return shown


def typed_now(batch: BatchRecord, task: dict[str, Any], parameter: v.Parameter) -> Value | None:
    """The current typed value of one parameter of a task."""
    row = batch.values(task["key"]).get(parameter.id)
    return typed(parameter.type, row["value"]) if row and not row["qualifier"] else None
