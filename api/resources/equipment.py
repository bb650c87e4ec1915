"""Equipment: registered, calibrated, cleaned, in service; a device also has a secret of its own."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.fields import Code, Count, Instant, Schema, Text, answer
from api.paging import PageQuery, page
from api.resource import Resource, act, expected_version, site
from engine.actions import equipment as actions
from engine.errors import RecordNotFoundError
from engine.passwords import device_secret_hash
from engine.queries.equipment import piece
from engine.queries.lists import equipment_page

equipment = Resource("equipment", "What batches are made with, its calibration, and the devices that post readings.")

KEEPERS = ("MFG_SUP", "QA_FLR")
READERS = (*GMP_ROLES, "SYS_ADM")


class NewEquipment(Schema):
    """A piece of equipment; with `secret`, a device that may post readings."""

    equipment_id = Code(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", required=True)
    equipment_class = Text(100, shortest=1, required=True)
    name = Text(200)
    calibration_due_at = Instant()
    cleaned_until = Instant()
    software_version = Text(100)
    exclusive = ma.fields.Boolean(truthy={True}, falsy={False})
    secret = Text(200, shortest=32, metadata={"description": "The device's own: at least 32 random characters"})


class Calibration(Schema):
    """A calibration that was done: its certificate, and until when it holds."""

    due_at = Instant(required=True)
    reference = Text(200, shortest=1, required=True)
    version = Count(1)


class Cleaning(Schema):
    """A cleaning that was done, and how long it holds."""

    clean_until = Instant(required=True)
    version = Count(1)


class Change(Schema):
    """What changes about the equipment, and why."""

    reason = Text(1000, shortest=3, required=True)
    status = ma.fields.String(validate=ma.validate.OneOf(actions.STATES))
    software_version = Text(100)
    secret = Text(200, shortest=32, metadata={"description": "The device's own: at least 32 random characters"})
    version = Count(1)


Equipment = answer(
    "Equipment",
    id=ma.fields.String(),
    equipment_class=ma.fields.String(),
    name=ma.fields.String(),
    status=ma.fields.String(),
    calibration_due_at=ma.fields.String(allow_none=True),
    version=ma.fields.Integer(),
)
EquipmentPage = answer("EquipmentPage", items=ma.fields.List(ma.fields.Nested(Equipment)), next=ma.fields.String(allow_none=True))
Changed = answer("ChangedEquipment", equipment_id=ma.fields.String(), version=ma.fields.Integer())


@equipment.reads("/equipment", EquipmentPage, query=PageQuery)
@allow(*READERS)
def all_equipment(query: dict) -> dict:
    """All equipment, by number"""
    rows = equipment_page(site(), query["after"], query["limit"] + 1)
    return page(rows, query["limit"], lambda row: [row["id"]])


@equipment.reads("/equipment/<name:equipment_id>", Equipment, etag=True)
@allow(*READERS)
def one_equipment(equipment_id: str) -> dict:
    """One piece of equipment"""
    found = piece(site(), equipment_id)
    if found is None:
        raise RecordNotFoundError(f"There is no equipment {equipment_id}.")
    return found


@equipment.acts("/equipment", NewEquipment, Changed, status=201)
@allow(*KEEPERS)
def register_equipment(body: dict) -> dict:
    """Register equipment

    With a secret it is a device, which then authenticates as `Authorization: Device <equipment id>:<secret>`.
    """
    return act(actions.register_equipment, stream=f"equipment:{body['equipment_id']}", **_hashed(body))


@equipment.acts("/equipment/<name:equipment_id>/calibrations", Calibration, Changed)
@allow(*KEEPERS)
def record_calibration(body: dict, equipment_id: str) -> dict:
    """Record a calibration"""
    return _change(actions.record_calibration, body, equipment_id)


@equipment.acts("/equipment/<name:equipment_id>/cleanings", Cleaning, Changed)
@allow("MFG_OP", *KEEPERS)
def record_cleaning(body: dict, equipment_id: str) -> dict:
    """Record a cleaning"""
    return _change(actions.record_cleaning, body, equipment_id)


@equipment.acts("/equipment/<name:equipment_id>/changes", Change, Changed)
@allow(*KEEPERS)
def change_equipment(body: dict, equipment_id: str) -> dict:
    """Take out of service or back, or change software or secret"""
    return _change(actions.change_equipment, _hashed(body), equipment_id)


def _change(action: Any, body: dict, equipment_id: str) -> dict:
    version = expected_version(body)
    return act(action, stream=f"equipment:{equipment_id}", equipment_id=equipment_id, version=version, **body)


def _hashed(body: dict) -> dict:
    """The body with the device's secret as it is kept: nobody reads it back."""
    secret = body.pop("secret", None)
    return body if secret is None else body | {"credential_hash": device_secret_hash(secret)}
