"""Equipment: registered, calibrated, clean, in or out of service, and with whose credentials it speaks to us."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from engine import clock
from engine.errors import NotPermittedError, ReasonRequiredError, ResourceFieldError
from engine.records import Equipment
from engine.records.shape import Row
from engine.transaction import Act, Actor

STATES = ("ready", "in_use", "out_of_service", "retired")
KEEPERS = frozenset({"MFG_SUP", "QA_FLR"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def register_equipment(
    act: Act,
    *,
    actor: Actor,
    equipment_id: str,
    equipment_class: str,
    name: str = "",
    calibration_due_at: datetime | None = None,
    cleaned_until: datetime | None = None,
    software_version: str = "",
    credential_hash: str | None = None,
    exclusive: bool = False,
) -> dict[str, Any]:
    """Register a piece of equipment. Stream: `equipment:<id>`; the id is the code on its label.

    `credential_hash` (passwords.device_secret_hash) makes it a device that may post readings. `exclusive`: one batch at
    a time. Source: 21 CFR 211.68, 211.105(b).
    """
    _keeper(actor)
    if not _ID.fullmatch(equipment_id.strip()):
        raise ResourceFieldError("An equipment number has letters, digits and . _ - only.", field="equipment_id")
    if not equipment_class.strip():
        raise ResourceFieldError("Name the class that recipes ask for.", field="equipment_class")
    act.insert(
        Equipment, id=equipment_id.strip(), equipment_class=equipment_class.strip(), name=name.strip(),
        status="ready", calibration_due_at=calibration_due_at, cleaned_until=cleaned_until,
        software_version=software_version.strip(), credential_hash=credential_hash, exclusive=exclusive,
    )  # fmt: skip
    act.note("equipment:registered", equipment_class=equipment_class.strip(), name=name.strip())
    return {"equipment_id": equipment_id.strip(), "version": 1}


def record_calibration(
    act: Act, *, actor: Actor, equipment_id: str, version: int, due_at: datetime, reference: str
) -> dict[str, Any]:
    """A calibration was done and holds until `due_at`. `reference`: number of its certificate. Source: 211.68(a)."""
    _keeper(actor)
    row = act.get(Equipment, id=equipment_id)
    if not reference.strip():
        raise ResourceFieldError("Name the certificate of the calibration.", field="reference")
    if due_at <= act.now:
        raise ResourceFieldError("The next calibration lies in the past.", field="due_at")
    now = act.update(Equipment, {"id": row["id"]}, version=version, calibration_due_at=due_at)
    act.note("equipment:calibrated", reference=reference.strip(), due_at=clock.text(due_at))
    return _answer(now)


def record_cleaning(
    act: Act, *, actor: Actor, equipment_id: str, version: int, clean_until: datetime
) -> dict[str, Any]:
    """The equipment was cleaned and stays clean until `clean_until`. Source: 21 CFR 211.182."""
    if actor.kind == "person" and not (KEEPERS | {"MFG_OP"}) & actor.roles:
        raise NotPermittedError("Cleaning is recorded by those who clean: operators and their supervisor.")
    row = act.get(Equipment, id=equipment_id)
    if clean_until <= act.now:
        raise ResourceFieldError("It would not be clean any more.", field="clean_until")
    now = act.update(Equipment, {"id": row["id"]}, version=version, cleaned_until=clean_until)
    act.note("equipment:cleaned", clean_until=clock.text(clean_until))
    return _answer(now)


def change_equipment(
    act: Act,
    *,
    actor: Actor,
    equipment_id: str,
    version: int,
    reason: str,
    status: str | None = None,
    software_version: str | None = None,
    credential_hash: str | None = None,
) -> dict[str, Any]:
    """Take equipment out of service or back, or record another software or another secret, with the reason.

    Readings carry the configuration under which they were taken; a change of it is seen beside them.
    """
    _keeper(actor)
    row = act.get(Equipment, id=equipment_id)
    if len(reason.strip()) < 3:
        raise ReasonRequiredError("Give the reason in a few words.", field="reason")
    if status is not None and status not in STATES:
        raise ResourceFieldError(f"The state is one of {', '.join(STATES)}.", field="status")
    if row["status"] == "retired":
        raise ResourceFieldError("Retired equipment does not come back.", field="status")
    asked = {"status": status, "software_version": software_version, "credential_hash": credential_hash}
    changes: dict[str, Any] = {column: value for column, value in asked.items() if value is not None}
    now = act.update(Equipment, {"id": row["id"]}, version=version, **changes)
    shown = {column: [row[column], now[column]] for column in changes if column != "credential_hash"}
    act.note("equipment:changed", reason=reason.strip(), changed=sorted(changes), values=shown)
    return _answer(now)


def _keeper(actor: Actor) -> None:
    if actor.kind == "person" and not KEEPERS & actor.roles:
        raise NotPermittedError("Equipment is kept by the manufacturing supervisor and quality assurance on the floor.")


def _answer(row: Row) -> dict[str, Any]:
    return {"equipment_id": row["id"], "status": row["status"], "version": row["version"]}
