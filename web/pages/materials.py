"""Material lots: received into quarantine, released or rejected by the quality unit."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.actions import materials
from engine.queries.materials import lot, lots
from web.access import GMP_ROLES, allow
from web.acting import Outcome, PageProblem, RefusedEntryError, act, attempt, local_instant, require, site

page = Blueprint("materials_page", __name__, url_prefix="/materials")


@page.get("")
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Every lot; what may not be used stands out."""
    return render_template("pages/materials.html", lots=lots(site()))


@page.route("/new", methods=["GET", "POST"])
@allow(*sorted(materials.RECEIVERS))
def new() -> ResponseReturnValue:
    """Receive a lot."""
    done = "The lot is received and lies in quarantine."
    outcome = attempt(_register, done=done) if request.method == "POST" else Outcome(None, [])
    if outcome.answer:
        return redirect(url_for("materials_page.show", lot_id=outcome.answer["lot_id"]))
    return render_template("pages/lot_new.html", problems=outcome.problems), outcome.status


@page.route("/<path:lot_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(lot_id: str) -> ResponseReturnValue:
    """One lot with its certificate; the quality unit sets its status."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        outcome = attempt(lambda: _set_status(lot_id), done="The lot's status is on record.")
        if outcome.done:
            return redirect(url_for("materials_page.show", lot_id=lot_id))
    found = lot(site(), lot_id)
    if found is None:
        abort(404)
    page_text = render_template("pages/lot.html", lot=found, problems=outcome.problems, states=materials.LOT_STATES)
    return page_text, outcome.status


def _register() -> dict[str, Any]:
    require([("lot_id", "the lot number"), ("material", "the material")])
    form = request.form
    return act(
        materials.register_lot, stream=f"lot:{form['lot_id'].strip()}", lot_id=form["lot_id"],
        material=form["material"], supplier=form.get("supplier", ""),
        expires_at=local_instant("expires_at", "The expiry", required=False), certificate=_certificate(),
    )  # fmt: skip


def _certificate() -> dict[str, str]:
    """`name: value`, one a line."""
    pairs = {}
    for line in request.form.get("certificate", "").splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not value.strip():
            raise RefusedEntryError(PageProblem("certificate", f"Write each line as name: value, not “{line.strip()}”"))
        pairs[name.strip()] = value.strip()
    return pairs


def _set_status(lot_id: str) -> dict[str, Any]:
    require([("status", "the status"), ("reason", "the reason")])
    version = request.form.get("version", "")
    return act(
        materials.set_lot_status, stream=f"lot:{lot_id}", lot_id=lot_id, status=request.form["status"],
        version=int(version) if version.isdecimal() and len(version) < 10 else 0, reason=request.form["reason"],
    )  # fmt: skip
