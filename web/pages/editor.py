"""The editor of a recipe: step table and diagram of one draft. Everybody may look; process owners edit while it is one."""

from __future__ import annotations

import json

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from bpmn.units import UNITS
from bpmn.vocabulary import MEANINGS, ROLES, SERVICES
from engine.queries.drafts import draft_view
from web.access import GMP_ROLES, allow
from web.acting import actor, site

page = Blueprint("editor_page", __name__)

EDITORS = frozenset({"PROC"})
VOCABULARY = json.dumps(
    {"roles": list(ROLES.items()), "meanings": list(MEANINGS.items()), "units": list(UNITS), "services": list(SERVICES.items())}
)


@page.get("/recipes/<revision_id>/edit")
@allow(*GMP_ROLES)
def show(revision_id: str) -> ResponseReturnValue:
    """The draft in the editor, or the frozen revision to look at."""
    draft = draft_view(site(), revision_id)
    return render_template("pages/editor.html", draft=draft, locked=_locked(draft["state"]), vocabulary=VOCABULARY)


def _locked(state: str) -> str:
    """Why this person can't edit this revision now; nothing when they can."""
    if state != "DRAFT":
        words = state.lower().replace("_", " ")
        return f"This revision is {words}, so it is locked. To change it, have it returned to draft or begin a new revision."
    if not EDITORS & actor().roles:
        return "You can look at this draft. Process owners edit it."
    return ""
