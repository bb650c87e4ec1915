"""Keep the report of a dry run as evidence for a revision, signed by whoever answers for it.

Source: GAMP 5, 2nd edition, appendix D5; FDA CSA 2025; EU GMP Annex 11 s.4.
"""

from __future__ import annotations

import json
from typing import Any

from engine.actions import access
from engine.actions.signatures import give_signature
from engine.canonical import sha256
from engine.errors import DryRunOutdatedError, DuplicateRecordError, StaleRecordError
from engine.passwords import Proof
from engine.records import DryRun, DryRunJob, RecipeRevision
from engine.revision_facts import current_document
from engine.transaction import Act, Actor

SIGNERS = ("PROC",)
MEANING = "technical_assessment_by"


def sign_dry_run(
    act: Act, *, actor: Actor, revision_id: str, job_id: str, proof: Proof, shown_hash: str | None = None
) -> dict[str, Any]:
    """Store the report of a finished dry run and sign it. Stream: `recipe:<id>`.

    A failed one may be kept too: it says what was found. Refused for a diagram that has changed since, and while the dry
    run is under way. `shown_hash`: of the report that was shown.
    """
    role = access.permit(actor, SIGNERS)
    job = act.get(DryRunJob, id=job_id)
    row = act.get(RecipeRevision, id=revision_id)
    if act.find(DryRun, id=job_id) is not None:
        raise DuplicateRecordError(f"The report of dry run {job_id} is kept and signed already.")
    if job["state"] != "done" or job["revision_id"] != revision_id:
        raise DryRunOutdatedError(f"{job_id} has no report of {revision_id}.")
    digest, _ = current_document(act, row)
    if job["hash"] != digest:
        raise DryRunOutdatedError(f"The diagram of {revision_id} was changed since.")
    report_hash = sha256(job["report"])
    if shown_hash is not None and shown_hash != report_hash:
        raise StaleRecordError("The report is not the one that was shown to you.")
    report = json.loads(job["report"])
    kept = act.insert(
        DryRun,
        id=job_id,
        recipe_id=row["recipe_id"],
        revision_id=revision_id,
        hash=digest,
        kind=job["kind"],
        verdict=report["verdict"],
        report=job["report"],
        product_version=report["product_version"],
        run_by=job["started_by"],
        started_at=report["started_at"],
        ended_at=report["ended_at"],
    )
    signature = give_signature(
        act,
        actor=actor,
        proof=proof,
        subject=f"dry_run:{job_id}",
        slot="Q",
        meaning=MEANING,
        role=role,
        record=signed_record(kept),
    )
    act.note("dry_run:signed", dry_run=job_id, revision=revision_id, hash=digest, verdict=report["verdict"])
    return {"dry_run": job_id, "revision": revision_id, "verdict": report["verdict"], "signature": signature["id"]}


def signed_record(row: dict[str, Any]) -> dict[str, Any]:
    """What a signature on a report is bound to."""
    names = ("id", "revision_id", "hash", "kind", "verdict", "product_version", "started_at", "ended_at")
    return {name: row[name] for name in names} | {"report": sha256(row["report"])}
