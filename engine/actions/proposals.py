"""What one batch did differently, proposed for the recipe: a draft with the same edit, under a change that names the batch.

Source: ICH Q10 3.2.3 (knowledge from batches feeds change control); 21 CFR 211.100(a).
"""

from __future__ import annotations

from typing import Any

from bpmn.diagram import Diagram
from bpmn.diff import diff
from bpmn.edits import EditError, apply_edit
from engine.actions import access, changes, drafts
from engine.actions.ad_hoc_changes import APPLIED, ad_hoc_of, edit_of, origin
from engine.actions.recipes import effective_revision
from engine.ad_hoc import in_words, refusal
from engine.batch_record import BatchRecord
from engine.errors import OutcomeNotAllowedError
from engine.records import AdHocChange, RecipeDocument
from engine.transaction import Act, Actor

KIND = "ad_hoc"
CONFIDENCE = "low"
TITLE_LENGTH = 180


def propose_to_master(
    act: Act, *, actor: Actor, batch_id: str, ad_hoc_id: str, change_id: str, revision: str
) -> dict[str, Any]:
    """Begin the recipe's next revision with the edit of an applied change of a batch, and a change request about it.

    Stream: `batch:<id>`. The draft is based on the revision in effect; what the edit adds or changes says which batch and
    which change it comes from, and so does the change request. AdHocRefusedError where the edit does not fit that revision.
    """
    access.permit(actor, drafts.AUTHORS)
    batch = BatchRecord(act.site, act, batch_id)
    row = ad_hoc_of(act, batch_id, ad_hoc_id)
    if row["state"] != APPLIED or row["proposed"]:
        told = f"it is proposed already, by {row['proposed']}" if row["proposed"] else f"it is {row['state'].lower()}"
        raise OutcomeNotAllowedError(f"{ad_hoc_id}: {told}.")
    act.note("ad_hoc:proposed", ad_hoc=ad_hoc_id, change=change_id, revision=revision, critical=True)
    base = effective_revision(act, batch.row["recipe_id"])
    old = act.get(RecipeDocument, hash=base["hash"])["xml"].encode()
    try:
        new = apply_edit(old, edit_of(row), origin(row))
    except EditError as error:
        raise refusal([f"It does not fit {base['id']}, which is in effect: {reason}" for reason in error.reasons]) from error
    from_batch = {"kind": KIND, "batch": batch_id, "ad_hoc": ad_hoc_id, "coi": row["coi"], "exception": row["result"]}
    act.also(f"recipe:{base['recipe_id']}")
    draft = drafts.start_draft(
        act, actor=actor, recipe_id=base["recipe_id"], revision=revision, xml=new.decode(), based_on=base["id"], origin=from_batch
    )
    words = in_words(Diagram.parse(old), edit_of(row))[:TITLE_LENGTH].rstrip(".")
    _request(act, actor, batch, row, change_id, draft["revision"], words, diff(old, new).summary, from_batch)
    act.update(AdHocChange, {"id": ad_hoc_id}, was=row, proposed=change_id)
    batch.save(act)
    return {"change": change_id, "revision": draft["revision"], "ad_hoc": ad_hoc_id}


def _request(
    act: Act, actor: Actor, batch: BatchRecord, row: dict[str, Any], change_id: str, revision_id: str, words: str, summary: str,
    from_batch: dict[str, Any],
) -> None:  # fmt: skip
    """The change request, prefilled: what differs, why, and the batch as its evidence."""
    changes.open_change(
        act, actor=actor, change_id=change_id, title=words, kind="recipe", reason=row["reason"],
        category=row["category"], product=batch.row["product"], origin={**from_batch, "revision": revision_id},
    )  # fmt: skip
    says = f"{row['id']}, {row['risk']} risk: {row['result']} {row['reason']}"
    changes.put_item(
        act, actor=actor, change_id=change_id, kind="revision", title=words, revision_id=revision_id,
        category=row["category"], why=row["reason"], evidence=[{"kind": "batch", "reference": batch.id, "says": says}],
        confidence=CONFIDENCE, current=f"As {batch.row['revision_id']} has it.", proposed=summary,
    )  # fmt: skip
