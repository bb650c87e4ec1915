"""Exception records, what people made of them, and departures that were approved before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, one_of, refers

SEVERITIES = ("info", "minor", "major", "critical")
TRIAGE_KINDS = ("comment", "accept", "deviation", "impact", "correct")


class ExceptionRecord(Record):
    """A departure that a rule found: what was expected, what was found, and what it stops."""

    __tablename__ = "exception_record"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    task_key: Mapped[str | None]
    step_id: Mapped[str | None]
    parameter_id: Mapped[str | None]
    value_id: Mapped[str | None] = mapped_column(refers("parameter_value.id"))
    hold_id: Mapped[str | None]
    number: Mapped[int]
    rule: Mapped[str]
    rule_version: Mapped[str]
    severity: Mapped[str]
    blocks: Mapped[int] = mapped_column(default=0)
    stops: Mapped[int] = mapped_column(default=0)
    needs_comment: Mapped[int] = mapped_column(default=0)
    message: Mapped[str]
    expected: Mapped[str] = mapped_column(default="")
    actual: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    links: Mapped[str] = mapped_column(default="[]")
    raised_at: Mapped[str]
    dedupe: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "task_key"], ["task.batch_id", "task.key"], deferrable=True, initially="DEFERRED"),
        UniqueConstraint("batch_id", "dedupe"),
        one_of("severity", SEVERITIES),
        *flag("blocks", "stops", "needs_comment"),
        *instant("raised_at"),
        *filled("rule", "rule_version", "message", "dedupe"),
        counted("number", 0),
        STRICT,
    )


class ExceptionTriage(Record):
    """What a person made of an exception: a comment, acceptance, a deviation, a correction."""

    __tablename__ = "exception_triage"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    exception_id: Mapped[str] = mapped_column(refers("exception_record.id"))
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    kind: Mapped[str]
    severity: Mapped[str | None]
    text: Mapped[str]
    reference: Mapped[str | None]
    by: Mapped[str]
    role: Mapped[str]
    at: Mapped[str]
    signature_id: Mapped[str | None] = mapped_column(refers("signature.id"))

    __table_args__ = (
        Index("ix_exception_triage_exception_id", "exception_id"),
        Index("ix_exception_triage_batch_id", "batch_id"),
        one_of("kind", TRIAGE_KINDS),
        one_of("severity", SEVERITIES),
        *instant("at"),
        *filled("text", "by"),
        STRICT,
    )


class Departure(Record):
    """A departure asked for and approved before it is used, bound to one COI and a number of uses.

    `low`, `high`: the values that it accepts, for one that is approved before anything departed; empty is unbounded. State:
    REQUESTED, APPROVED when every role has signed, REFUSED; USED when it has no use left. One that lifts the block of a step
    has neither bound and is USED with the decision. Source: EU GMP Part IV s.14.
    `proposed`: the change that its third use has opened.
    """

    __tablename__ = "departure"
    STREAM = "batch:{batch_id}"
    ADDED: ClassVar[Mapping[str, str | int]] = {
        "low": "", "high": "", "most_uses": 1, "proposed": "", "requested_at": "",
    }  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    coi: Mapped[str]
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    step_id: Mapped[str]
    parameter_id: Mapped[str]
    reason: Mapped[str]
    risk: Mapped[str]
    mitigation: Mapped[str]
    roles: Mapped[str] = mapped_column(default="[]")
    state: Mapped[str]
    requested_by: Mapped[str]
    uses: Mapped[int] = mapped_column(default=0)
    low: Mapped[str] = mapped_column(default="", server_default="")
    high: Mapped[str] = mapped_column(default="", server_default="")
    most_uses: Mapped[int] = mapped_column(default=1, server_default="1")
    proposed: Mapped[str] = mapped_column(default="", server_default="")
    requested_at: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        Index("ix_departure_batch_id", "batch_id"),
        *filled("id", "reason", "state", "requested_by"),
        counted("uses", 0),
        counted(),
        STRICT,
    )
