"""Changes: the list with its search, refused and cancelled ones included; opening one."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import clock
from engine.actions import changes
from engine.queries.changes import change_list, next_change_id
from engine.records.change import CATEGORIES, CHANGE_KINDS, CHANGE_STATES, STAGES, URGENCIES
from web.access import GMP_ROLES, allow
from web.acting import Outcome, act, actor, attempt, require, site, taken

page = Blueprint("changes_page", __name__)

OPEN = tuple(state for state in CHANGE_STATES if state not in ("CLOSED", "REJECTED", "CANCELLED"))
SHOWN = {"": "All", "open": "Under way", "CLOSED": "Closed", "REJECTED": "Rejected", "CANCELLED": "Cancelled"}
MOST_TEXT = 200

TEXTS = ("title", "product", "client", "reason", "patient_impact", "until")
CHOICES = {"kind": CHANGE_KINDS, "category": CATEGORIES, "stage": STAGES, "urgency": URGENCIES}
GRADES = {"1": "1, lowest", "2": "2", "3": "3", "4": "4", "5": "5, highest"}
RISK_GRADES = ("severity", "probability", "detectability")
RISK_TEXTS = ("uncertainty", "formality", "comparability", "elsewhere")


@page.get("/changes")
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Changes, newest first: found by number, words of their items, and the reasons for which they were refused."""
    text, only = request.args.get("text", "").strip()[:MOST_TEXT], request.args.get("state", "")
    only = only if only in SHOWN else ""
    states = OPEN if only == "open" else (only,) if only else ()
    rows = change_list(site(), text=text, states=states)
    return render_template("pages/changes.html", changes=rows, text=text, only=only, shown=SHOWN, may_begin=may_open())


@page.route("/changes/new", methods=["GET", "POST"])
@allow(*changes.ORIGINATORS)
def new() -> ResponseReturnValue:
    """Open a change: what, for whom, why, how grave. Its items follow on its own page."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(_open, done="The change is open. Now say item by item what changes.")
        if outcome.answer:
            taken("change/new")
            return redirect(url_for("change_page.show", change_id=outcome.answer["change"]))
    with site().read() as reader:
        number = next_change_id(reader, clock.now())
    page_text = render_template(
        "pages/change_form.html", problems=outcome.problems, number=number, change=None, said=said(None), choices=CHOICES,
        editable=True, grades=list(GRADES.items()),
    )  # fmt: skip
    return page_text, outcome.status


def may_open() -> bool:
    """Whether this person may originate a change."""
    return bool(actor().roles & set(changes.ORIGINATORS))


def described() -> dict[str, Any]:
    """What the form says about a change, as the actions take it."""
    form = request.form
    require([("title", "a title"), ("reason", "the reason"), ("patient_impact", "what it means for patients")])
    given: dict[str, Any] = {name: form.get(name, "").strip() for name in TEXTS}
    given |= {name: form.get(name, "") for name in CHOICES}
    given |= {name: form.get(name) == "yes" for name in ("client_signs", "temporary")}
    risk: dict[str, Any] = {name: text for name in RISK_TEXTS if (text := form.get(name, "").strip())}
    risk |= {name: int(form[name]) for name in RISK_GRADES if form.get(name, "") in GRADES}
    return given | {"risk": risk}


def said(change: dict[str, Any] | None) -> dict[str, str]:
    """What the form shows of a change that is described already."""
    if change is None:
        return {"kind": "recipe", "category": "", "stage": "clinical", "urgency": "planned"}
    found = {name: str(change[name] or "") for name in (*TEXTS, *CHOICES)}
    found |= {name: "yes" if change[name] else "no" for name in ("client_signs", "temporary")}
    risk = change["risk"] if isinstance(change["risk"], dict) else json.loads(change["risk"])
    return found | {name: str(text) for name, text in risk.items()}


def _open() -> dict[str, Any]:
    if not may_open():
        abort(403)
    require([("change_id", "the change's number")])
    change_id = request.form["change_id"].strip()
    return act(changes.open_change, stream=f"batch:{change_id}", change_id=change_id, **described())
