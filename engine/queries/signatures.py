"""Signatures as they are shown: full name, instant and meaning, and whether they still fit the record.

Source: 21 CFR 11.50, 11.70.
"""

from __future__ import annotations

from typing import Any

from bpmn.vocabulary import MEANINGS, ROLES
from engine.batch_record import BatchRecord
from engine.scope import Row
from engine.step_content import still_valid


def signature_view(batch: BatchRecord, row: Row) -> dict[str, Any]:
    """A signature's row with its meaning and role in words and its validity now."""
    return dict(row) | {
        "meaning_text": MEANINGS.get(row["meaning"], row["meaning"]),
        "role_text": ROLES.get(row["role"], row["role"]),
        "valid": still_valid(batch, row),
    }
