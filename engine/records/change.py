"""Change control: the change, what it proposes, what is decided for the batches that run meanwhile, what is left to do."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, flag, instant, one_of, refers

CHANGE_STATES = (
    "INITIATED",
    "ASSESSMENT",
    "EMERGENCY",
    "APPROVED_FOR_IMPLEMENTATION",
    "IMPLEMENTING",
    "IMPLEMENTED",
    "EFFECTIVENESS",
    "CLOSED",
    "REJECTED",
    "CANCELLED",
)
CHANGE_KINDS = ("recipe", "process", "form", "specification", "material", "equipment", "method", "system", "document")
URGENCIES = ("planned", "urgent", "emergency")
STAGES = ("process_development", "clinical", "commercial")
CATEGORIES = ("safety", "quality", "supply", "regulatory", "efficiency", "editorial")
CONFIDENCES = ("low", "medium", "high")
ITEM_KINDS = ("revision", "text")
POSITIONS = ("NOT_STARTED", "BEFORE", "IN", "AFTER", "COMPLETED", "RELEASED")
BATCH_DECISIONS = ("adopt", "stay", "hold", "finish", "not_applicable", "assess", "signal")
DECISION_STATES = ("SIGNING", "DECIDED", "APPLIED", "REFUSED")
DUTY_STATES = ("open", "done", "cancelled")


class Change(Record):
    """One change under change control. Its run (the Batch row of the same id) is the drawn process that decides it.

    `risk`: JSON of the Q9 assessment. `client_signs`: the quality agreement lets the client sign. `origin`: JSON, where it
    was proposed from (an ad hoc change of a batch, departures that were used three times). Source: ICH Q10 3.2.3.
    """

    __tablename__ = "change"
    STREAM = "batch:{id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    kind: Mapped[str]
    product: Mapped[str] = mapped_column(default="")
    client: Mapped[str] = mapped_column(default="")
    client_signs: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(default="clinical")
    urgency: Mapped[str] = mapped_column(default="planned")
    temporary: Mapped[int] = mapped_column(default=0)
    until: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    category: Mapped[str]
    patient_impact: Mapped[str] = mapped_column(default="")
    risk: Mapped[str] = mapped_column(default="{}")
    route: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    effective_at: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="{}")
    opened_by: Mapped[str]
    opened_at: Mapped[str]
    ended_at: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("kind", CHANGE_KINDS),
        one_of("stage", STAGES),
        one_of("urgency", URGENCIES),
        one_of("category", CATEGORIES),
        one_of("state", CHANGE_STATES),
        *flag("client_signs", "temporary"),
        *instant("effective_at", "opened_at", "ended_at"),
        *filled("id", "title", "reason", "opened_by"),
        counted(),
        Index("ix_change_state", "state"),
        STRICT,
    )


class ChangeItem(Record):
    """One item of a change: a part of what a revision changes, or a text.

    `subjects`: JSON list of the subjects of the diff `base_id` -> `revision_id` that it covers (`bpmn.composition`); empty
    covers what no other item of that revision covers. `evidence`: JSON list of {kind, reference, says}.
    """

    __tablename__ = "change_item"
    STREAM = "batch:{change_id}"

    change_id: Mapped[str] = mapped_column(refers("change.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    title: Mapped[str]
    revision_id: Mapped[str | None] = mapped_column(refers("recipe_revision.id"))
    base_id: Mapped[str | None] = mapped_column(refers("recipe_revision.id"))
    subjects: Mapped[str] = mapped_column(default="[]")
    current: Mapped[str] = mapped_column(default="")
    proposed: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    why: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="[]")
    confidence: Mapped[str]
    withdrawn: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("kind", ITEM_KINDS),
        one_of("category", CATEGORIES),
        one_of("confidence", CONFIDENCES),
        *flag("withdrawn"),
        *filled("title", "why"),
        counted("n"),
        counted(),
        Index("ix_change_item_revision_id", "revision_id"),
        STRICT,
    )


class EntryReview(Record):
    """That a reviewer looked at one entry of a diff, in one round: a tick of the change's page, bound to both documents."""

    __tablename__ = "entry_review"
    APPEND_ONLY = True
    STREAM = "batch:{change_id}"

    change_id: Mapped[str] = mapped_column(refers("change.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(refers("person.id"), primary_key=True)
    entry: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str]

    __table_args__ = (*instant("at"), *filled("entry"), STRICT)


class DecisionSet(Record):
    """One signed decision about rows of the open-batch matrix: one row or two hundred.

    `rows`: JSON list of [batch, item, position, decision]. `roles`: JSON, who has to sign. Signatures have the subject
    `decision_set:<id>` and cover the rows.
    """

    __tablename__ = "decision_set"
    APPEND_ONLY = True
    STREAM = "batch:{change_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    change_id: Mapped[str] = mapped_column(refers("change.id"))
    rows: Mapped[str]
    roles: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[str]

    __table_args__ = (
        Index("ix_decision_set_change_id", "change_id"),
        *instant("at"),
        *filled("rows", "roles", "reason", "by"),
        STRICT,
    )


class OpenBatchDecision(Record):
    """What is decided for one running batch about one item of a change, and what became of it.

    `batch_id` is the running batch. SIGNING until every role has signed, DECIDED until it is applied at the batch,
    REFUSED where the batch had moved on: then it is to be decided again.
    """

    __tablename__ = "open_batch_decision"
    STREAM = "batch:{change_id}"

    change_id: Mapped[str] = mapped_column(refers("change.id"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    set_id: Mapped[str] = mapped_column(refers("decision_set.id"))
    position: Mapped[str]
    decision: Mapped[str]
    state: Mapped[str]
    result: Mapped[str] = mapped_column(default="")
    applied_at: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("position", POSITIONS),
        one_of("decision", BATCH_DECISIONS),
        one_of("state", DECISION_STATES),
        *instant("applied_at"),
        counted("item"),
        counted(),
        Index("ix_open_batch_decision_batch_id", "batch_id"),
        Index("ix_open_batch_decision_state", "state"),
        STRICT,
    )


class Duty(Record):
    """Something that has to be done to implement a change: training, labels, stock, a document; with its owner and date."""

    __tablename__ = "duty"
    STREAM = "batch:{change_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    change_id: Mapped[str] = mapped_column(refers("change.id"))
    title: Mapped[str]
    owner: Mapped[str] = mapped_column(default="")
    due_at: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open")
    evidence: Mapped[str] = mapped_column(default="")
    done_by: Mapped[str | None]
    done_at: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("state", DUTY_STATES),
        *instant("due_at", "done_at"),
        *filled("title"),
        counted(),
        Index("ix_duty_change_id", "change_id"),
        STRICT,
    )
