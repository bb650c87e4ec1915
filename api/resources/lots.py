"""Material lots: received into quarantine, released or rejected by the quality unit."""

from __future__ import annotations

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Code, Count, Instant, Schema, Text, answer
from api.paging import PageQuery, page
from api.resource import Resource, act, expected_version, site
from engine.actions import materials as actions
from engine.queries.lists import lot_page
from engine.records.material_lot import LOT_STATES

lots = Resource("material lots", "What goes into batches: lots, their certificates, their status.")

LOT = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}"


class NewLot(Schema):
    """A lot as received. `certificate`: what its supplier states, digit for digit."""

    lot_id = Code(LOT, required=True)
    material = Text(200, shortest=1, required=True)
    supplier = Text(200)
    expires_at = Instant()
    certificate = ma.fields.Dict(keys=Code(r"[a-z][a-z0-9_]{0,59}"), values=Text(200), validate=ma.validate.Length(max=100))


class LotStatus(Schema):
    """A lot's new status, and why."""

    lot_id = Code(LOT, required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(LOT_STATES))
    reason = Text(1000, shortest=3, required=True)
    version = Count(1)


Lot = answer(
    "MaterialLot",
    id=ma.fields.String(),
    material=ma.fields.String(),
    status=ma.fields.String(),
    expires_at=ma.fields.String(allow_none=True),
    certificate=ma.fields.Dict(),
    version=ma.fields.Integer(),
)
LotPage = answer("MaterialLotPage", items=ma.fields.List(ma.fields.Nested(Lot)), next=ma.fields.String(allow_none=True))
Changed = answer("ChangedLot", lot_id=ma.fields.String(), status=ma.fields.String(), version=ma.fields.Integer())


@lots.reads("/material-lots", LotPage, query=PageQuery)
@allow(*GMP_ROLES)
def all_lots(query: dict) -> dict:
    """All material lots, by number"""
    return page(lot_page(site(), query["after"], query["limit"] + 1), query["limit"], lambda row: [row["id"]])


@lots.acts("/material-lots", NewLot, Changed, status=201)
@allow("MFG_OP", "MFG_SUP", "QA_FLR", "QA_DISP")
def register_lot(body: dict) -> dict:
    """Receive a lot

    It lies in quarantine until the quality unit releases it.
    """
    return act(actions.register_lot, stream=f"lot:{body['lot_id']}", **body)


@lots.acts("/material-lots/status", LotStatus, Changed)
@allow("QA_FLR", "QA_DISP")
def set_status(body: dict) -> dict:
    """Release, reject or quarantine a lot

    Only the quality unit does.
    """
    version = expected_version(body)
    return act(actions.set_lot_status, stream=f"lot:{body['lot_id']}", version=version, **body)
