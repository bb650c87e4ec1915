"""The inbox of those who decide: steps of changes by age and risk, changes of single batches, decisions on running ones."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.queries.ad_hoc_changes import ad_hoc_inbox, departure_inbox
from engine.queries.changes import change_inbox
from engine.queries.decision_sets import decisions_waiting
from web.access import allow
from web.acting import actor, site

page = Blueprint("inbox_page", __name__)

DECIDERS = ("PROC", "MFG_SUP", "QC_ANL", "QC_REV", "QA_FLR", "QA_DISP", "QP", "RA", "CLI_QA", "MED", "IT")
"""Roles that have steps in changes or in decisions on running batches."""


@page.get("/inbox")
@allow(*DECIDERS)
def show() -> ResponseReturnValue:
    """What waits for this person's decision, the overdue and the gravest first."""
    steps = change_inbox(site(), actor())
    batches = [*ad_hoc_inbox(site(), actor()), *departure_inbox(site(), actor())]
    return render_template("pages/inbox.html", steps=steps, decisions=decisions_waiting(site(), actor()), batches=batches)
