"""A recipe revision from a drawn diagram to the one in effect: the short way through its life cycle, for files and scripts.

Source: 21 CFR 211.100, 211.186(a); EU GMP Chapter 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from engine.actions import access, drafts, life_cycle
from engine.batch_record import BatchRecord
from engine.documents import told
from engine.errors import DiagramRefusedError, MeaningNotAllowedError, RevisionNotEffectiveError
from engine.passwords import Proof
from engine.records import RecipeRevision
from engine.revisions import in_effect
from engine.scope import Row
from engine.services import effective_from
from engine.transaction import Act, Actor

# Who signs a revision with which meaning, as the life cycle that ships with the product asks for it without QC and client.
ROUTE = (
    ("authored_by", ("PROC",)),
    ("reviewed_by_production", ("MFG_SUP",)),
    ("approved_by_qa", ("QA_DISP", "QA_FLR")),
)


def import_recipe(act: Act, *, actor: Actor, xml: str) -> dict[str, Any]:
    """Load a diagram as a draft revision, if it passes every check; DiagramRefusedError lists all findings.

    Stream: `recipe:<id>`. Number and revision are those of its header.
    """
    access.permit(actor, drafts.AUTHORS)
    data = xml.encode()
    report = check_diagram(data)
    if not report.ok:
        raise DiagramRefusedError(f"{len(report.findings)} findings.", findings=[told(f) for f in report.findings])
    diagram = Diagram.parse(data)
    header = diagram.recipe
    kind = "process" if header.kind == "process" else "recipe"
    begun = drafts.start_draft(act, actor=actor, recipe_id=header.id, revision=header.revision, xml=xml, kind=kind)
    return {
        "revision": begun["revision"],
        "hash": begun["hash"],
        "steps": len(diagram.steps),
        "warnings": [told(f) for f in report.findings],
    }


def sign_recipe(
    act: Act, *, actor: Actor, revision_id: str, meaning: str, proof: Proof, entries: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Sign the open step of the revision's life cycle that takes this meaning. `entries`: what the step asks for.

    Stream: `batch:<revision id>`, or the recipe's own. MeaningNotAllowedError says what is next.
    """
    run = life_cycle.run_of(act, revision_id)
    waiting = [task for task in life_cycle.open_steps(act, revision_id) if task["step_id"] not in run.recipe.awaited]
    for task in waiting:
        if any(meaning in slot.meanings for slot in run.step(task).signatures) and task["step_id"] != _effect_step(run):
            return life_cycle.sign(
                act, actor=actor, revision_id=revision_id, task_key=task["key"], meaning=meaning, proof=proof, entries=entries
            )
    raise MeaningNotAllowedError(f"Next: {', '.join(task['title'] for task in waiting) or 'nothing'}.")


def make_effective(act: Act, *, actor: Actor, revision_id: str, effective_at: str, proof: Proof) -> dict[str, Any]:
    """Say from which instant an approved revision is in effect; from then the earlier one can't be issued.

    `effective_at`: ISO 8601 with its offset; an instant of the current minute is now.
    """
    run = life_cycle.run_of(act, revision_id)
    step_id = _effect_step(run)
    task = next((row for row in life_cycle.open_steps(act, revision_id) if row["step_id"] == step_id), None)
    if task is None:
        state = act.get(RecipeRevision, id=revision_id)["state"]
        raise RevisionNotEffectiveError(f"{revision_id} is {state}; its approval comes first, and once.")
    step = run.step(task)
    moment = next(p.id for p in step.parameters if p.type == "date_time")
    entries = {moment: access.instant_of(effective_at).isoformat()}
    meaning = step.signatures[0].meanings[0]
    life_cycle.sign(
        act, actor=actor, revision_id=revision_id, task_key=task["key"], meaning=meaning, proof=proof, entries=entries
    )
    row = act.get(RecipeRevision, id=revision_id)
    return {"revision": revision_id, "state": row["state"], "effective_at": row["effective_at"]}


def effective_revision(act: Act, recipe_id: str, revision: str | None = None) -> Row:
    """The revision that is in effect now, to the microsecond. Source: EU GMP Chapter 4, 4.2-4.6."""
    newest = in_effect((row for row in act.rows(RecipeRevision, recipe_id=recipe_id) if row["kind"] == "recipe"), act.now_text)
    if newest is None:
        raise RevisionNotEffectiveError(f"No revision of {recipe_id} is in effect.")
    if revision is not None and newest["revision"] != revision:
        raise RevisionNotEffectiveError(f"In effect is {newest['id']}, not {revision}.")
    return newest


def _effect_step(run: BatchRecord) -> str:
    """The step of a life cycle that records when the revision comes into effect, as its diagram says."""
    services = [node.service for node in run.recipe.diagram.nodes.values() if node.service is not None]
    return next((s.value.partition(".")[0] for s in services if s.action == effective_from.NAME), "")
