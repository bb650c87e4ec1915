"""What was decided for open batches takes effect at each of them.

Each batch in an act of its own, so that it is wholly before the decision or wholly after it, whatever dies in between;
`apply_decisions` goes on where it was.

Source: domain rules 3.3 (in-flight batch rule set); EU GMP Part IV s.2.3.4; 21 CFR 211.100(a).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.actions.adoptions import Because, adopt, keep_document
from engine.actions.batches import hold
from engine.actions.findings import judge_and_raise
from engine.actions.open_batches import refuse_early
from engine.adoption import is_unstarted
from engine.batch_record import BatchRecord
from engine.change_items import Item, items_of
from engine.composing import control_recipe_with
from engine.errors import (
    AdoptionRefusedError,
    BatchwrightError,
    DatabaseBusyError,
)
from engine.positions import concerns, passed, position_of, steps_to_come
from engine.queries.open_batches import adoptable
from engine.records import Notice, OpenBatchDecision, RecipeRevision, Signature
from engine.rules.facts import AdoptionFacts
from engine.site import Site
from engine.transaction import SYSTEM, Act, Actor, perform

TELL = ("MED", "QA_DISP")


def apply_decisions(
    site: Site, change_id: str = "", progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Let every decision that is taken and not applied take effect, batch by batch. Safe beside other processes.

    Returns a result for each batch: {"batch", "applied": items, "refused": reasons}. A batch that had moved on in the
    meantime is refused, and its rows are to be decided again.
    """
    with site.read() as reader:
        about: dict[str, Any] = {"change_id": change_id} if change_id else {}
        waiting = reader.rows(OpenBatchDecision, state="DECIDED", **about)
    pairs = list(dict.fromkeys((row["change_id"], row["batch_id"]) for row in waiting))
    results = []
    for done, (change, batch) in enumerate(pairs, 1):
        results.append(_apply_one(site, change, batch))
        if progress is not None:
            progress(done, len(pairs))
    return results


def _apply_one(site: Site, change_id: str, batch_id: str) -> dict[str, Any]:
    where: dict[str, Any] = {"actor": SYSTEM, "source": "system", "change_id": change_id, "batch_id": batch_id}
    change = f"batch:{change_id}"
    try:
        return perform(site, apply_to_batch, stream=f"batch:{batch_id}", also=(change,), **where)
    except DatabaseBusyError:
        return {"batch": batch_id, "applied": [], "refused": []}  # it stays taken, and the next round applies it
    except BatchwrightError as error:
        why = list(error.details.get("reasons", ())) or [error.message]
        return perform(site, refuse_at_batch, stream=change, why=" ".join(why), **where)


def apply_to_batch(act: Act, *, actor: Actor, change_id: str, batch_id: str) -> dict[str, Any]:
    """What was decided for one batch takes effect: all of its items that are waiting, or none."""
    taken = act.rows(OpenBatchDecision, change_id=change_id, batch_id=batch_id, state="DECIDED")
    batch = BatchRecord(act.site, act, batch_id)
    items = {item.n: item for item in items_of(act, change_id)}
    by_decision: dict[str, list[Item]] = {}
    for row in taken:
        if row["item"] in items:
            by_decision.setdefault(row["decision"], []).append(items[row["item"]])
    told = {row["item"]: f"{row['decision']}: nothing changes for the batch" for row in taken}
    sets = dict.fromkeys(row["set_id"] for row in taken if row["decision"] == "adopt")
    signed = (act.rows(Signature, subject=f"decision_set:{name}", order=("signed_at", "id")) for name in sets)
    signatures = [signature["id"] for found in signed for signature in found]
    for item in by_decision.get("adopt", ()):
        if position_of(batch, item) not in ("NOT_STARTED", "BEFORE"):
            raise AdoptionRefusedError(f"Batch {batch_id} is at or behind what item {item.n} changes.")
    for decision, about in by_decision.items():
        told |= dict.fromkeys((item.n for item in about), _take(act, batch, change_id, decision, about, signatures))
    for row in taken:
        key = {"change_id": change_id, "batch_id": batch_id, "item": row["item"]}
        act.update(
            OpenBatchDecision, key, was=row, state="APPLIED", result=told[row["item"]], applied_at=act.now_text
        )  # fmt: skip
    if taken:
        decisions = {str(row["item"]): row["decision"] for row in taken}
        act.note("open_batch:decided", critical=True, change=change_id, decisions=decisions)
    batch.save(act)
    return {"batch": batch_id, "applied": [row["item"] for row in taken], "refused": []}


def refuse_at_batch(act: Act, *, actor: Actor, change_id: str, batch_id: str, why: str) -> dict[str, Any]:
    """A decision could not take effect: the batch had moved on. Its rows are to be decided again."""
    taken = act.rows(OpenBatchDecision, change_id=change_id, batch_id=batch_id, state="DECIDED")
    for row in taken:
        key = {"change_id": change_id, "batch_id": batch_id, "item": row["item"]}
        act.update(OpenBatchDecision, key, was=row, state="REFUSED", result=why)
    act.note("open_batch:refused", critical=True, change=change_id, batch=batch_id, why=why)
    return {"batch": batch_id, "applied": [], "refused": [why]}


def _take(
    act: Act, batch: BatchRecord, change_id: str, decision: str, items: Sequence[Item], signatures: list[str]
) -> str:
    """One decision takes effect for all items that it was taken for; what happened, in words."""
    named = f"{change_id}, item {' and '.join(str(item.n) for item in items)}"
    if decision == "adopt":
        return _adopt(act, batch, named, items, signatures)
    if decision == "hold":
        hold(act, batch, f"{named}: to be decided before it goes on.")
        return "On hold until it is decided again."
    if decision in ("assess", "finish"):
        late = [item for item in items if item.safety]
        return _miss(act, batch, named, late) if late else "It finishes as it is."
    if decision == "signal":
        act.insert(
            Notice, id=act.new_id("notice"), batch_id=batch.id, task_key=change_id, kind="escalation", roles=list(TELL),
            text=f"{named} is about safety; {batch.id} was released. {'; '.join(i.why for i in items)}", at=act.now_text,
        )  # fmt: skip
        return "Those who look after the patient are told."
    return f"{decision.replace('_', ' ').capitalize()}: nothing changes for the batch."


def _adopt(act: Act, batch: BatchRecord, named: str, items: Sequence[Item], signatures: list[str]) -> str:
    refuse_early(act, items[0].change_id)
    if gone := [item.n for item in items if not concerns(batch, item)]:
        raise AdoptionRefusedError(f"Item {gone[0]} does not concern batch {batch.id} any more.")
    if batch.row["state"] == "PLANNED":
        return _plan_anew(act, batch, items)
    over = control_recipe_with(batch, items)
    facts = AdoptionFacts(
        what="adopted", because=named, from_revision=_called(batch), to_revision=over.to_revision,
        safety=any(item.safety for item in items),
    )  # fmt: skip
    new = over.recipe if over.whole else keep_document(act, over.xml)
    anew = is_unstarted(batch)
    first = () if anew else steps_to_come(batch, new, items)
    late = [item for item in items if item.safety and passed(batch, item)]
    because = Because(
        facts, "; ".join(dict.fromkeys(item.why for item in items)), first, tuple(signatures), items[0].change_id,
        items=tuple(item.n for item in items),
    )  # fmt: skip
    adopt(act, batch, new, because, revision_id=items[0].revision_id if over.whole else "")
    if late:
        _miss(act, batch, named, late)
    if anew:
        return f"It is issued anew under {over.to_revision}."
    along = f" Along with it came: {'; '.join(over.along)}." if over.along else ""
    return f"From {', '.join(first[:1]) or 'here'} on {over.to_revision}.{along}"


def _plan_anew(act: Act, batch: BatchRecord, items: Sequence[Item]) -> str:
    """A batch that is only planned is issued under the revision as it was approved, whatever it was planned on."""
    adoptable(batch, items)
    revision = act.get(RecipeRevision, id=items[0].revision_id)
    batch.change(recipe_hash=revision["hash"], revision_id=revision["id"])
    act.note("batch:replanned", critical=True, revision=revision["id"])
    return f"It is issued under {revision['id']}."


def _miss(act: Act, batch: BatchRecord, named: str, items: Sequence[Item]) -> str:
    """The reason of a change about safety may touch what was done: quality answers before disposition."""
    for item in items:
        facts = AdoptionFacts(
            what="missed", because=named, from_revision=_called(batch), to_revision=item.revision_id, safety=True
        )
        done = passed(batch, item)
        step_id = done[0]["step_id"] if done else next((n for n in item.places if n in batch.recipe.steps), None)
        judge_and_raise(
            act, batch, "adoption", facts, why=item.why, step_id=step_id, subject=f"missed:{item.change_id}:{item.n}"
        )
    return "To be assessed before disposition; an exception is open."


def _called(batch: BatchRecord) -> str:
    return str(batch.adoptions[-1]["to_revision"] if batch.adoptions else batch.row["revision_id"])
