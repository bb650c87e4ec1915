"""How a batch came to its control recipe: what it adopted, under what each step ran, and that the past is as it was.

Source: EU GMP Part IV s.2.3.4; requirements P4-05, P11-06.
"""

from __future__ import annotations

import json
from typing import Any

from engine.adoption import executed_prefix
from engine.batch_record import BatchRecord
from engine.queries.signatures import signature_view
from engine.records import Signature
from engine.scope import Row


def shown_adoptions(batch: BatchRecord) -> list[dict[str, Any]]:
    """How the batch came to its control recipe, who signed for it (`signed`), and whether what was executed before still has
    the hash it had then (`unchanged`).
    """
    found = []
    for row in batch.adoptions:
        digest, steps = executed_prefix(batch, row["at"])
        unchanged = (digest, steps) == (row["prefix_hash"], row["prefix_steps"])
        listed = {name: json.loads(row[name]) for name in ("items", "from_steps", "signatures")}
        signed = [_signature(batch, signature_id) for signature_id in listed["signatures"]]
        found.append(dict(row) | listed | {"prefix_now": digest, "unchanged": unchanged, "signed": signed})
    return found


def _signature(batch: BatchRecord, signature_id: str) -> dict[str, Any]:
    """A signature on a decision of the change, which is a run of its own, or on a change of this batch."""
    row = batch.reader.get(Signature, id=signature_id)
    signed_in = batch if row["batch_id"] == batch.id else BatchRecord(batch.site, batch.reader, row["batch_id"])
    return signature_view(signed_in, row)


def revision_of(batch: BatchRecord, task: Row) -> str:
    """What people call the control recipe that a step ran under: `MR-CART-001@3.0`, or what it was put together from."""
    digest = task["recipe_hash"] or batch.issued_hash
    named = {row["to_hash"]: row["to_revision"] for row in batch.adoptions}
    first = batch.adoptions[0]["from_revision"] if batch.adoptions else batch.row["revision_id"]
    return str(named.get(digest, first))
