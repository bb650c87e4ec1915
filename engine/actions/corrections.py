"""Correct a recorded value: both stay, with the reason; what was calculated from it is calculated again.

Source: 21 CFR 11.10(e), Annex 11 s.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.expressions import parse
from engine import clock
from engine.actions import access
from engine.actions.calculations import settled, write_calculated
from engine.actions.findings import judge_and_raise
from engine.actions.holds import begun_otherwise
from engine.actions.reasons import reason as said
from engine.actions.rejudgement import judge_again
from engine.actions.values import Origin, write_value
from engine.batch_record import BatchRecord
from engine.control_recipe import iteration_of
from engine.errors import CorrectionRefusedError, RecordNotFoundError
from engine.form import answered, needed_field
from engine.records import Correction, ParameterValue
from engine.rules.facts import CorrectionFacts
from engine.running import note_advance
from engine.scope import Row
from engine.transaction import SYSTEM, Act, Actor
from engine.values import canonical
from forms.form import check

FORM, FIELDS = "reason", ("reason",)
NOTHING: Mapping[str, str] = {}
MAY_CORRECT = ("MFG_OP", "MFG_SUP", "QC_ANL", "MFG_VER")
AFTER_REVIEW = frozenset({"QA_REVIEWED", "RELEASED"})


def correct_value(
    act: Act,
    *,
    actor: Actor,
    batch_id: str,
    value_id: str,
    text: str,
    reason: str,
    version: int | None = None,
    more: Mapping[str, str] = NOTHING,
) -> dict[str, Any]:
    """Record what the value should have been. The first one stays visible, and so does every exception it raised.

    Only the value that counts now can be corrected, and only one that a person typed or accepted. A correction after the
    review by QA voids that review. `more`: what the site's form of a reason asks beside. Raises CorrectionRefusedError,
    ReasonRequiredError, FormError.
    """
    batch = access.open_batch(act, batch_id, even_held=True)
    if not batch.is_batch:
        raise CorrectionRefusedError("What was said of a revision has taken its effect; say it anew at the next step.")
    old = act.find(ParameterValue, id=value_id)
    if old is None or old["batch_id"] != batch_id:
        raise RecordNotFoundError(f"Value {value_id} of batch {batch_id}.")
    task = batch.task(old["task_key"])
    access.permit(actor, (*access.performer_roles(batch.step(task)), *MAY_CORRECT))
    access.fresh(task, version)
    parameter = batch.step(task).parameter(old["parameter_id"])
    if parameter is None or batch.values(task["key"]).get(old["parameter_id"], {}).get("id") != value_id:
        raise CorrectionRefusedError("It was corrected or measured again already: correct the value that counts now.")
    if old["source"] not in ("manual", "device"):
        raise CorrectionRefusedError(f"A value from {old['source']} is not corrected by hand; correct what it comes from.")
    entry = check([needed_field(parameter)], {parameter.id: text}, act.site.zone)[parameter.id]
    answer = answered(act, FORM, {**more, "reason": said(reason)}, act.site.zone)
    origin = Origin(actor=actor, source="manual", event_at=clock.parse(old["event_at"]), corrects=value_id)
    shown = write_value(act, batch, task, parameter, entry, origin)
    shown += _record(act, batch, task, old, actor, said(reason))
    shown += _recalculate(act, batch, task, parameter.id)
    shown += judge_again(act, batch)
    shown += begun_otherwise(act, batch, f"{task['step_id']}.{parameter.id}")
    _tell_procedure(act, batch)
    if batch.row["state"] in AFTER_REVIEW:
        batch.change(state="REOPENED")
        act.note("batch:reopened", why="a value was corrected after the review by QA", critical=True)
    act.note(
        "value:corrected",
        value=value_id,
        old=old["text"],
        new=entry.text,
        reason=said(reason),
        form=answer.revision_id,
        more=answer.beside(*FIELDS),
        critical=True,
    )
    batch.save(act)
    return {"task": access.task_answer(task), "exceptions": shown}


def _record(act: Act, batch: BatchRecord, task: dict[str, Any], old: Row, actor: Actor, why: str) -> list[dict[str, Any]]:
    """The correction row between old and new value, and what the rules say about it."""
    new = next(row for row in batch.value_rows(task["key"]) if row["corrects"] == old["id"])
    act.insert(
        Correction,
        id=act.new_id("correction"),
        batch_id=batch.id,
        value_id=old["id"],
        new_value_id=new["id"],
        reason=why,
        by=actor.id,
        at=act.now_text,
    )
    if actor is SYSTEM:
        return []
    parameter = batch.step(task).parameter(old["parameter_id"])
    assert parameter is not None
    facts = CorrectionFacts(
        parameter=parameter,
        old_text=old["text"],
        new_text=new["text"],
        old_judgement=old["judgement"],
        new_judgement=new["judgement"],
        reason=why,
        task_completed=task["state"] == "completed",
    )
    return judge_and_raise(
        act,
        batch,
        "correction",
        facts,
        task,
        parameter_id=parameter.id,
        value_id=new["id"],
        why=parameter.why,
    )


def _recalculate(act: Act, batch: BatchRecord, task: dict[str, Any], parameter_id: str) -> list[dict[str, Any]]:
    """Calculate again whatever used the corrected value, in this step and after it; each change is a correction too."""
    shown: list[dict[str, Any]] = []
    waiting = [(task["key"], parameter_id)]
    while waiting:
        key, changed = waiting.pop(0)
        for user, parameter in _users(batch, batch.task(key), changed):
            row = batch.values(user["key"]).get(parameter.id)
            if row is None:
                continue
            found = parse(parameter.formula).try_evaluate(batch.scope(user))
            if row["value"] == (canonical(settled(found)) if not isinstance(found, Exception) else ""):
                continue
            shown += write_calculated(act, batch, user, parameter, found, corrects=row["id"])
            shown += _record(act, batch, user, row, SYSTEM, f"calculated again: {changed} of {key} was corrected")
            waiting.append((user["key"], parameter.id))
    return shown


def _tell_procedure(act: Act, batch: BatchRecord) -> None:
    """Ways that are still to be chosen go by the corrected values; of a loop, by those of its last iteration."""
    for key, names in batch.corrected.items():
        task = batch.task(key)
        asked = [name for name in batch.recipe.routing.get(task["step_id"], ()) if name in names]
        done = [t for t in batch.tasks_of(task["step_id"]) if t["state"] == "completed"]
        last = max(done, key=lambda t: (t["completed_at"], iteration_of(t["key"])), default=None)
        if not asked or last is None or last["key"] != key:
            continue
        found = batch.typed_values(key)
        values = {f"{task['step_id']}.{name}": found.get(name) for name in asked}
        batch.run.correct(key, values)
        note_advance(act, batch.id, batch.run, [("correct", key, values)])


def _users(batch: BatchRecord, task: dict[str, Any], parameter_id: str) -> list[tuple[dict[str, Any], Any]]:
    """Tasks and parameters whose formula uses a value: of the same task, of the next iteration, of later steps."""
    step_id, found = task["step_id"], _calculated(batch, task, parameter_id)
    iteration = iteration_of(task["key"])
    if iteration:
        following = f"{task['key'].partition('[')[0]}[{'.'.join(map(str, (*iteration[:-1], iteration[-1] + 1)))}]"
        if any(row["key"] == following for row in batch.tasks_of(step_id)):
            found += _calculated(batch, batch.task(following), f"previous.{parameter_id}")
    for recipe in batch.recipes:
        for user_step, user_parameter in recipe.users.get(f"{step_id}.{parameter_id}", ()):
            parameter = recipe.steps[user_step].parameter(user_parameter)
            rows = [row for row in batch.tasks_of(user_step) if batch.recipe_of(row) is recipe]
            found += [(batch.task(row["key"]), parameter) for row in rows]
    return found


def _calculated(batch: BatchRecord, task: dict[str, Any], name: str) -> list[tuple[dict[str, Any], Any]]:
    """The calculated values of a task that use a name, as the recipe has them that the task was done by."""
    of_step = batch.recipe_of(task).calculations.get(task["step_id"], ())
    return [(task, p) for p in of_step if name in parse(p.formula).names]
