"""Reminds the people whose step is open. What is open is named by the diagram: a step, or a subprocess with its steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from engine.control_recipe import iteration_of
from engine.records import Notice, Task
from engine.scope import Row
from engine.services.call import Call, Message

NAME = "run.remind"
OPEN = ("open", "started", "performed")


def perform(call: Call) -> Iterable[Message]:
    """One notice for each open step, to the roles that have not signed yet."""
    for task in open_here(call):
        notify(call, task, "reminder", waiting_roles(call, task), "is still open")
    return ()


def open_here(call: Call) -> Iterator[Row]:
    """The open steps that the diagram means, of this round; without a name, all but what may come any time."""
    run, here = call.run, iteration_of(call.key)
    for row in call.act.rows(Task, batch_id=run.id, order=("opened_at", "key")):
        task, step_id = run.task(row["key"]), row["step_id"]
        meant = {step_id, *run.recipe.diagram.ancestors(step_id)} if call.value else {""}
        if task["state"] not in OPEN or call.value not in meant or iteration_of(row["key"])[: len(here)] != here:
            continue
        if call.value or step_id not in run.recipe.awaited:
            yield task


def waiting_roles(call: Call, task: Row) -> list[str]:
    """Who still has to sign a step."""
    signed = {row["slot"] for row in call.run.signatures(task["key"])}
    slots = call.run.step(task).slots
    return list(dict.fromkeys(role for name, slot in slots.items() if name not in signed for role in slot.roles))


def notify(call: Call, task: Row, kind: str, roles: list[str], said: str) -> None:
    """Write a notice about an open step."""
    text = f"{call.run.id}: {task['title']} {said}, since {task['opened_at']}."
    call.act.insert(
        Notice, id=call.act.new_id("notice"), batch_id=call.run.id, task_key=task["key"], kind=kind, roles=json.dumps(roles),
        text=text, at=call.act.now_text,
    )  # fmt: skip
    call.act.note(f"{kind}:sent", task=task["key"], roles=roles)
