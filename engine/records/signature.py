"""Signatures and the decisions they carry."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, filled, instant, one_of, refers, refers_to_task, sha256_hex

OUTCOMES = ("proceed", "hold", "terminate", "reject")


class Signature(Record):
    """A person's signature: full name, instant, meaning, bound to the hash of exactly what was shown.

    Source: 21 CFR 11.50, 11.70; Annex 11 s.14.
    """

    __tablename__ = "signature"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str | None] = mapped_column(refers("batch.id"))
    subject: Mapped[str]
    slot: Mapped[str]
    person_id: Mapped[str] = mapped_column(refers("person.id"))
    full_name: Mapped[str]
    role: Mapped[str]
    meaning: Mapped[str]
    shown_hash: Mapped[str]
    shown: Mapped[str]
    training_state: Mapped[str]
    session_id: Mapped[str]
    signed_at: Mapped[str]
    zone: Mapped[str]

    __table_args__ = (
        Index("ix_signature_batch_id_subject", "batch_id", "subject"),
        Index("ix_signature_subject", "subject"),
        *sha256_hex("shown_hash"),
        *instant("signed_at"),
        *filled("subject", "slot", "full_name", "role", "meaning", "shown", "zone"),
        STRICT,
    )


class Decision(Record):
    """What a person decided about a blocked task or a batch, and why."""

    __tablename__ = "decision"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str]
    task_key: Mapped[str]
    outcome: Mapped[str]
    role: Mapped[str]
    reason: Mapped[str]
    reference: Mapped[str | None]
    links: Mapped[str] = mapped_column(default="[]")
    by: Mapped[str]
    at: Mapped[str]
    signature_id: Mapped[str] = mapped_column(refers("signature.id"))

    __table_args__ = (
        refers_to_task(),
        Index("ix_decision_batch_id_task_key", "batch_id", "task_key"),
        one_of("outcome", OUTCOMES),
        *instant("at"),
        *filled("role", "reason", "by"),
        STRICT,
    )
