"""Equipment: what is registered, calibrated, clean, and at which batch."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, refers


class Equipment(Record):
    """One piece of equipment or one device, its calibration, and the batch it is assigned to."""

    __tablename__ = "equipment"
    STREAM = "equipment:{id}"
    SECRET = frozenset({"credential_hash"})

    id: Mapped[str] = mapped_column(primary_key=True)
    equipment_class: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    calibration_due_at: Mapped[str | None]
    cleaned_until: Mapped[str | None]
    software_version: Mapped[str] = mapped_column(default="")
    exclusive: Mapped[int] = mapped_column(default=0)
    credential_hash: Mapped[str | None]
    batch_id: Mapped[str | None] = mapped_column(refers("batch.id"))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        *instant("calibration_due_at", "cleaned_until"),
        *filled("id", "equipment_class", "status"),
        *flag("exclusive"),
        counted(),
        Index("ix_equipment_batch_id", "batch_id"),
        STRICT,
    )
