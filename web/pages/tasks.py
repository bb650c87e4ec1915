"""My tasks: what waits for this person, next due first."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.queries.training import my_reading
from engine.queries.worklist import worklist
from web.access import GMP_ROLES, allow
from web.acting import actor, site

page = Blueprint("tasks_page", __name__)


@page.get("/tasks")
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Cards of what this person can do now; everything else that is open behind a link."""
    items = worklist(site(), actor())
    units = sorted({item.unit_procedure for item in items if item.unit_procedure})
    unit = request.args.get("unit", "")
    shown = [item for item in items if not unit or item.unit_procedure == unit]
    return render_template(
        "pages/tasks.html",
        mine=[item for item in shown if item.mine],
        others=[item for item in shown if not item.mine],
        units=units,
        unit=unit,
        reading=[item for item in my_reading(site(), actor()) if item["blocks"] or item["effective_at"]],
    )
