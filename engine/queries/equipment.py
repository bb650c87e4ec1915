"""Equipment as it is now: state, calibration, cleanness, where it is in use."""

from __future__ import annotations

from typing import Any

from engine import clock
from engine.records import Equipment
from engine.records.shape import Row
from engine.site import Site

SHOWN = (
    "id", "equipment_class", "name", "status", "calibration_due_at", "cleaned_until", "software_version", "batch_id",
    "exclusive", "version",
)  # fmt: skip


def equipment(site: Site) -> list[dict[str, Any]]:
    """Everything registered, by class and number."""
    with site.read() as reader:
        return [described(row) for row in reader.rows(Equipment, order=("equipment_class", "id"))]


def piece(site: Site, equipment_id: str) -> dict[str, Any] | None:
    """One piece of equipment, or None."""
    with site.read() as reader:
        row = reader.find(Equipment, id=equipment_id)
    return described(row) if row else None


def described(row: Row) -> dict[str, Any]:
    """A row for people: no credentials, and what its dates mean now."""
    now = clock.text(clock.now())
    return {
        **{name: row[name] for name in SHOWN},
        "is_device": bool(row["credential_hash"]),
        "calibrated": row["calibration_due_at"] is None or row["calibration_due_at"] > now,
        "clean": row["cleaned_until"] is None or row["cleaned_until"] > now,
    }
