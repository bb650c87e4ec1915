"""The open-batch matrix of a change: each running batch, item by item; the decisions, and what became of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import open_batches
from engine.queries.changes import change_view
from engine.queries.decision_sets import applied, decision_sets
from engine.queries.open_batches import MatrixRow, open_batch_matrix, unapproved
from engine.records.change import BATCH_DECISIONS
from web.access import GMP_ROLES, allow, background
from web.acting import Outcome, PageProblem, RefusedEntryError, act, actor, attempt, proof, require, site, typed
from web.pages.step import prefixed

page = Blueprint("open_batches_page", __name__)

MATRIX = "open_batches"
ENDED = ("CLOSED", "REJECTED", "CANCELLED")


@page.route("/changes/<change_id>/batches", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(change_id: str) -> ResponseReturnValue:
    """The matrix; whoever decides signs any number of rows as one act, and the further roles sign the same."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do = ACTS.get(request.form.get("do", ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(change_id), rename=lambda name: f"d:{name}" if ":" in name else name)
        if outcome.done:
            return redirect(url_for("open_batches_page.show", change_id=change_id) + "#results")
    with site().read() as reader:
        rows = open_batch_matrix(site(), reader, change_id)
        sets = decision_sets(reader, change_id, actor())
        early = unapproved(reader, change_id)
    view = change_view(site(), change_id, actor())
    change = view["change"]
    page_text = render_template(
        "pages/open_batches.html", change=change, rows=rows, groups=_groups(rows), sets=sets, problems=outcome.problems,
        chosen=_chosen(rows), results=applied(site(), change_id), role="" if early else _role(change), early=early,
        tally=_tally(rows), kinds=_kinds(rows),
        steps=[s for s in view["run"]["waiting"] if s["kind"] == MATRIX], needed=open_batches.needed(change),
        at=request.form.get("set_id", ""), otherwise=request.values.get("otherwise", ""),
    )  # fmt: skip
    return page_text, outcome.status


@page.get("/changes/<change_id>/batches/progress")
@allow(*GMP_ROLES)
@background
def progress(change_id: str) -> ResponseReturnValue:
    """How far the decisions have been applied; the page asks while they are."""
    return render_template(
        "parts/open_batch_results.html", change_id=change_id, results=applied(site(), change_id), polled=True,
        follow=request.args.get("rows", ""),
    )  # fmt: skip


@page.get("/changes/<change_id>/batches/summary")
@allow(*GMP_ROLES)
@background
def summary(change_id: str) -> ResponseReturnValue:
    """The matrix in short, for the review of the change."""
    with site().read() as reader:
        rows = open_batch_matrix(site(), reader, change_id)
    return render_template("parts/open_batch_summary.html", change_id=change_id, rows=rows, tally=_tally(rows))


def _tally(rows: list[MatrixRow]) -> list[tuple[int, str, Counter[str]]]:
    """Of each item how many batches stand where."""
    items = dict.fromkeys((row.item, row.title) for row in rows)
    return [(n, title, Counter(row.position for row in rows if row.item == n)) for n, title in items]


def _groups(rows: list[MatrixRow]) -> list[tuple[str, list[MatrixRow]]]:
    """The rows of each batch; those that run first, then those that were released."""
    by_batch: dict[str, list[MatrixRow]] = {}
    for row in rows:
        by_batch.setdefault(row.batch, []).append(row)
    return sorted(by_batch.items(), key=lambda pair: (pair[1][0].position == "RELEASED", pair[0]))


def _kinds(rows: list[MatrixRow]) -> list[str]:
    """The decisions that any row allows, in the order of the records' list."""
    allowed = {decision for row in rows for decision in row.allowed}
    return [decision for decision in BATCH_DECISIONS if decision in allowed]


def _role(change: dict[str, Any]) -> str:
    """The role in which this person decides; empty where they don't, or where the change has ended."""
    wanted = () if change["state"] in ENDED else open_batches.needed(change)
    quality = set(open_batches.QUALITY)
    return next((r for r in wanted if (actor().roles & quality if r == "QA" else r in actor().roles)), "")


def _chosen(rows: list[MatrixRow]) -> dict[str, str]:
    """What each row's field shows: what was typed; for whoever asked for it the same everywhere it is allowed; the proposal.

    Of a row that somebody has decided otherwise, and that is decided anew here, nothing is proposed.
    """
    fill = request.form.get("fill", "") if request.form.get("do") == "fill" else ""
    found = {}
    for row in rows:
        name = f"{row.batch}:{row.item}"
        default = row.default if request.method == "GET" and row.state != "SIGNING" else ""
        found[name] = fill if fill in row.allowed and row.state != "SIGNING" else typed(f"d:{name}", default)
    return found


def _fill(change_id: str) -> dict[str, Any]:
    """Nothing is recorded: the fields are filled where the decision is allowed, and the page comes back."""
    raise RefusedEntryError()


def _propose(change_id: str) -> dict[str, Any]:
    chosen = prefixed("d:")
    replaces = request.form.get("otherwise", "")
    rows = [
        dict(zip(("batch", "item"), name.rsplit(":", 1), strict=True)) | {"decision": d, "replaces": replaces}
        for name, d in chosen.items()
    ]
    if not rows:
        raise RefusedEntryError(PageProblem("", "Choose a decision for at least one row"))
    require([("reason", "the reason")])
    answer = act(
        open_batches.propose_decisions, stream=f"batch:{change_id}", change_id=change_id, rows=rows,
        reason=request.form["reason"].strip(), proof=proof(),
    )  # fmt: skip
    return _signed(change_id, answer)


def _sign(change_id: str) -> dict[str, Any]:
    answer = act(
        open_batches.sign_decisions, stream=f"batch:{change_id}", change_id=change_id, set_id=request.form.get("set_id", ""),
        proof=proof("set_password"),
    )  # fmt: skip
    return _signed(change_id, answer)


def _signed(change_id: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Say what it waits for; with the last signature the scheduler applies it, batch by batch."""
    if answer["roles_open"]:
        flash("Your decision is signed. It takes effect when the other roles have signed too.", "good")
    else:
        flash("The decision is taken. It is applied batch by batch now.", "good")
    return answer


ACTS = {"fill": _fill, "propose": _propose, "sign": _sign}
