"""The audit trail of a batch in words, filtered by who, what, when and whether it is critical."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import clock
from engine.actions.changes import KIND
from engine.queries.batches import batch_view
from engine.queries.trail import audit_trail
from engine.records import Change
from web.access import GMP_ROLES, allow
from web.acting import RefusedEntryError, moment_of, site

page = Blueprint("trail_page", __name__)

PAGE_LENGTH = 100
MOST_FILTER = 80
TOP_SEQ = 2**53 - 1


@page.get("/batches/<batch_id>/trail")
@allow(*GMP_ROLES)
def show(batch_id: str) -> ResponseReturnValue:
    """A hundred entries at a time, oldest first."""
    asked = {name: request.args.get(name, "").strip()[:MOST_FILTER] for name in ("who", "what", "since", "until")}
    problems, instants = [], {}
    for name, label in (("since", "From"), ("until", "Until")):
        try:
            at = moment_of(name, asked[name], label) if asked[name] else None
            instants[name] = clock.text(at) if at else ""
        except RefusedEntryError as error:
            problems += error.problems
            instants[name] = ""
    after = request.args.get("after", "")
    entries = audit_trail(
        site(), f"batch:{batch_id}", who=asked["who"], what=asked["what"], critical=request.args.get("critical") == "1",
        after=min(int(after), TOP_SEQ) if after.isdecimal() and len(after) < 20 else 0, most=PAGE_LENGTH + 1, **instants,
    )  # fmt: skip
    batch = batch_view(site(), batch_id)["batch"]
    page_text = render_template(
        "pages/trail.html", batch=batch, change=_change(batch), entries=entries[:PAGE_LENGTH], asked=asked,
        critical=request.args.get("critical", ""), problems=problems,
        following=entries[PAGE_LENGTH - 1]["seq"] if len(entries) > PAGE_LENGTH else None,
    )  # fmt: skip
    return page_text, 422 if problems else 200


def _change(batch: dict[str, Any]) -> dict[str, Any] | None:
    """The change that a run is of; a batch is of none."""
    if batch["kind"] != KIND:
        return None
    with site().read() as reader:
        return reader.get(Change, id=batch["subject"])
