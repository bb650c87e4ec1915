"""Equipment: what is registered, calibrated, clean and in service."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import passwords
from engine.actions import equipment
from engine.queries.equipment import equipment as everything
from engine.queries.equipment import piece
from web.access import GMP_ROLES, allow
from web.acting import Outcome, act, attempt, local_instant, require, site

page = Blueprint("equipment_page", __name__, url_prefix="/equipment")


@page.get("")
@allow(*GMP_ROLES)
def show_all() -> ResponseReturnValue:
    """Everything registered; what is not usable stands out."""
    return render_template("pages/equipment.html", equipment=everything(site()))


@page.route("/new", methods=["GET", "POST"])
@allow("MFG_SUP", "QA_FLR")
def new() -> ResponseReturnValue:
    """Register a piece of equipment; a device gets a secret, shown once."""
    outcome = attempt(_register) if request.method == "POST" else Outcome(None, [])
    if outcome.answer:
        return redirect(url_for("equipment_page.show", equipment_id=outcome.answer["equipment_id"]))
    return render_template("pages/equipment_new.html", problems=outcome.problems), outcome.status


@page.route("/<equipment_id>", methods=["GET", "POST"])
@allow(*GMP_ROLES)
def show(equipment_id: str) -> ResponseReturnValue:
    """One piece: its state now, and what its keepers may record."""
    outcome = Outcome(None, [])
    if request.method == "POST":
        do, done = ACTS.get(request.form.get("do", ""), (None, ""))
        if do is None:
            abort(400)
        outcome = attempt(lambda: do(equipment_id), done=done)
        if outcome.done:
            return redirect(url_for("equipment_page.show", equipment_id=equipment_id))
    found = piece(site(), equipment_id)
    if found is None:
        abort(404)
    return render_template(
        "pages/equipment_piece.html", piece=found, problems=outcome.problems, states=equipment.STATES,
        open_form=request.form.get("do", ""),
    ), outcome.status  # fmt: skip


def _register() -> dict[str, Any]:
    require([("equipment_id", "the number on its label"), ("equipment_class", "its class")])
    form = request.form
    secret = passwords.new_device_secret() if form.get("device") == "yes" else ""
    answer = act(
        equipment.register_equipment, stream=f"equipment:{form['equipment_id'].strip()}", once=False,
        equipment_id=form["equipment_id"], equipment_class=form["equipment_class"], name=form.get("name", ""),
        software_version=form.get("software_version", ""),
        calibration_due_at=local_instant("calibration_due_at", "The next calibration", required=False),
        exclusive=form.get("exclusive") == "yes",
        credential_hash=passwords.device_secret_hash(secret) if secret else None,
    )  # fmt: skip
    flash("Registered." + (f" The device's secret, shown this once: {secret}" if secret else ""), "good")
    return answer


def _calibrate(equipment_id: str) -> dict[str, Any]:
    require([("due_at", "when the next calibration is due"), ("reference", "the number of the certificate")])
    due_at = local_instant("due_at", "The next calibration")
    return _on(equipment.record_calibration, equipment_id, due_at=due_at, reference=request.form["reference"])


def _clean(equipment_id: str) -> dict[str, Any]:
    require([("clean_until", "until when it is clean")])
    return _on(equipment.record_cleaning, equipment_id, clean_until=local_instant("clean_until", "The end of the clean time"))


def _change(equipment_id: str) -> dict[str, Any]:
    require([("reason", "the reason")])
    return _on(
        equipment.change_equipment, equipment_id, reason=request.form["reason"],
        status=request.form.get("status") or None, software_version=request.form.get("software_version"),
    )  # fmt: skip


def _on(action: Any, equipment_id: str, **arguments: Any) -> dict[str, Any]:
    version = request.form.get("version", "")
    return act(
        action, stream=f"equipment:{equipment_id}", equipment_id=equipment_id,
        version=int(version) if version.isdecimal() and len(version) < 10 else 0, **arguments,
    )  # fmt: skip


ACTS: dict[str, tuple[Any, str]] = {
    "calibrate": (_calibrate, "The calibration is on record."),
    "clean": (_clean, "The cleaning is on record."),
    "change": (_change, "The change is on record."),
}
