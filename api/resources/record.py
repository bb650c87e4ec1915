"""The record of a batch as it is read: live state, review by exception, signatures, audit trail."""

from __future__ import annotations

import marshmallow as ma
from flask import Response

from api.auth import GMP_ROLES, allow
from api.fields import ROW, Code, Count, Instant, Schema, Text, answer
from api.paging import LARGEST_PAGE, Cursor, page
from api.resource import Resource, site
from engine import clock
from engine.queries import batches, review, trail

record = Resource("record", "What is on record of a batch, and what it proves.")

BATCH = "/batches/<name:batch_id>"
AUDITORS = ("SYS_ADM", "MFG_SUP", "QA_FLR", "QA_DISP", "QP")


class TrailQuery(Schema):
    """Which entries: by whom, what happened (a part of its tag), between which instants, only the critical ones."""

    who = Text(200, load_default="")
    what = Code(r"[a-z_:]{0,60}", load_default="")
    since = Instant()
    until = Instant()
    critical = ma.fields.String(load_default="false", validate=ma.validate.OneOf(("true", "false")))
    limit = Count(1, LARGEST_PAGE, as_text=True, load_default=50)
    after = Cursor(load_default=None, metadata={"maxLength": 400})


class StreamQuery(TrailQuery):
    """The same of any stream: `person:<id>`, `recipe:<id>`, `equipment:<id>`, `lot:<id>`, `site`."""

    stream = Code(ROW, required=True)


Rows = ma.fields.List(ma.fields.Dict())
BatchView = answer("BatchView", batch=ma.fields.Dict(), tasks=Rows, counts=ma.fields.Dict(), due=Rows)
ElementState = answer("ElementState", state=ma.fields.String(), label=ma.fields.String())
LiveState = answer("LiveState")
Review = answer(
    "Review",
    batch=ma.fields.Dict(),
    counts=ma.fields.Dict(),
    values=Rows,
    exceptions=Rows,
    open_items=ma.fields.List(ma.fields.String()),
    rules=ma.fields.Dict(metadata={"description": "How many values each rule judged"}),
    signatures=Rows,
    adoptions=Rows,
    revisions=ma.fields.Dict(metadata={"description": "What each step ran under, by its key"}),
)
Signatures = answer("Signatures", items=Rows)
Entry = answer(
    "TrailEntry",
    seq=ma.fields.Integer(),
    at=ma.fields.String(),
    tag=ma.fields.String(),
    critical=ma.fields.Integer(),
    actor_id=ma.fields.String(),
    actor_name=ma.fields.String(),
    actor_role=ma.fields.String(),
    source=ma.fields.String(),
    data=ma.fields.Dict(),
    changes=Rows,
)
Trail = answer("AuditTrail", items=ma.fields.List(ma.fields.Nested(Entry)), next=ma.fields.String(allow_none=True))


@record.reads(BATCH, BatchView, etag=True)
@allow(*GMP_ROLES)
def batch_view(batch_id: str) -> dict:
    """One batch

    Its state, every task in the order it opened, what is due, and the counts that a review signs.
    """
    return batches.batch_view(site(), batch_id)


@record.reads(f"{BATCH}/state", LiveState, etag=True)
@allow(*GMP_ROLES)
def live_state(batch_id: str) -> dict:
    """Live state on the diagram

    By the id of the diagram's element: open, started, blocked, done, exception or withdrawn.
    """
    return batches.live_state(site(), batch_id)


@record.reads(f"{BATCH}/diagram", None, content_type="application/xml")
@allow(*GMP_ROLES)
def diagram(batch_id: str) -> Response:
    """The control recipe's diagram

    Exactly as approved.
    """
    return Response(batches.diagram_xml(site(), batch_id), mimetype="application/xml")


@record.reads(f"{BATCH}/review", Review, etag=True)
@allow(*GMP_ROLES)
def review_by_exception(batch_id: str) -> dict:
    """Review by exception

    What departed, with everything said about it, and the proof that every other value was judged.
    """
    return review.review(site(), batch_id)


@record.reads(f"{BATCH}/signatures", Signatures)
@allow(*GMP_ROLES)
def signatures(batch_id: str) -> dict:
    """Signatures of a batch

    Full name, instant, meaning, and whether each still fits what is on record.
    """
    return {"items": review.review(site(), batch_id)["signatures"]}


@record.reads(f"{BATCH}/audit-trail", Trail, query=TrailQuery)
@allow(*GMP_ROLES)
def audit_trail(query: dict, batch_id: str) -> dict:
    """Audit trail of a batch

    Who did what when and why, with old and new value; an export reads it page by page.
    """
    return _trail(f"batch:{batch_id}", query)


@record.reads("/audit-trail", Trail, query=StreamQuery)
@allow(*AUDITORS)
def stream_trail(query: dict) -> dict:
    """Audit trail of anything else

    People, recipes, equipment, lots, and the site itself. A batch's own trail is under the batch.
    """
    stream = query.pop("stream")
    if stream.startswith("batch:"):
        return {"items": [], "next": None}
    return _trail(stream, query)


def _trail(stream: str, query: dict) -> dict:
    since, until = (clock.text(query[name]) if name in query else "" for name in ("since", "until"))
    after = query["after"][0] if query["after"] and isinstance(query["after"][0], int) else 0
    rows = trail.audit_trail(
        site(), stream, who=query["who"], what=query["what"], since=since, until=until,
        critical=query["critical"] == "true", after=after, most=query["limit"] + 1,
    )  # fmt: skip
    return page(rows, query["limit"], lambda row: [row["seq"]])
