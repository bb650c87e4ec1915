"""The life of a revision: a drawn process like a batch's, run by the same engine. A site changes it by drawing.

Source: 21 CFR 211.100(a), 211.186(a); EU GMP Chapter 4; Annex 11 s.10.
"""

from __future__ import annotations

from typing import Any

from engine.actions import processes
from engine.actions.processes import LIFE_CYCLE, open_steps
from engine.batch_record import BatchRecord
from engine.errors import DuplicateRecordError, MeaningNotAllowedError
from engine.passwords import Proof
from engine.records import Batch, RecipeDocument, RecipeDraft, RecipeRevision
from engine.scope import Row
from engine.services.call import revision_stream
from engine.transaction import Act, Actor

__all__ = ["KIND", "LIFE_CYCLE", "begin", "open_steps", "run_of", "sign"]

KIND = "life_cycle"


def begin(act: Act, revision: Row) -> BatchRecord:
    """Start the life cycle of a revision, as it is drawn now; the run has the revision's id."""
    if act.find(Batch, id=revision["id"]) is not None:
        raise DuplicateRecordError(f"There is a batch of the number {revision['id']}.")
    return processes.begin(
        act, LIFE_CYCLE, run_id=revision["id"], kind=KIND, subject=revision["id"], product=revision["product"]
    )


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


def sign(act: Act, *, actor: Actor, revision_id: str, task_key: str, meaning: str, proof: Proof, **given: Any) -> dict[str, Any]:
    """Do a step of a life cycle (`processes.sign_step`; `given`: entries, version, shown_hash). Stream: `batch:<revision id>`."""
    run = run_of(act, revision_id)
    answer = processes.sign_step(act, run, actor=actor, task_key=task_key, meaning=meaning, proof=proof, **given)
    return answer | {"revision": revision_id, "state": act.get(RecipeRevision, id=revision_id)["state"]}
