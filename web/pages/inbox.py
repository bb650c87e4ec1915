"""The inbox: steps of changes by risk and age, changes of single batches, decisions on running ones, what is to be done."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine import clock
from engine.actions.duties import OWNERS
from engine.queries.ad_hoc_changes import ad_hoc_inbox, departure_inbox
from engine.queries.changes import change_inbox, duties_waiting
from engine.queries.decision_sets import decisions_waiting
from web.access import allow
from web.acting import actor, site

page = Blueprint("inbox_page", __name__)

@page.get("/inbox")
@allow(*OWNERS)
def show() -> ResponseReturnValue:
    """What waits for this person, the overdue and the gravest first."""
    who = actor()
    return render_template(
        "pages/inbox.html", steps=change_inbox(site(), who), decisions=decisions_waiting(site(), who),
        batches=[*ad_hoc_inbox(site(), who), *departure_inbox(site(), who)], duties=duties_waiting(site(), who),
        now_text=clock.text(clock.now()),
    )  # fmt: skip
