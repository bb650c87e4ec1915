"""Facts for the rules' tests: one plain case of each moment, to be changed where a test cares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bpmn.vocabulary import HoldTime, Parameter, Step
from engine.rules import (
    RULES,
    EntryFacts,
    Finding,
    HoldFacts,
    Limits,
    StepFacts,
    ValueFacts,
    evaluate_limits,
    judge,
)

STEP = Step(id="S04", title="Count the cells")
NUMBERS = {rule.RULE: rule.NUMBERS for rule in RULES}
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VIABILITY = Parameter(
    id="viab", name="Viability", type="num", uom="%", limit_action="block", parameter_class="CQA",
    nor_low="90", nor_high="100", par_low="80", par_high="100",
)  # fmt: skip


def value_facts(value: Any, parameter: Parameter = VIABILITY, **more: Any) -> ValueFacts:
    """A value of a parameter, its limits evaluated; a text is a number unless the parameter says otherwise."""
    if isinstance(value, str) and parameter.type in ("num", "int"):
        value = Decimal(value)
    limits = evaluate_limits(parameter, more.pop("scope", {}))
    return ValueFacts(step=STEP, parameter=parameter, value=value, **{"limits": limits, **more})


def shown(findings: tuple[Finding, ...]) -> list[tuple[int, str, bool, bool]]:
    """Number, severity, block and stop of each finding."""
    return [(f.number, f.severity, f.blocks, f.stops) for f in findings]


def judged(value: Any, parameter: Parameter = VIABILITY, **more: Any) -> list[tuple[int, str, bool, bool]]:
    """What all rules of the moment find in a value."""
    findings = judge("value", value_facts(value, parameter, **more)).findings
    assert all(finding.number in NUMBERS[finding.rule] for finding in findings)
    return shown(findings)


def changed(parameter: Parameter = VIABILITY, /, **changes: Any) -> Parameter:
    """The parameter with other limits or another action."""
    return replace(parameter, **changes)


def entry_facts(**changes: Any) -> EntryFacts:
    """A reading of a device that arrived at once."""
    plain = EntryFacts(
        parameter=VIABILITY, source_used="device", source_expected="device", n=1, event_at=NOON, entered_at=NOON,
        late_after=timedelta(minutes=15),
    )  # fmt: skip
    return replace(plain, **changes)


def hold_facts(minutes: float, *, kind: str = "max", at_event: bool = True, **changes: Any) -> HoldFacts:
    """A hold time with NOR 60 min and PAR 120 min (a minimum: NOR 120, PAR 60) after so many minutes."""
    nor, par = ("60", "120") if kind == "max" else ("120", "60")
    hold = HoldTime(
        id="H06", from_event="S19.end", to_events=("S20.end",), nor=nor, par=par, uom="min", kind=kind,  # type: ignore[arg-type]
    )  # fmt: skip
    plain = HoldFacts(
        hold=hold, elapsed=timedelta(minutes=minutes), nor=timedelta(minutes=int(nor)), par=timedelta(minutes=int(par)),
        at_event=at_event,
    )  # fmt: skip
    return replace(plain, **changes)


def step_facts(**changes: Any) -> StepFacts:
    """A step that ended with nothing to remark."""
    plain = StepFacts(step=STEP, batch_id="CT-1", ended_at=NOON, training_valid_at_start=True, training_valid_at_end=True)
    return replace(plain, **changes)


__all__ = [
    "NOON", "STEP", "VIABILITY", "Limits", "changed", "entry_facts", "hold_facts", "judged", "shown", "step_facts",
    "value_facts",
]  # fmt: skip
