"""Counts what the assessments of this round say: `agreed`, `objected`, `returned`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.control_recipe import iteration_of
from engine.records import Task
from engine.services.call import Call, Message

NAME = "change.verdict"
VERDICT, OBJECT = "verdict", "object"


def perform(call: Call) -> Iterable[Message]:
    """An assessment is a step that offers to object. One objection is enough; a condition is no objection."""
    run, here = call.run, iteration_of(call.key)
    verdicts = {}
    for task in call.act.rows(Task, batch_id=run.id, order=("opened_at", "key")):
        parameter = run.step(task).parameter(VERDICT)
        offered = {choice.value for choice in parameter.choices} if parameter else set()
        state = run.task(task["key"])["state"]  # as this act has it, which may complete the last one
        if OBJECT in offered and state == "completed" and iteration_of(task["key"])[: len(here)] == here:
            verdicts[task["key"]] = run.values(task["key"])[VERDICT]["value"]
    said = set(verdicts.values())
    call.values.update(objected=OBJECT in said, returned="return" in said, agreed=not said & {OBJECT, "return"})
    call.act.note("change:weighed", change=run.id, verdicts=verdicts)
    return ()
