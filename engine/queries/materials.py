"""Material lots as they are now."""

from __future__ import annotations

import json
from typing import Any

from engine import clock
from engine.records import MaterialLot
from engine.records.shape import Row
from engine.site import Site


def lots(site: Site) -> list[dict[str, Any]]:
    """Every lot, by material and number."""
    with site.read() as reader:
        return [described(row) for row in reader.rows(MaterialLot, order=("material", "id"))]


def lot(site: Site, lot_id: str) -> dict[str, Any] | None:
    """One lot, or None."""
    with site.read() as reader:
        row = reader.find(MaterialLot, id=lot_id)
    return described(row) if row else None


def described(row: Row) -> dict[str, Any]:
    """A row for people: its certificate as pairs, and whether it is past its expiry."""
    expired = row["expires_at"] is not None and row["expires_at"] <= clock.text(clock.now())
    return {
        **{name: row[name] for name in ("id", "material", "supplier", "status", "expires_at", "version")},
        "certificate": json.loads(row["certificate"]),
        "expired": expired,
        "usable": row["status"] == "released" and not expired,
    }
