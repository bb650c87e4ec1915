"""What is left to do when a change is approved, worked out from what it touches: training, labels, stock, filings, tests.

Source: 21 CFR 211.25, 211.122, 211.100(a), 312.31. A person may add more, and quality says why one is not needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bpmn.diff.scope import ChangeScope
from bpmn.vocabulary import ROLES
from engine.change_facts import scopes_of
from engine.reader import Reader
from engine.scope import Row


def duties_of(reader: Reader, change: Row) -> Iterator[dict[str, Any]]:
    """Title, owner (a role) and date of each duty; all are due when the change takes effect."""
    for revision_id, scope in scopes_of(reader, change["id"]):
        for title, owner in _of_revision(revision_id, scope):
            yield {"title": title, "owner": owner, "due_at": change["effective_at"]}


def _of_revision(revision_id: str, scope: ChangeScope) -> Iterator[tuple[str, str]]:
    if scope.training:
        roles = _each(ROLES.get(role, role) for reading in scope.training for role in reading.roles)
        steps = _each(reading.step for reading in scope.training)
        yield f"Training on {revision_id}: {roles} read and sign {steps}", "PROC"
    if scope.labels:
        yield f"Labels for {revision_id} ({_each(scope.labels)}): approved and printed, the old ones destroyed", "QA_FLR"
    if scope.stock:
        stock = _each(f"{one.name} {one.kind} at {one.step}" for one in scope.stock)
        yield f"Stock and equipment for {revision_id}: {stock}", "MFG_SUP"
    if scope.regulatory:
        yield f"Filing for {revision_id}: {_each(f'{tag.name} ({tag.tag})' for tag in scope.regulatory)}", "RA"
    if scope.tests:
        yield f"Methods and specifications for {revision_id} ({_each(scope.tests)}): in effect by then", "QC_REV"
    if scope.system:
        yield f"Regression of the system for {revision_id}: {scope.system_words}", "IT"


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
