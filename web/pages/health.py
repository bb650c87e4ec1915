"""How the site is, for the system owner and quality: nothing stands still unseen."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.queries.health import health
from web.access import allow
from web.acting import site

page = Blueprint("health_page", __name__)


@page.get("/health")
@allow("SYS_ADM", "MFG_SUP", "QA_FLR", "QA_DISP", "QP")
def show() -> ResponseReturnValue:
    """Batches that stand still, overdue times, refused sign-ins, the last seal."""
    return render_template("pages/health.html", health=health(site()))
