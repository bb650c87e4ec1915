"""The record of a batch: every step with its values and signatures, as it was executed."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.queries.review import review
from web.access import GMP_ROLES, allow
from web.acting import site

page = Blueprint("record_page", __name__)


@page.get("/batches/<batch_id>/record")
@allow(*GMP_ROLES)
def show(batch_id: str) -> ResponseReturnValue:
    """All of it on one page that prints; corrected values stand beside what they replaced."""
    view = review(site(), batch_id)
    tasks = sorted(view["tasks"].values(), key=lambda task: (task["opened_at"], task["key"]))
    values: dict[str, list] = {}
    for value in view["values"]:
        values.setdefault(value["task_key"], []).append(value)
    signatures: dict[str, list] = {}
    for signature in view["signatures"]:
        signatures.setdefault(signature["subject"].removeprefix("task:"), []).append(signature)
    exceptions: dict[str, list] = {}
    for exception in view["exceptions"]:
        exceptions.setdefault(exception["task_key"] or "", []).append(exception)
    return render_template(
        "pages/record.html", view=view, batch=view["batch"], tasks=tasks, values=values, signatures=signatures,
        exceptions=exceptions, reasons={c["new_value_id"]: c for c in view["corrections"]},
    )  # fmt: skip
