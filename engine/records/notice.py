"""Notices: what the timers of a process reminded people of."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, filled, instant, one_of, refers


class Notice(Record):
    """That a drawn timer reminded people of an open step, or escalated it. `batch_id` is the run it is about."""

    __tablename__ = "notice"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    task_key: Mapped[str]
    kind: Mapped[str]
    roles: Mapped[str]
    text: Mapped[str]
    at: Mapped[str]

    __table_args__ = (
        one_of("kind", ("reminder", "escalation")),
        *instant("at"),
        *filled("task_key", "roles", "text"),
        Index("ix_notice_batch_id", "batch_id"),
        STRICT,
    )
