"""Forms of the site: a revision is begun from the one in use, written as a draft, and goes the way of every revision.

Source: EU GMP Chapter 4, 4.2 to 4.6; Annex 11 s.10.
"""

from __future__ import annotations

import re
from typing import Any

from engine.actions.drafts import start_draft
from engine.errors import RecipeFieldError
from engine.form import KIND, current
from engine.records import RecipeRevision
from engine.transaction import Act, Actor
from forms.definition import Definition, packaged, write
from forms.field import Field

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}", re.ASCII)
FIRST = Field("remark", "Remark", "text", multiline=True)
"""What a new form begins with, so that there is something to see."""


def start_form(act: Act, *, actor: Actor, name: str, title: str = "") -> dict[str, Any]:
    """Begin the next revision of a form, as a copy of the one in use, or a new form. Stream: `recipe:<name>`."""
    if not _NAME.fullmatch(name):
        text = "The name has lower-case letters, digits and _, and begins with a letter; at most 50."
        raise RecipeFieldError(text, problems={"name": text})
    taken = act.rows(RecipeRevision, recipe_id=name)
    if any(row["kind"] != KIND for row in taken):
        text = f"{name} is the number of a recipe."
        raise RecipeFieldError(text, problems={"name": text})
    shown = current(act, name)
    definition = shown.definition if shown else Definition(name, title.strip() or name, (FIRST,))
    numbers = [int(row["revision"]) for row in taken if row["revision"].isdecimal()] + ([1] if name in packaged() else [0])
    based_on = shown.revision_id if shown and act.find(RecipeRevision, id=shown.revision_id) else ""
    return start_draft(
        act, actor=actor, recipe_id=name, revision=str(max(numbers) + 1), xml=write(definition), based_on=based_on, kind=KIND
    )
