"""Which revision is newer, and which one is in effect: the one place that decides it.

Source: EU GMP Chapter 4, 4.2 to 4.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.scope import Row

ISSUABLE = ("APPROVED", "EFFECTIVE")
_PARTS = re.compile(r"\d+|[^\d.]+")


def revision_order(row: Mapping[str, Any]) -> tuple[tuple[int, int, str], ...]:
    """What sorts revisions by their numbers: 3.9 before 3.10, 3 before 3.1, A before B."""
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p) for p in _PARTS.findall(row["revision"]))


def in_effect(rows: Iterable[Row], at: str) -> Row | None:
    """Of the revisions of one recipe the one in effect at an instant, as far as is known now; to the microsecond.

    An approved revision is in effect from its instant on, whether or not its timer has fired yet.
    """
    return last_in_effect((row for row in rows if row["state"] in ISSUABLE), at)


def last_in_effect(rows: Iterable[Row], at: str) -> Row | None:
    """The newest of the revisions whose instant had come, whatever became of it since."""
    due = [row for row in rows if row["effective_at"] and row["effective_at"] <= at]
    return max(due, key=lambda row: (revision_order(row), row["effective_at"]), default=None)
