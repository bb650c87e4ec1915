"""What became of a batch's control recipe while it ran: revisions adopted, changes for this batch only."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.records.base import STRICT, Record, counted, filled, instant, one_of, refers, sha256_hex
from engine.records.change import CATEGORIES

AD_HOC_KINDS = ("insert", "repeat", "replace", "skip", "limit")
AD_HOC_STATES = ("REQUESTED", "APPLIED", "REFUSED")
RISKS = ("low", "medium", "high")


class Adoption(Record):
    """A batch goes on under another control recipe: what was executed stays as it was, what comes follows the new one.

    `items`: JSON list of the change's items, empty for an ad hoc change. `prefix_hash`: of everything executed before,
    the same before and after. `signatures`: JSON list of ids. `from_steps`: JSON list of the changed steps to come.
    """

    __tablename__ = "adoption"
    APPEND_ONLY = True
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    change_id: Mapped[str | None] = mapped_column(refers("change.id"))
    ad_hoc_id: Mapped[str | None] = mapped_column(refers("ad_hoc_change.id"))
    items: Mapped[str] = mapped_column(default="[]")
    from_hash: Mapped[str]
    to_hash: Mapped[str]
    from_revision: Mapped[str]
    to_revision: Mapped[str]
    from_steps: Mapped[str] = mapped_column(default="[]")
    prefix_hash: Mapped[str]
    prefix_steps: Mapped[int]
    signatures: Mapped[str] = mapped_column(default="[]")
    by: Mapped[str]
    at: Mapped[str]

    __table_args__ = (
        *sha256_hex("from_hash", "to_hash", "prefix_hash"),
        *instant("at"),
        *filled("from_revision", "to_revision", "by"),
        counted("prefix_steps", 0),
        Index("ix_adoption_batch_id", "batch_id"),
        STRICT,
    )


class AdHocChange(Record):
    """A change of one running batch only: a step inserted, repeated, replaced or skipped, a limit changed.

    `edit`: JSON (`bpmn.edits`). `roles`: JSON, who has to sign, by the class of risk; signatures have the subject
    `ad_hoc:<id>`. Always an exception. `proposed`: the change that proposes it to the master. Source: EU GMP Part IV s.14.
    """

    __tablename__ = "ad_hoc_change"
    STREAM = "batch:{batch_id}"

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(refers("batch.id"))
    coi: Mapped[str]
    kind: Mapped[str]
    step_id: Mapped[str]
    edit: Mapped[str]
    category: Mapped[str]
    reason: Mapped[str]
    risk: Mapped[str]
    roles: Mapped[str]
    state: Mapped[str]
    result: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[str]
    requested_at: Mapped[str]
    proposed: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        one_of("kind", AD_HOC_KINDS),
        one_of("state", AD_HOC_STATES),
        one_of("risk", RISKS),
        one_of("category", CATEGORIES),
        *instant("requested_at"),
        *filled("id", "step_id", "edit", "reason", "roles", "requested_by"),
        counted(),
        Index("ix_ad_hoc_change_batch_id", "batch_id"),
        STRICT,
    )
