"""The decision table of a draft's business rule task is written: a save of the draft like any other."""

from __future__ import annotations

from typing import Any

from bpmn.decision_tables import Table, with_table
from engine.actions.drafts import editable, save_draft, working_copy
from engine.errors import RecordNotFoundError
from engine.records import RecipeRevision
from engine.transaction import Act, Actor


def save_table(act: Act, *, actor: Actor, revision_id: str, element_id: str, table: Table, version: int) -> dict[str, Any]:
    """Put a table into a draft, whatever is still wrong with it. Stream: `recipe:<id>`.

    `version` is the draft's that the person began with; StaleRecordError says who saved since. RevisionLockedError once
    it is in review, RecordNotFoundError where the draft has no such task.
    """
    row = act.get(RecipeRevision, id=revision_id)
    editable(act, row)
    try:
        xml = with_table(working_copy(act, row).encode(), element_id, table).decode()
    except KeyError:
        raise RecordNotFoundError(f"{revision_id} has no business rule task {element_id}.") from None
    return save_draft(act, actor=actor, revision_id=revision_id, xml=xml, version=version)
