"""Values that the system calculates: as soon as their inputs are there, and again when one of them is corrected."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, Value, parse
from engine.actions.values import Origin, Recorded, applicable, write_value
from engine.batch_record import BatchRecord
from engine.transaction import SYSTEM, Act
from engine.values import canonical

_TWENTY_DIGITS = Context(prec=20)


def calculate(act: Act, batch: BatchRecord, task: dict[str, Any], *, final: bool = False) -> list[dict[str, Any]]:
    """Calculate what the recorded inputs allow. `final`: the step ends, what has no value now is recorded as undefined.

    An optional one whose inputs were left empty is left empty too.
    """
    asked = applicable(batch, task)
    shown: list[dict[str, Any]] = []
    for parameter in batch.recipe_of(task).calculations.get(task["step_id"], ()):
        if parameter.id in batch.values(task["key"]) or parameter.id not in asked:
            continue
        found = parse(parameter.formula).try_evaluate(batch.scope(task))
        open_yet = not final or parameter.optional
        if open_yet and isinstance(found, EvaluationError) and _inputs_missing(batch, task, parameter):
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
    origin = Origin(actor=SYSTEM, source="calc", event_at=act.now, undefined=undefined, corrects=corrects)
    return write_value(act, batch, task, parameter, Recorded(text, value), origin)


def _inputs_missing(batch: BatchRecord, task: dict[str, Any], parameter: v.Parameter) -> bool:
    scope = batch.scope(task)
    for name in parse(parameter.formula).names:
        try:
            if scope(name) is None:
                return True
        except KeyError:
            return False
    return False
