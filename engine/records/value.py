"""What was recorded: values, readings of devices, corrections."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, one_of, refers, refers_to_task

JUDGEMENTS = ("ok", "info", "minor", "major", "critical", "recorded")


class ParameterValue(Record):
    """One recorded value: as typed or received, as understood, by whom, when, and which rules judged it.

    `n` counts measurements from 1. A correction is a new value that names the one it corrects; both stay.
    """

    __tablename__ = "parameter_value"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str]
    task_key: Mapped[str]
    step_id: Mapped[str]
    label: Mapped[str] = mapped_column(default="")
    parameter_id: Mapped[str]
    n: Mapped[int] = mapped_column(default=1)
    text: Mapped[str]
    value: Mapped[str]
    qualifier: Mapped[str] = mapped_column(default="")
    uom: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    entered_by: Mapped[str]
    entered_role: Mapped[str]
    recorded_at: Mapped[str]
    event_at: Mapped[str]
    event_zone: Mapped[str]
    reading_id: Mapped[str | None] = mapped_column(refers("reading.id"))
    lot_id: Mapped[str | None] = mapped_column(refers("material_lot.id"))
    raw: Mapped[str | None]
    judged_by: Mapped[str] = mapped_column(default="[]")
    judgement: Mapped[str]
    corrects: Mapped[str | None] = mapped_column(refers("parameter_value.id"))

    __table_args__ = (
        refers_to_task(),
        UniqueConstraint("corrects"),
        Index(
            "uq_parameter_value_measurement",
            "batch_id",
            "task_key",
            "parameter_id",
            "n",
            unique=True,
            sqlite_where=sql("corrects IS NULL"),
            postgresql_where=sql("corrects IS NULL"),
        ),
        Index("ix_parameter_value_batch_id_task_key", "batch_id", "task_key"),
        one_of("judgement", JUDGEMENTS),
        *instant("recorded_at", "event_at"),
        *filled("parameter_id", "source", "entered_by", "event_zone"),
        counted("n"),
        STRICT,
    )


class Correction(Record):
    """Why a value was corrected, by whom; it joins the old value and the new one.

    Source: 21 CFR 11.10(e), Annex 11 s.9.
    """

    __tablename__ = "correction"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    value_id: Mapped[str] = mapped_column(refers("parameter_value.id"))
    new_value_id: Mapped[str] = mapped_column(refers("parameter_value.id"))
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[str]

    __table_args__ = (
        UniqueConstraint("value_id"),
        Index("ix_correction_batch_id", "batch_id"),
        *instant("at"),
        *filled("reason", "by"),
        STRICT,
    )


class Reading(Record):
    """What a registered device sent, as it sent it, before anybody accepted it."""

    __tablename__ = "reading"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    equipment_id: Mapped[str] = mapped_column(refers("equipment.id"))
    step_id: Mapped[str]
    parameter_id: Mapped[str]
    text: Mapped[str]
    uom: Mapped[str] = mapped_column(default="")
    measured_at: Mapped[str]
    received_at: Mapped[str]
    device_config: Mapped[str | None]

    __table_args__ = (
        Index("ix_reading_batch_id_step_id", "batch_id", "step_id"),
        *instant("measured_at", "received_at"),
        *filled("parameter_id"),
        STRICT,
    )
