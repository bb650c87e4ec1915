"""Batches and their tasks: the state that the journal leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, one_of, refers

BATCH_STATES = (
    "PLANNED",
    "ISSUED",
    "IN_PROGRESS",
    "ON_HOLD",
    "MFG_COMPLETE",
    "PROD_REVIEWED",
    "QA_REVIEWED",
    "RELEASED",
    "RELEASED_CONDITIONAL",
    "REJECTED",
    "OOS_SUPPLIED",
    "TERMINATED",
    "REOPENED",
    "COMPLETED",
)
RUN_KINDS = ("batch", "life_cycle", "change")
TASK_STATES = ("open", "started", "performed", "completed", "withdrawn")


class Batch(Record):
    """One patient's batch and the control recipe it runs (`recipe_hash` names the frozen document).

    Other runs of a diagram are kept alike: the life cycle of a revision, a change; `subject` is what they are about.
    `adoptions` counts how often it went on under another control recipe.
    """

    __tablename__ = "batch"
    STREAM = "batch:{id}"
    ADDED: ClassVar[Mapping[str, str | int]] = {"kind": "batch", "subject": "", "adoptions": 0}

    id: Mapped[str] = mapped_column(primary_key=True)
    recipe_id: Mapped[str]
    revision_id: Mapped[str] = mapped_column(refers("recipe_revision.id"))
    recipe_hash: Mapped[str] = mapped_column(refers("recipe_document.hash"))
    coi: Mapped[str]
    product: Mapped[str]
    order_json: Mapped[str]
    state: Mapped[str]
    held: Mapped[int] = mapped_column(default=0)
    held_reason: Mapped[str] = mapped_column(default="")
    issued_at: Mapped[str | None]
    disposition: Mapped[str] = mapped_column(default="")
    engine_outcome: Mapped[str] = mapped_column(default="")
    incident: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="batch", server_default="batch")
    subject: Mapped[str] = mapped_column(default="", server_default="")
    adoptions: Mapped[int] = mapped_column(default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("kind", RUN_KINDS),
        one_of("state", BATCH_STATES),
        *flag("held"),
        *instant("issued_at"),
        *filled("id"),
        counted(),
        Index("ix_batch_state", "state"),
        Index("ix_batch_kind_subject", "kind", "subject"),
        STRICT,
    )


class Task(Record):
    """One step of a batch, or one repetition of it: open, started, performed, completed, or withdrawn.

    `recipe_hash`: the control recipe under which it was opened; empty is the one that the batch was issued on.
    """

    __tablename__ = "task"
    STREAM = "batch:{batch_id}"
    ADDED: ClassVar[Mapping[str, str | int]] = {"recipe_hash": ""}

    batch_id: Mapped[str] = mapped_column(refers("batch.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    step_id: Mapped[str]
    label: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    blocked: Mapped[int] = mapped_column(default=0)
    stopped: Mapped[int] = mapped_column(default=0)
    blocked_at: Mapped[str | None]
    blocked_by: Mapped[str] = mapped_column(default="[]")
    decision_roles: Mapped[str] = mapped_column(default="[]")
    opened_at: Mapped[str]
    started_at: Mapped[str | None]
    started_by: Mapped[str | None]
    ended_at: Mapped[str | None]
    performed_by: Mapped[str | None]
    completed_at: Mapped[str | None]
    comment_due: Mapped[int] = mapped_column(default=0)
    recipe_hash: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("state", TASK_STATES),
        *flag("blocked", "stopped", "comment_due"),
        *instant("opened_at", "blocked_at", "started_at", "ended_at", "completed_at"),
        *filled("key", "step_id"),
        counted(),
        Index("ix_task_state", "state"),
        STRICT,
    )
