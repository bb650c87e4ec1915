"""Checks the draft and freezes it: what is reviewed, approved and issued is this document, under the hash of its XML.

Source: 21 CFR 211.100(a), 211.186(a).
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.documents import DIAGRAM_KINDS, problems, read_document, told
from engine.errors import DiagramRefusedError
from engine.form import findings_of_forms
from engine.records import RecipeDocument, RecipeDraft
from engine.services.call import Call, Message

NAME = "recipe.freeze"


def perform(call: Call) -> Iterable[Message]:
    """Store the working copy as the revision's document; DiagramRefusedError lists every finding."""
    act, row = call.act, call.revision
    draft = act.get(RecipeDraft, revision_id=row["id"])
    found = problems(row["kind"], draft["xml"], row["recipe_id"], row["revision"])
    if row["kind"] in DIAGRAM_KINDS:
        found += [told(finding) for finding in findings_of_forms(act, draft["xml"])]
    if wrong := [finding for finding in found if finding["severity"] == "error"]:
        raise DiagramRefusedError(f"{len(wrong)} to correct: {wrong[0]['message']}.", findings=found)
    document = read_document(row["kind"], draft["xml"])
    if act.find(RecipeDocument, hash=document.hash) is None:
        act.insert(RecipeDocument, hash=document.hash, xml=draft["xml"])
    call.change(hash=document.hash, title=document.title, product=document.product)
    act.note("recipe:frozen", revision=row["id"], hash=document.hash, warnings=len(found))
    return ()

