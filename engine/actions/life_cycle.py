"""The life of a revision: a drawn process like a batch's, run by the same engine. A site changes it by drawing.

Source: 21 CFR 211.100(a), 211.186(a); EU GMP Chapter 4; Annex 11 s.10.
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
from engine.errors import DuplicateRecordError, MeaningNotAllowedError, StaleRecordError
from engine.passwords import Proof
from engine.reader import Reader
from engine.records import Batch, RecipeDocument, RecipeDraft, RecipeRevision, Task
from engine.revisions import in_effect
from engine.scope import Row
from engine.services.call import revision_stream
from engine.step_content import content_hash
from engine.transaction import SYSTEM, Act, Actor
from engine.workflow import Change

LIFE_CYCLE = "RLC-001"
KIND = "life_cycle"
OPEN = ("open", "started", "performed")


def begin(act: Act, revision: Row) -> BatchRecord:
    """Start the life cycle of a revision, as it is drawn now; the run has the revision's id."""
    if act.find(Batch, id=revision["id"]) is not None:
        raise DuplicateRecordError(f"There is a batch of the number {revision['id']}.")
    drawn = _in_effect(act)
    recipe = control_recipe(act.site, act, drawn["hash"])
    issued = act.insert(
        Batch,
        id=revision["id"],
        recipe_id=drawn["recipe_id"],
        revision_id=drawn["id"],
        recipe_hash=drawn["hash"],
        coi="",
        product=revision["product"],
        order_json="{}",
        state="IN_PROGRESS",
        issued_at=act.now_text,
        kind=KIND,
        subject=revision["id"],
        version=1,
    )
    run = BatchRecord(act.site, act, revision["id"], issued)
    act.note("life_cycle:begun", stream=f"batch:{run.id}", revision=revision["id"], life_cycle=drawn["id"])
    run.begin(recipe.procedure.start({}))
    advance(act, run, Change(opened=tuple(run.run.open.values()), withdrawn=()), [("start", {})])
    run.save(act)
    return run


def run_of(act: Act, revision_id: str) -> BatchRecord:
    """The run of a revision. One from before the life cycle was drawn, and not in use yet, begins it now, as a draft."""
    act.also(f"batch:{revision_id}")
    act.also(revision_stream(revision_id))
    row = act.find(Batch, id=revision_id)
    if row is not None and row["kind"] == KIND:
        return BatchRecord(act.site, act, revision_id)
    revision = act.get(RecipeRevision, id=revision_id)
    if revision["state"] not in ("DRAFT", "IN_REVIEW", "APPROVED"):
        raise MeaningNotAllowedError(f"{revision_id} is {revision['state'].lower()}.")
    xml = act.get(RecipeDocument, hash=revision["hash"])["xml"]
    act.insert(
        RecipeDraft, revision_id=revision_id, recipe_id=revision["recipe_id"], xml=xml, hash=revision["hash"],
        saved_by=revision["authored_by"], saved_at=act.now, version=1,
    )  # fmt: skip
    return begin(act, revision)


def sign(
    act: Act,
    *,
    actor: Actor,
    revision_id: str,
    task_key: str,
    meaning: str,
    proof: Proof,
    entries: Mapping[str, str] | None = None,
    version: int | None = None,
    shown_hash: str | None = None,
) -> dict[str, Any]:
    """Do a step of a life cycle: started, filled in and signed in one act. Stream: `batch:<revision id>`.

    Whatever the drawing says follows happens in the same act; a service that refuses, refuses the signature.
    """
    run = run_of(act, revision_id)
    task = run.task(task_key)
    if shown_hash is not None and shown_hash != content_hash(run, task):
        raise StaleRecordError("The revision or its step changed after it was shown to you.", version=task["version"])
    if task["state"] == "open":
        started = tasks.start_task(act, actor=actor, batch_id=revision_id, task_key=task_key, version=version)
        version = started["task"]["version"]
    answer = tasks.sign_task(
        act, actor=actor, batch_id=revision_id, task_key=task_key, meaning=meaning, proof=proof, entries=entries,
        version=version,
    )  # fmt: skip
    return answer | {"revision": revision_id, "state": act.get(RecipeRevision, id=revision_id)["state"]}


def open_steps(reader: Reader, revision_id: str) -> list[Row]:
    """The open tasks of a revision's life cycle, oldest first; also what may come any time, such as its withdrawal."""
    rows = [row for state in OPEN for row in reader.rows(Task, batch_id=revision_id, state=state)]
    return sorted(rows, key=lambda row: (row["opened_at"], row["key"]))


def _in_effect(act: Act) -> Row:
    """The life cycle in effect. On a site that has none yet, the one that the product ships with, by the system."""
    rows = act.rows(RecipeRevision, recipe_id=LIFE_CYCLE, kind="process")
    found = in_effect(rows, act.now_text)
    return found if found is not None else shipped(act, actor=SYSTEM)


def shipped(act: Act, *, actor: Actor) -> Row:
    """Put the life cycle that the product ships with on record and into effect. Stream: `recipe:RLC-001`."""
    xml = shipped_xml()
    document = read_document("process", xml)
    revision_id = f"{LIFE_CYCLE}@{document.revision}"
    known = act.find(RecipeRevision, id=revision_id)
    if known is not None:
        return known
    if act.find(RecipeDocument, hash=document.hash) is None:
        act.insert(RecipeDocument, hash=document.hash, xml=xml)
    row = act.insert(
        RecipeRevision,
        id=revision_id,
        recipe_id=LIFE_CYCLE,
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
    act.note("recipe:shipped", stream=f"recipe:{LIFE_CYCLE}", revision=revision_id, hash=document.hash)
    act.site.recipes.setdefault(document.hash, ControlRecipe(xml.encode(), document.hash))
    return row


def ship(act: Act, *, actor: Actor) -> dict[str, Any]:
    """The same as an act of its own, when a site is founded."""
    return {"revision": shipped(act, actor=actor)["id"]}


def shipped_xml() -> str:
    """The life cycle as the product ships it."""
    return files("bpmn").joinpath("processes", "life_cycle", f"{LIFE_CYCLE}.bpmn").read_text("utf-8")
