"""Two revisions of a recipe side by side; of a draft, its working copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bpmn.diff import Difference, diff
from engine.actions.drafts import working_copy
from engine.reader import Reader
from engine.records import RecipeDraft, RecipeRevision
from engine.site import Site


@dataclass(frozen=True, slots=True)
class Compared:
    """Both revisions as stored, what they say now, and every change from the old one to the new one."""

    old: dict[str, Any]
    new: dict[str, Any]
    difference: Difference
    texts: tuple[bytes, bytes]


def compared(site: Site, old_id: str, new_id: str) -> Compared:
    """What changed from one revision to the other. Raises RecordNotFoundError, and DiagramError where one is no diagram."""
    with site.read() as reader:
        rows = [reader.get(RecipeRevision, id=revision_id) for revision_id in (old_id, new_id)]
        texts = [working_copy(reader, row).encode() for row in rows]
    return Compared(rows[0], rows[1], diff(*texts), (texts[0], texts[1]))


def revision_text(site: Site, revision_id: str) -> str:
    """The diagram of a revision as it is now: of a draft its working copy."""
    with site.read() as reader:
        return working_copy(reader, reader.get(RecipeRevision, id=revision_id))


def comparable(site: Site, revision_id: str) -> tuple[list[dict[str, Any]], str]:
    """The other revisions of the same recipe, newest first, and the one that this one is naturally compared with.

    That is the one it was begun from, else the one before it; empty where there is none.
    """
    with site.read() as reader:
        row = reader.get(RecipeRevision, id=revision_id)
        others = [r for r in reader.rows(RecipeRevision, recipe_id=row["recipe_id"], order=("revision",)) if r["id"] != row["id"]]
        return others[::-1], _before(reader, row, others)


def _before(reader: Reader, row: dict[str, Any], others: list[dict[str, Any]]) -> str:
    draft = reader.find(RecipeDraft, revision_id=row["id"])
    if draft is not None and draft["based_on"]:
        return str(draft["based_on"])
    earlier = [other["id"] for other in others if other["revision"] < row["revision"]]
    return str(earlier[-1]) if earlier else str(others[-1]["id"]) if others else ""
