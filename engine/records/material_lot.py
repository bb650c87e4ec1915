"""Material lots: what may be used until when."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, one_of

LOT_STATES = ("released", "quarantined", "rejected", "expired")


class MaterialLot(Record):
    """One lot of one material with its status, its expiry and what its certificate says."""

    __tablename__ = "material_lot"
    STREAM = "lot:{id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    material: Mapped[str]
    supplier: Mapped[str] = mapped_column(default="")
    status: Mapped[str]
    expires_at: Mapped[str | None]
    certificate: Mapped[str] = mapped_column(default="{}")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("status", LOT_STATES),
        *instant("expires_at"),
        *filled("id", "material"),
        counted(),
        STRICT,
    )
