"""A recipe revision from a drawn diagram to the one in effect.

Source: 21 CFR 211.100, 211.186(a); EU GMP Chapter 4.
"""

from __future__ import annotations

from typing import Any

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from engine import clock
from engine.actions import access
from engine.actions.signatures import give_signature
from engine.control_recipe import ControlRecipe
from engine.errors import (
    DiagramRefusedError,
    DuplicateRecordError,
    MeaningNotAllowedError,
    RevisionNotEffectiveError,
    SamePersonError,
)
from engine.passwords import Proof
from engine.records import RecipeDocument, RecipeRevision, Signature
from engine.scope import Row
from engine.transaction import Act, Actor

# Who signs a revision with which meaning, in this order; the last one approves it.
ROUTE = (
    ("authored_by", ("PROC",)),
    ("reviewed_by_production", ("MFG_SUP",)),
    ("approved_by_qa", ("QA_DISP", "QA_FLR")),
)


def import_recipe(act: Act, *, actor: Actor, xml: str) -> dict[str, Any]:
    """Load a diagram as a draft revision, if it passes every check; DiagramRefusedError lists all findings.

    Stream: `recipe:<id>`. The document is stored once, under the hash of its canonical XML.
    """
    access.permit(actor, ("PROC",))
    data = xml.encode()
    report = check_diagram(data)
    if not report.ok:
        raise DiagramRefusedError(f"{len(report.findings)} findings.", findings=[_told(f) for f in report.findings])
    diagram = Diagram.parse(data)
    header = diagram.recipe
    revision_id = f"{header.id}@{header.revision}"
    if act.find(RecipeRevision, id=revision_id) is not None:
        raise DuplicateRecordError(f"Revision {revision_id} exists already; give the diagram a new revision.")
    ControlRecipe(data, diagram.hash)
    if act.find(RecipeDocument, hash=diagram.hash) is None:
        act.insert(RecipeDocument, hash=diagram.hash, xml=xml)
    act.insert(
        RecipeRevision,
        id=revision_id,
        recipe_id=header.id,
        revision=header.revision,
        title=header.title,
        product=header.product,
        hash=diagram.hash,
        state="DRAFT",
        authored_by=actor.id,
        version=1,
    )
    act.note("recipe:imported", revision=revision_id, hash=diagram.hash)
    return {
        "revision": revision_id,
        "hash": diagram.hash,
        "steps": len(diagram.steps),
        "warnings": [_told(f) for f in report.findings],
    }


def sign_recipe(act: Act, *, actor: Actor, revision_id: str, meaning: str, proof: Proof) -> dict[str, Any]:
    """Sign a revision: authored, reviewed by production, approved by QA, in this order and by different people."""
    row = act.get(RecipeRevision, id=revision_id)
    given = act.rows(Signature, subject=f"recipe:{revision_id}", order=("signed_at", "id"))
    waiting = [(m, roles) for m, roles in ROUTE if m not in {s["meaning"] for s in given}]
    if not waiting or waiting[0][0] != meaning or row["state"] not in ("DRAFT", "IN_REVIEW"):
        raise MeaningNotAllowedError(f"Next: {waiting[0][0] if waiting else 'none'}.")
    role = access.permit(actor, waiting[0][1])
    if any(s["person_id"] == actor.id for s in given) or (
        meaning == "approved_by_qa" and row["authored_by"] == actor.id
    ):
        raise SamePersonError(f"{actor.full_name} has signed this revision already.")
    give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"recipe:{revision_id}",
        slot="Q",
        meaning=meaning,
        role=role,
        record={"revision": revision_id, "hash": row["hash"], "title": row["title"]},
    )
    state = "APPROVED" if len(waiting) == 1 else "IN_REVIEW"
    act.update(RecipeRevision, {"id": revision_id}, was=row, state=state)
    act.note("recipe:signed", revision=revision_id, meaning=meaning)
    return {"revision": revision_id, "state": state}


def make_effective(act: Act, *, actor: Actor, revision_id: str, effective_at: str, proof: Proof) -> dict[str, Any]:
    """Put an approved revision into effect from an instant on; from then the earlier one can't be issued."""
    role = access.permit(actor, ("QA_DISP",))
    row = act.get(RecipeRevision, id=revision_id)
    at = access.instant_of(effective_at)
    if row["state"] != "APPROVED" or at < act.now.replace(microsecond=0):
        raise RevisionNotEffectiveError(
            f"{revision_id} is {row['state']}; it must be approved, and the instant not past."
        )
    give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"recipe:{revision_id}:effective",
        slot="Q",
        meaning="approved_by_qa",
        role=role,
        record={"revision": revision_id, "hash": row["hash"], "effective_at": clock.text(at)},
    )
    act.update(RecipeRevision, {"id": revision_id}, was=row, state="EFFECTIVE", effective_at=clock.text(at))
    act.note("recipe:made_effective", revision=revision_id, effective_at=clock.text(at))
    return {"revision": revision_id, "state": "EFFECTIVE", "effective_at": clock.text(at)}


def effective_revision(act: Act, recipe_id: str, revision: str | None = None) -> Row:
    """The revision that is in effect now: the one whose instant passed last. Source: EU GMP Chapter 4, 4.2-4.6."""
    rows = act.rows(RecipeRevision, recipe_id=recipe_id, state="EFFECTIVE")
    due = [row for row in rows if row["effective_at"] <= act.now_text]
    if not due:
        raise RevisionNotEffectiveError(f"No revision of {recipe_id} is in effect.")
    newest: Row = max(due, key=lambda row: row["effective_at"])
    if revision is not None and newest["revision"] != revision:
        raise RevisionNotEffectiveError(f"In effect is {newest['id']}, not {revision}.")
    for row in due:
        if row is not newest:
            act.update(RecipeRevision, {"id": row["id"]}, was=row, state="SUPERSEDED")
    return newest


def _told(finding: Any) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "element": finding.element_id,
        "line": finding.line,
        "message": finding.message,
        "what_to_do": finding.what_to_do,
        "severity": finding.severity,
    }
