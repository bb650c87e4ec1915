"""One change: what it proposes and why, where it stands in its process, what is left to do; its items and its steps."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.composition import subjects
from bpmn.vocabulary import MEANINGS, ROLES
from engine import clock
from engine.actions import changes, duties
from engine.change_facts import change_of
from engine.change_fields import EVIDENCE_KINDS
from engine.queries.changes import change_view
from engine.queries.comparison import compared
from engine.queries.recipes import recipe_list
from engine.queries.task_view import task_view
from engine.records.change import CATEGORIES, CONFIDENCES
from web.access import GMP_ROLES, allow
from web.acting import (
    Outcome,
    PageProblem,
    RefusedEntryError,
    act,
    actor,
    attempt,
    local_instant,
    proof,
    require,
    site,
    taken,
)
from web.pages.changes import CHOICES, GRADES, described, may_open, said
from web.pages.comparison import Change as Shown
from web.pages.step import prefixed, shown_of, version_seen

page = Blueprint("change_page", __name__)

APPROVALS, MATRIX = "change_approval", "open_batches"
INITIATED = MEANINGS["initiated_by"]
EVIDENCE_ROWS = 3
MOST_DIGITS = 6
LIMITS = ("norLow", "norHigh", "parLow", "parHigh", "target")
NOT_DECIDED = ("DRAFT", "IN_REVIEW", "PENDING_APPROVAL")
CATALOGUE = {"category": CATEGORIES, "confidence": CONFIDENCES, "evidence": EVIDENCE_KINDS}


@page.route("/changes/<change_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(change_id: str) -> ResponseReturnValue:
    """The change as it stands; duties are added and done here."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = DUTIES.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(change_id), done=done)
        if outcome.done:
            return redirect(url_for("change_page.show", change_id=change_id) + "#duties")
    view = viewed(change_id)
    page_text = render_template(
        "pages/change.html", view=view, change=view["change"], editable=editable(view), problems=outcome.problems,
        at=request.form.get("duty", request.form.get("do", "")), now_text=clock.text(clock.now()),
        roles=[(role, ROLES[role]) for role in duties.OWNERS],
        escalated={n["task_key"] for n in view["notices"] if n["kind"] == "escalation"},
    )  # fmt: skip
    return page_text, outcome.status


@page.route("/changes/<change_id>/edit", methods=["GET", "POST"])
@allow(*changes.ORIGINATORS)
def edit(change_id: str) -> ResponseReturnValue:
    """Say more, or otherwise, of a change that is with its originator."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _describe(change_id), done="What the change says is recorded.")
        if outcome.done:
            taken(f"change/{change_id}")
            return redirect(url_for("change_page.show", change_id=change_id))
    view = viewed(change_id)
    change = view["change"]
    page_text = render_template(
        "pages/change_form.html", change=change, editable=editable(view), said=said(change), number=change_id,
        problems=outcome.problems, choices=CHOICES, grades=list(GRADES.items()),
    )  # fmt: skip
    return page_text, outcome.status


@page.route("/changes/<change_id>/items/new", methods=["GET", "POST"])
@page.route("/changes/<change_id>/items/<n>", methods=["GET", "POST"])
@allow(*changes.ORIGINATORS)
def item(change_id: str, n: str = "") -> ResponseReturnValue:
    """One item: a part of what a draft revision changes, or a text; why, on what evidence, how sure."""
    outcome, number = Outcome(None, []), _number(n)
    if request.method == "POST":
        do = _withdraw if request.form.get("do") == "withdraw" and number else _put
        outcome = attempt(lambda: do(change_id, number), done="The item is recorded." if do is _put else "The item is withdrawn.")
        if outcome.done:
            taken(f"change/{change_id}/{number or 'new'}")
            return redirect(url_for("change_page.show", change_id=change_id) + "#items")
    view = viewed(change_id)
    row = next((row for row in view["items"] if row["n"] == number), None)
    if number is not None and row is None:
        abort(404)
    kind = request.values.get("kind") or (row["kind"] if row else "")
    revision = request.values.get("revision_id") or (row["revision_id"] if row else "") or ""
    page_text = render_template(
        "pages/change_item.html", change=view["change"], editable=editable(view), item=row, kind=kind, revision=revision,
        problems=outcome.problems, offers=_offers(change_id), catalogue=CATALOGUE,
        subjects=_subjects(view, revision, number) if kind == "revision" and revision else [],
        rows=range(max(EVIDENCE_ROWS, len(row["evidence"]) + 1 if row else 0)),
    )  # fmt: skip
    return page_text, outcome.status


@page.route("/changes/<change_id>/steps/<task_key>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def step(change_id: str, task_key: str) -> ResponseReturnValue:
    """One step of a change: what it is about, what the step asks for, the signature."""
    outcome = Outcome(None, [])
    view = task_view(site(), change_id, task_key, actor())
    if view["batch"]["kind"] != changes.KIND:
        abort(404)
    if view["step"]["kind"] == APPROVALS:
        if request.method == "POST":
            abort(405)  # an approval is signed where its entries are looked at
        return redirect(url_for("change_review_page.show", change_id=change_id, step=task_key))
    if request.method == "POST":
        outcome = attempt(lambda: sign(change_id, task_key), rename=lambda name: f"v:{name}")
        if outcome.done:
            return redirect(url_for("change_page.show", change_id=change_id))
        view = task_view(site(), change_id, task_key, actor())
    about = viewed(change_id)
    page_text = render_template(
        "pages/change_step.html", view=view, about=about, change=about["change"], here=here(about, task_key),
        problems=outcome.problems, **shown_of(view),
    )  # fmt: skip
    return page_text, outcome.status


# What the pages of a change share


def viewed(change_id: str) -> dict[str, Any]:
    """The change with its entries as pages show them, numbered over all items in the order in which they are ticked."""
    view = change_view(site(), change_id, actor())
    number = 0
    for row in view["items"]:
        for entry in row["entries"]:
            number += 1
            entry["shown"] = Shown.told(number, entry)
        row["groups"] = [(called, list(some)) for called, some in groupby(row["entries"], lambda e: e["shown"].entry.called)]
        row["limits"] = _limits(row)
    return view


def _limits(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The limits that an item changes, as recipe, step and parameter: each has a lineage."""
    shown = [entry["shown"].entry for entry in row["entries"] if entry["shown"].entry.property in LIMITS]
    recipe_id = (row["revision_id"] or "").partition("@")[0]
    return list(dict.fromkeys((recipe_id, e.old_element_id or e.step, e.parameter) for e in shown if e.kind == "changed"))


def editable(view: dict[str, Any]) -> bool:
    """Whether the change is with its originator, and this person may originate changes."""
    return may_open() and any(INITIATED in s["meanings"] for s in view["run"]["waiting"])


def here(view: dict[str, Any], task_key: str) -> dict[str, Any] | None:
    """An open step of the change, as it stands for this person."""
    run = view["run"]
    return next((s for s in (*run["waiting"], *run["any_time"]) if s["key"] == task_key), None)


def sign(change_id: str, task_key: str) -> dict[str, Any]:
    """Sign a step of a change with what its form says."""
    require([("meaning", "the meaning of your signature")])
    answer = act(
        changes.sign_step, stream=f"batch:{change_id}", change_id=change_id, task_key=task_key,
        meaning=request.form["meaning"], proof=proof(), entries=prefixed("v:") or None, version=version_seen(),
        shown_hash=request.form.get("content_hash") or None,
    )  # fmt: skip
    taken(f"{change_id}/{task_key}")
    if answer["signed"]:
        state = answer["state"].replace("_", " ").lower()
        flash(f"You signed. The change is now: {state}.", "good")
    else:
        flash("What you entered is recorded. It is not signed.", "bad")
    return answer


# Items


def _number(text: str) -> int | None:
    """The number of an item; None for a new one."""
    if text and not (text.isdecimal() and len(text) < MOST_DIGITS):
        abort(404)
    return int(text) if text else None


def _offers(change_id: str) -> list[tuple[str, str]]:
    """Revisions that may go under this change: drafts, and those that are under it already."""
    rows = recipe_list(site(), ("recipe", "process", "form"))
    with site().read() as reader:
        owners = {row["id"]: (change_of(reader, row["id"]) or {}).get("id") for row in rows if row["state"] in NOT_DECIDED}
    free = [row for row in rows if row["id"] in owners and (owners[row["id"]] or _free(row, change_id)) == change_id]
    return [(row["id"], f"{row['id']} {row['title']}") for row in free]


def _free(row: dict[str, Any], change_id: str) -> str:
    """A draft that is under no change may go under this one."""
    return change_id if row["state"] == "DRAFT" else ""


def _subjects(view: dict[str, Any], revision_id: str, n: int | None) -> list[dict[str, Any]]:
    """What the revision changes, subject by subject, and which other item has it already."""
    base = next((row["base_id"] for row in view["items"] if row["revision_id"] == revision_id and row["base_id"]), "")
    base = base or in_effect_of(revision_id)
    if not base:
        return []
    others = {s: row["n"] for row in view["items"] if row["n"] != n and not row["withdrawn"] for s in row["subjects"]}
    found = compared(site(), base, revision_id).difference
    return [
        {"name": s.name, "title": s.title, "entries": [e.sentence for e in s.entries], "taken": others.get(s.name, 0)}
        for s in subjects(found)
        if not s.editorial
    ]


def in_effect_of(revision_id: str) -> str:
    """The revision that is in effect of the same recipe, with which a draft is compared; empty where there is none."""
    recipe_id = revision_id.partition("@")[0]
    rows = [row for row in recipe_list(site(), ("recipe", "process", "form")) if row["recipe_id"] == recipe_id]
    return next((row["id"] for row in rows if row["in_effect"] and row["id"] != revision_id), "")


def _put(change_id: str, n: int | None) -> dict[str, Any]:
    form = request.form
    require([("kind", "what kind of item it is"), ("title", "a title"), ("why", "why")])
    of_revision = form["kind"] == "revision"
    return act(
        changes.put_item, stream=f"batch:{change_id}", change_id=change_id, n=n, kind=form["kind"], title=form["title"].strip(),
        revision_id=form.get("revision_id") or None if of_revision else None,
        subjects=form.getlist("subjects") if of_revision else [], current=form.get("current", "").strip(),
        proposed=form.get("proposed", "").strip(), category=form.get("category", ""), why=form["why"].strip(),
        evidence=_evidence(), confidence=form.get("confidence", ""), version=version_seen() or None,
    )  # fmt: skip


def _evidence() -> list[dict[str, str]]:
    """The rows of evidence that have something in them."""
    found, number = [], 0
    while (kind := request.form.get(f"evidence_kind:{number}")) is not None:
        row = {"kind": kind, "reference": request.form.get(f"evidence_reference:{number}", "").strip()}
        row["says"] = request.form.get(f"evidence_says:{number}", "").strip()
        if row["reference"] or row["says"]:
            found.append(row)
        number += 1
    missing = [PageProblem("evidence", f"Say where “{row['says']}” stands") for row in found if not row["reference"]]
    if missing:
        raise RefusedEntryError(*missing)
    return found


def _withdraw(change_id: str, n: int | None) -> dict[str, Any]:
    return act(changes.withdraw_item, stream=f"batch:{change_id}", change_id=change_id, n=n, version=version_seen())


def _describe(change_id: str) -> dict[str, Any]:
    if not may_open():
        abort(403)
    return act(changes.describe_change, stream=f"batch:{change_id}", change_id=change_id, version=version_seen(), **described())


# Duties


def _add(change_id: str) -> dict[str, Any]:
    require([("title", "what has to be done")])
    return act(
        duties.add_duty, stream=f"batch:{change_id}", change_id=change_id, title=request.form["title"].strip(),
        owner=request.form.get("owner", ""), due_at=local_instant("due_at", "Until when", required=False),
    )  # fmt: skip


def _done(change_id: str) -> dict[str, Any]:
    require([("evidence", "what shows that it is done")])
    return act(
        duties.do_duty, stream=f"batch:{change_id}", change_id=change_id, duty_id=request.form.get("duty", ""),
        evidence=request.form["evidence"].strip(),
    )  # fmt: skip


def _not_needed(change_id: str) -> dict[str, Any]:
    require([("reason", "why it is not needed")])
    return act(
        duties.cancel_duty, stream=f"batch:{change_id}", change_id=change_id, duty_id=request.form.get("duty", ""),
        reason=request.form["reason"].strip(),
    )  # fmt: skip


DUTIES: dict[str, tuple[Any, str]] = {
    "add_duty": (_add, "It is on the list of what has to be done."),
    "do_duty": (_done, "It is recorded as done."),
    "cancel_duty": (_not_needed, "It is recorded as not needed."),
}
