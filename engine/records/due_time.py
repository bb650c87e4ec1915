"""Due times: what the scheduler has to tell the engine, and when."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, one_of, refers

DUE_KINDS = ("hold_nor", "hold_par", "timer")
DUE_STATES = ("waiting", "fired", "cancelled")


class DueTime(Record):
    """A hold time's limit or a timer of the diagram, fired once by one scheduler."""

    __tablename__ = "due_time"
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    kind: Mapped[str]
    ref: Mapped[str]
    from_key: Mapped[str]
    due_at: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    fired_at: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("kind", DUE_KINDS),
        one_of("state", DUE_STATES),
        *instant("due_at", "fired_at"),
        *filled("ref"),
        counted(),
        Index("ix_due_time_state_due_at", "state", "due_at"),
        Index("ix_due_time_batch_id", "batch_id"),
        STRICT,
    )
