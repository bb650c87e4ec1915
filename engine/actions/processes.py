"""Processes of the site: drawn like recipes and run by the same engine. The product ships one of each; a site draws its own.

A run of a process is about something (`subject`): the life cycle about its revision, change control about its change. It
goes on as it was drawn when it began, whatever is drawn later.

Source: 21 CFR 211.100(a); EU GMP Chapter 4; Annex 11 s.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from engine.actions import tasks
from engine.actions.completion import advance
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe, control_recipe
from engine.documents import read_document
from engine.errors import StaleRecordError
from engine.passwords import Proof
from engine.reader import Reader
from engine.records import Batch, RecipeDocument, RecipeRevision, Task
from engine.revisions import in_effect
from engine.scope import Row
from engine.step_content import content_hash
from engine.transaction import SYSTEM, Act, Actor
from engine.workflow import Change

LIFE_CYCLE = "RLC-001"
CHANGE_CONTROL = "CCP-001"
SHIPPED = {LIFE_CYCLE: "life_cycle", CHANGE_CONTROL: "change_control"}
"""What the product ships, with its folder in `bpmn/processes`."""
OPEN = ("open", "started", "performed")


def begin(act: Act, process_id: str, *, run_id: str, kind: str, subject: str, product: str = "") -> BatchRecord:
    """Start a run of the process that is in effect now."""
    return begin_drawn(act, drawn_now(act, process_id), run_id=run_id, kind=kind, subject=subject, product=product)


def begin_drawn(act: Act, drawn: Row, *, run_id: str, kind: str, subject: str, product: str = "") -> BatchRecord:
    """Start a run of this revision of a process."""
    recipe = control_recipe(act.site, act, drawn["hash"])
    issued = act.insert(
        Batch,
        id=run_id,
        recipe_id=drawn["recipe_id"],
        revision_id=drawn["id"],
        recipe_hash=drawn["hash"],
        coi="",
        product=product,
        order_json="{}",
        state="IN_PROGRESS",
        issued_at=act.now_text,
        kind=kind,
        subject=subject,
        version=1,
    )
    run = BatchRecord(act.site, act, run_id, issued)
    act.note(f"{kind}:begun", stream=f"batch:{run_id}", subject=subject, drawn=drawn["id"])
    run.begin(recipe.procedure.start({}))
    advance(act, run, Change(opened=tuple(run.run.open.values()), withdrawn=()), [("start", {})])
    run.save(act)
    return run


def sign_step(
    act: Act,
    run: BatchRecord,
    *,
    actor: Actor,
    task_key: str,
    meaning: str,
    proof: Proof,
    entries: Mapping[str, str] | None = None,
    version: int | None = None,
    shown_hash: str | None = None,
) -> dict[str, Any]:
    """Do a step of a run, also one that may come at any time: started, filled in and signed in one act.

    What the drawing says follows happens in the same act; a service that refuses, refuses the signature.
    """
    task = run.task(task_key)
    if shown_hash is not None and shown_hash != content_hash(run, task):
        raise StaleRecordError("What this step is about changed after it was shown to you.", version=task["version"])
    about: dict[str, Any] = {"actor": actor, "batch_id": run.id, "task_key": task_key}
    if task["state"] == "open":
        version = tasks.start_task(act, **about, version=version)["task"]["version"]
    return tasks.sign_task(act, **about, meaning=meaning, proof=proof, entries=entries, version=version)


def open_steps(reader: Reader, run_id: str) -> list[Row]:
    """The open tasks of a run, oldest first; also what may come any time, such as a withdrawal."""
    rows = [row for state in OPEN for row in reader.rows(Task, batch_id=run_id, state=state)]
    return sorted(rows, key=lambda row: (row["opened_at"], row["key"]))


def drawn_now(act: Act, process_id: str) -> Row:
    """The revision of a process that is in effect. On a site that has none yet, the one the product ships with, by the system."""
    rows = act.rows(RecipeRevision, recipe_id=process_id, kind="process")
    found = in_effect(rows, act.now_text)
    return found if found is not None else shipped(act, actor=SYSTEM, process_id=process_id)


def shipped(act: Act, *, actor: Actor, process_id: str) -> Row:
    """Put a process that the product ships with on record and into effect. Stream: `recipe:<process id>`."""
    xml = shipped_xml(process_id)
    document = read_document("process", xml)
    revision_id = f"{process_id}@{document.revision}"
    known = act.find(RecipeRevision, id=revision_id)
    if known is not None:
        return known
    act.also(f"recipe:{process_id}")
    if act.find(RecipeDocument, hash=document.hash) is None:
        act.insert(RecipeDocument, hash=document.hash, xml=xml)
    row = act.insert(
        RecipeRevision,
        id=revision_id,
        recipe_id=process_id,
        revision=document.revision,
        title=document.title,
        product="",
        hash=document.hash,
        state="EFFECTIVE",
        authored_by=actor.id,
        effective_at=act.now_text,
        kind="process",
        version=1,
    )
    act.note("recipe:shipped", stream=f"recipe:{process_id}", revision=revision_id, hash=document.hash)
    act.site.recipes.setdefault(document.hash, ControlRecipe(xml.encode(), document.hash))
    return row


def ship(act: Act, *, actor: Actor, process_id: str) -> dict[str, Any]:
    """The same as an act of its own, when a site is founded."""
    return {"revision": shipped(act, actor=actor, process_id=process_id)["id"]}


def shipped_xml(process_id: str) -> str:
    """A process as the product ships it."""
    return files("bpmn").joinpath("processes", SHIPPED[process_id], f"{process_id}.bpmn").read_text("utf-8")
