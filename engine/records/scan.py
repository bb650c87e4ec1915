"""Scans: labels read at a task, accepted or refused."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, filled, instant, one_of, refers, refers_to_task

SCAN_RESULTS = ("accepted", "refused")


class Scan(Record):
    """One scanned code at one task and what became of it; a refused scan stays on record too."""

    __tablename__ = "scan"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(index=True)
    task_key: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    result: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    lot_id: Mapped[str | None] = mapped_column(refers("material_lot.id"))
    equipment_id: Mapped[str | None] = mapped_column(refers("equipment.id"))
    by: Mapped[str]
    at: Mapped[str]

    __table_args__ = (
        refers_to_task(),
        one_of("result", SCAN_RESULTS),
        *instant("at"),
        *filled("kind", "by"),
        STRICT,
    )
