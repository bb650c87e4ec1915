"""Material lots: received into quarantine with their certificate, released or rejected by the quality unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import clock
from engine.errors import NotPermittedError, ReasonRequiredError, ResourceFieldError
from engine.records import MaterialLot
from engine.records.material_lot import LOT_STATES
from engine.transaction import Act, Actor

RECEIVERS = frozenset({"MFG_SUP", "MFG_OP", "QA_FLR", "QA_DISP"})
QUALITY_UNIT = frozenset({"QA_FLR", "QA_DISP"})
_LOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")


def register_lot(
    act: Act,
    *,
    actor: Actor,
    lot_id: str,
    material: str,
    supplier: str = "",
    expires_at: datetime | None = None,
    certificate: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Receive a lot; it lies in quarantine until the quality unit releases it. Stream: `lot:<lot number>`.

    `certificate`: what the supplier states, name -> text, digit for digit. Source: 21 CFR 211.80 to 211.84.
    """
    if actor.kind == "person" and not RECEIVERS & actor.roles:
        raise NotPermittedError("Lots are received by manufacturing or quality assurance.")
    if not _LOT.fullmatch(lot_id.strip()):
        raise ResourceFieldError("A lot number has letters, digits and . _ / - only.", field="lot_id")
    if not material.strip():
        raise ResourceFieldError("Name the material as recipes do.", field="material")
    values = {name.strip(): text.strip() for name, text in (certificate or {}).items() if name.strip()}
    act.insert(
        MaterialLot, id=lot_id.strip(), material=material.strip(), supplier=supplier.strip(), status="quarantined",
        expires_at=expires_at, certificate=values,
    )  # fmt: skip
    act.note("lot:registered", material=material.strip(), certificate=sorted(values))
    return {"lot_id": lot_id.strip(), "status": "quarantined", "version": 1}


def set_lot_status(act: Act, *, actor: Actor, lot_id: str, version: int, status: str, reason: str) -> dict[str, Any]:
    """The quality unit releases, rejects or quarantines a lot, and says why. Source: 21 CFR 211.22(a), 211.84."""
    if actor.kind == "person" and not QUALITY_UNIT & actor.roles:
        raise NotPermittedError("Only the quality unit releases or rejects a lot.")
    if status not in LOT_STATES:
        raise ResourceFieldError(f"The status is one of {', '.join(LOT_STATES)}.", field="status")
    if len(reason.strip()) < 3:
        raise ReasonRequiredError("Give the reason in a few words.", field="reason")
    row = act.get(MaterialLot, id=lot_id)
    if status == "released" and row["expires_at"] is not None and row["expires_at"] <= clock.text(act.now):
        raise ResourceFieldError("The lot is past its expiry and can't be released.", field="status")
    now = act.update(MaterialLot, {"id": lot_id}, version=version, status=status)
    act.note("lot:status_changed", critical=True, was=row["status"], now=status, reason=reason.strip())
    return {"lot_id": lot_id, "status": status, "version": now["version"]}
