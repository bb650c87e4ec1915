"""A batch goes on under another control recipe: proven, recorded with both hashes, and always an exception.

Source: 21 CFR 211.188(a); EU GMP Part IV s.2.3.4; requirement P4-05.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bpmn.expressions import Value
from bpmn.reading import canonical_hash
from engine.actions.completion import advance, open_task
from engine.actions.diagram_timers import set_timer
from engine.actions.findings import judge_and_raise
from engine.actions.holds import hold_event
from engine.adoption import executed_prefix, is_unstarted, prove, reissued
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe, control_recipe
from engine.errors import EngineFaultError
from engine.records import Adoption, DueTime, RecipeDocument, Task
from engine.rules.facts import AdoptionFacts
from engine.running import note_advance, note_decided
from engine.scope import Row
from engine.transaction import Act


@dataclass(frozen=True, slots=True)
class Because:
    """Why a batch goes on under another recipe, and who signed for it.

    `facts` are what the rules are told; `why` is shown with the exception. `from_steps`: the changed steps. `step_id`: the
    step that the exception is at, else the first changed one. `skipped`: a step that is left out, although it may be open.
    """

    facts: AdoptionFacts
    why: str
    from_steps: tuple[str, ...]
    signatures: tuple[str, ...]
    change_id: str | None = None
    ad_hoc_id: str | None = None
    items: tuple[int, ...] = field(default=())
    step_id: str = ""
    skipped: str = ""


def keep_document(act: Act, xml: bytes) -> ControlRecipe:
    """The control recipe of a diagram, kept under its hash for as long as there are batches."""
    digest = canonical_hash(xml)
    if act.find(RecipeDocument, hash=digest) is None:
        act.insert(RecipeDocument, hash=digest, xml=xml.decode())
    if digest not in act.site.recipes:
        act.site.recipes[digest] = ControlRecipe(xml, digest)
    return control_recipe(act.site, act, digest)


def adopt(act: Act, batch: BatchRecord, new: ControlRecipe, because: Because, *, revision_id: str = "") -> Row:
    """Let the batch go on under `new`; AdoptionRefusedError says why it can't, and nothing has changed. The row of it.

    `revision_id`: of the master recipe, where the batch takes over the whole of it. A batch of which nothing was started
    is issued anew: its first steps are opened again.
    """
    old = batch.recipe
    anew = is_unstarted(batch)
    proven = reissued(batch, new) if anew else prove(batch, new, skipped=because.skipped)
    before = executed_prefix(batch)
    row = act.insert(
        Adoption,
        id=act.new_id("adoption"),
        batch_id=batch.id,
        change_id=because.change_id,
        ad_hoc_id=because.ad_hoc_id,
        items=list(because.items),
        from_hash=old.hash,
        to_hash=new.hash,
        from_revision=because.facts.from_revision,
        to_revision=because.facts.to_revision,
        from_steps=list(because.from_steps),
        prefix_hash=before[0],
        prefix_steps=before[1],
        signatures=list(because.signatures),
        by=act.actor.id,
        at=act.now_text,
    )
    batch.go_on_under(new, proven.run, row)
    if revision_id:
        batch.change(revision_id=revision_id)
    told = [("adopt", new.hash, proven.given)]
    if proven.change.withdrawn:
        note_decided(act, batch.id, proven.decided)
        advance(act, batch, proven.change, told)
    else:
        note_advance(act, batch.id, proven.run, told)
    proven.run.take_decided()
    if anew:
        _issue_anew(act, batch)
    _drop_hold_times(act, old, batch)
    if executed_prefix(batch) != before:
        raise EngineFaultError("What was executed before the adoption would look different after it.")
    act.note(
        "batch:adopted", critical=True, stream=f"batch:{batch.id}", adoption=row["id"], change=because.change_id or "",
        ad_hoc=because.ad_hoc_id or "", from_hash=old.hash, to_hash=new.hash, prefix_hash=before[0],
    )  # fmt: skip
    step_id = because.step_id or next(iter(because.from_steps), None)
    subject = f"adoption:{row['id']}"
    if not judge_and_raise(act, batch, "adoption", because.facts, subject=subject, why=because.why, step_id=step_id):
        raise EngineFaultError("A change of a running batch that would be no exception.")
    return row


def _issue_anew(act: Act, batch: BatchRecord) -> None:
    """Nothing was started: the steps that are open now are those of the new recipe, as it calls them."""
    for task in act.rows(Task, batch_id=batch.id, state="open"):
        if task["key"] not in batch.run.open:
            batch.change_task(batch.task(task["key"]), state="withdrawn", completed_at=act.now_text)
    for due in act.rows(DueTime, batch_id=batch.id, state="waiting"):
        act.update(DueTime, {"id": due["id"]}, was=due, state="cancelled")
    for item in batch.run.open.values():
        if item.kind == "timer":
            set_timer(act, batch, item)
        elif item.node_id in batch.recipe.steps:
            open_task(act, batch, item)
    for name, value in order_instants(batch).items():
        hold_event(act, batch, f"order.{name}", value)  # type: ignore[arg-type]


def order_instants(batch: BatchRecord) -> Mapping[str, Value]:
    """The order's instants, on which hold times may hang."""
    named = [f.name for f in batch.recipe.header.order_fields if f.type == "date_time"]
    return {name: batch.order[name] for name in named if batch.order.get(name) is not None}


def _drop_hold_times(act: Act, old: ControlRecipe, batch: BatchRecord) -> None:
    """Hold times that the new recipe does not have wait for nothing any more; none of them was running."""
    gone: Iterable[str] = old.holds.keys() - batch.recipe.holds.keys()
    for due in act.rows(DueTime, batch_id=batch.id, state="waiting"):
        if due["kind"] != "timer" and due["ref"] in gone:
            act.update(DueTime, {"id": due["id"]}, was=due, state="cancelled")
