"""Recipes in effect and batches under way, made by the acts of the people who answer for them."""

from __future__ import annotations

import json
from typing import Any

from bpmn.diagram import Diagram
from engine import clock
from engine.actions import batches, recipes
from engine.site import Site
from engine.transaction import perform
from tests.people import Staff, actor_of, proof_of, train

WORKERS = ("MFG_OP", "MFG_WIT", "MFG_VER", "MFG_SUP", "QA_FLR", "QA_DISP", "QC_ANL", "QC_REV", "QP", "COI")

SIGNERS = (("authored_by", "PROC"), ("reviewed_by_production", "MFG_SUP"), ("approved_by_qa", "QA_FLR"))
SUBMISSION = {
    "reason": "First revision.", "site": "Test site", "phase": "1", "batch_sizes": "One patient", "training": "Read it",
    "change": "CC-1", "risk": "RA-1", "tests_changed": "false", "client_approves": "false",
}  # fmt: skip
"""What a process owner states with a revision that is submitted."""
ENTRIES = {"authored_by": SUBMISSION, "reviewed_by_production": {"verdict": "agree"}, "approved_by_qa": {"verdict": "agree"}}


def put_into_effect(site: Site, staff: Staff, xml: bytes, trained: tuple[str, ...] = ("MFG_OP", "MFG_SUP")) -> str:
    """Import a diagram, sign it by the three who have to, put it into effect, train people on it. Answers its id."""
    recipe = Diagram.parse(xml).recipe
    stream, revision = f"recipe:{recipe.id}", f"{recipe.id}@{recipe.revision}"
    author = actor_of(site, staff["PROC"])
    perform(site, recipes.import_recipe, actor=author, stream=stream, xml=xml.decode())
    for meaning, role in SIGNERS:
        sign(site, staff, revision, meaning, role)
    quality, proof = actor_of(site, staff["QA_DISP"]), proof_of(site, staff["QA_DISP"])
    perform(
        site, recipes.make_effective, actor=quality, stream=f"batch:{revision}", revision_id=revision,
        effective_at=clock.text(clock.now()), proof=proof,
    )  # fmt: skip
    for role in trained:
        train(site, staff[role], recipe.id, recipe.revision)
    return recipe.id


def sign(site: Site, staff: Staff, revision: str, meaning: str, role: str, **entries: str) -> dict[str, Any]:
    """Sign a revision's open step, with what its life cycle asks for."""
    return perform(
        site, recipes.sign_recipe, actor=actor_of(site, staff[role]), stream=f"batch:{revision}", revision_id=revision,
        meaning=meaning, proof=proof_of(site, staff[role]), entries={**ENTRIES[meaning], **entries},
    )  # fmt: skip


def start(site: Site, staff: Staff, recipe_id: str, batch_id: str, order: dict[str, str] | None = None) -> dict[str, Any]:
    """Issue a batch, signed by the supervisor."""
    supervisor = staff["MFG_SUP"]
    return perform(
        site, batches.start_batch, actor=actor_of(site, supervisor), stream=f"batch:{batch_id}", recipe_id=recipe_id,
        batch_id=batch_id, order=order or {"coi": f"COI-{batch_id}"}, proof=proof_of(site, supervisor),
    )  # fmt: skip


def entries_of(site: Site, batch_id: str) -> list[dict[str, Any]]:
    """The batch's entries of the trail, bodies opened, in order."""
    with site.read() as reader:
        rows = reader.fetch(
            f"SELECT seq, tag, idempotency_key, body FROM journal WHERE stream = {reader.mark} ORDER BY seq",
            f"batch:{batch_id}",
        )
    return [{"seq": seq, "tag": tag, "key": key, "body": json.loads(body)} for seq, tag, key, body in rows]
