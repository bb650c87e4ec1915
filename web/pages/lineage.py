"""Where a limit comes from: each value that it had, by which change, for which reason, on what evidence, and who approved it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.queries.lineage import limit_lineage
from web.access import GMP_ROLES, allow
from web.acting import site

page = Blueprint("lineage_page", __name__)


@page.get("/limits/<recipe_id>/<step_id>/<parameter_id>")
@allow(*GMP_ROLES)
def show(recipe_id: str, step_id: str, parameter_id: str) -> ResponseReturnValue:
    """The lineage of one limit, newest value first."""
    return render_template("pages/lineage.html", view=limit_lineage(site(), recipe_id, step_id, parameter_id))
