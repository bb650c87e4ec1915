"""What a correction means for values recorded elsewhere: limits and conditions that use the corrected value hold anew.

A value keeps the judgement of its moment in its row; what departs from the limits as they are now is an exception of its
own. Source: 21 CFR 211.192.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import parse
from engine.actions import departure_uses
from engine.actions.findings import raise_findings
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe
from engine.records import ExceptionRecord
from engine.rules import Finding, judge
from engine.rules.facts import ValueFacts
from engine.rules.limits import evaluate_limits
from engine.transaction import Act
from engine.values import typed


def judge_again(act: Act, batch: BatchRecord) -> list[dict[str, Any]]:
    """Judge again what hangs on the values that this act corrected; each new departure blocks as it always would."""
    shown: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for key, names in batch.corrected.items():
        step_id = batch.task(key)["step_id"]
        for recipe, user_step, parameter in _bounded_by(batch, step_id, names):
            for row in batch.tasks_of(user_step):
                by_it = row["state"] != "withdrawn" and batch.recipe_of(row) is recipe
                if by_it and (row["key"], parameter.id) not in seen:
                    seen.add((row["key"], parameter.id))
                    shown += _judge(act, batch, batch.task(row["key"]), parameter)
    return shown


def _bounded_by(batch: BatchRecord, step_id: str, names: Iterable[str]) -> Iterator[tuple[ControlRecipe, str, v.Parameter]]:
    """Whose limits or conditions use a value, by each control recipe that steps were done by."""
    for recipe in batch.recipes:
        for name in sorted(names):
            yield from ((recipe, *user) for user in recipe.bounded_by.get(f"{step_id}.{name}", ()))


def _judge(act: Act, batch: BatchRecord, task: dict[str, Any], parameter: v.Parameter) -> list[dict[str, Any]]:
    row = batch.values(task["key"]).get(parameter.id)
    if row is None:
        return _asked_for_now(act, batch, task, parameter)
    if parameter.id in batch.corrected.get(task["key"], ()) or not row["value"] or parameter.limit_action == "none":
        return []
    facts = ValueFacts(
        step=batch.step(task),
        parameter=parameter,
        value=typed(parameter.type, row["value"]),
        qualifier=row["qualifier"],
        limits=evaluate_limits(parameter, batch.scope(task)),
    )
    raised = {(e["number"], e["severity"]) for e in act.rows(ExceptionRecord, batch_id=batch.id, value_id=row["id"])}
    findings = [f for f in judge("value", facts).findings if (f.number, f.severity) not in raised]
    about = {"parameter_id": parameter.id, "value_id": row["id"], "why": parameter.why or batch.step(task).rationale}
    findings, use = departure_uses.lifted(act, batch, task, facts, row["n"], findings)
    shown = raise_findings(act, batch, findings, task, **about)
    return shown + (departure_uses.note_use(act, batch, task, use, **about) if use is not None else [])


def _asked_for_now(act: Act, batch: BatchRecord, task: dict[str, Any], parameter: v.Parameter) -> list[dict[str, Any]]:
    """A step that is over did not ask for a value that it would ask for now: nobody can record it any more."""
    if task["state"] != "completed" or not parameter.when or parameter.source == "calc":
        return []
    if parse(parameter.when).try_evaluate(batch.scope(task)) is not True:
        return []
    message = f"{parameter.name} was not recorded at {task['key']}: by the corrected value it was to be asked for."
    finding = Finding(13, "missing_value", "major", message, blocks=True, expected=parameter.name,
                      actual="nothing recorded", rule_version="1")  # fmt: skip
    return raise_findings(act, batch, [finding], task, parameter_id=parameter.id, subject=f"asked:{task['key']}:{parameter.id}")
