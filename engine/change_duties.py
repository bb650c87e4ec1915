"""What is left to do when a change is approved, worked out from what it touches: training, labels, stock, filings.

Source: 21 CFR 211.25, 211.122, 211.100(a); 21 CFR 312.31. A person may add more, and says why one is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpmn.vocabulary import ROLES
from engine.change_facts import revisions_of, scope_of
from engine.reader import Reader
from engine.scope import Row


def duties_of(reader: Reader, change: Row) -> Iterator[dict[str, Any]]:
    """Title, owner (a role) and date of each duty; all are due when the change takes effect."""
    scopes = scope_of(reader, change["id"])
    for revision in revisions_of(reader, change["id"]):
        for title, owner in _of_revision(revision["id"], scopes.get(revision["id"], {})):
            yield {"title": title, "owner": owner, "due_at": change["effective_at"]}


def _of_revision(name: str, scope: dict[str, Any]) -> Iterator[tuple[str, str]]:
    facts = scope.get("facts", scope)
    if training := scope.get("training"):
        yield f"Training on {name}: {_told(training)}", "PROC"
    if facts.get("labels"):
        yield f"Labels for {name}: approved, printed, the old ones destroyed", "QA_FLR"
    if stock := [*_names(scope.get("materials")), *_names(scope.get("equipment"))]:
        yield f"Stock and equipment for {name}: {', '.join(stock)}", "MFG_SUP"
    if facts.get("regulatory"):
        yield f"Filing for {name}: {_told(scope.get('regulatory'))}", "RA"
    if facts.get("tests"):
        yield f"Methods and specifications for {name}: in effect by then", "QC_REV"


def _told(value: Any) -> str:
    names = list(dict.fromkeys(_names(value)))
    return ", ".join(ROLES.get(name, name) for name in names) or "as assessed"


def _names(value: Any) -> Iterator[str]:
    """The words in a plain value, however it is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _names(inner)
