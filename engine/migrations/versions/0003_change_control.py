"""Change control, adoption of revisions by running batches, changes of one batch, notices, training that a revision asks for.

A task says under which control recipe it was opened; rows of earlier releases ran under the one that their batch was
issued on. A departure may be approved before anything departed. Training may be somebody's own signature.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations.triggers import postgresql_triggers, sqlite_triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("entry_review", "decision_set", "adoption", "notice")
STATE = ("change", "change_item", "open_batch_decision", "duty", "ad_hoc_change", "training_requirement")
ADDED = (
    ("batch", "adoptions", "INTEGER DEFAULT 0"),
    ("task", "recipe_hash", "TEXT DEFAULT ''"),
    ("training", "basis", "TEXT DEFAULT ''"),
    ("departure", "low", "TEXT DEFAULT ''"),
    ("departure", "high", "TEXT DEFAULT ''"),
    ("departure", "most_uses", "INTEGER DEFAULT 1"),
    ("departure", "proposed", "TEXT DEFAULT ''"),
    ("departure", "requested_at", "TEXT DEFAULT ''"),
)


def upgrade() -> None:
    """Add the columns where they are (a table is never copied: its triggers stay), then the tables with their triggers."""
    for table, column, what in ADDED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {what} NOT NULL")
    create_tables()
    triggers = sqlite_triggers if op.get_bind().dialect.name == "sqlite" else postgresql_triggers
    for table in (*APPEND_ONLY, *STATE):
        for _, statement in triggers(table, append_only=table in APPEND_ONLY):
            op.execute(statement)


def create_tables() -> None:
    """The tables with all that the database itself checks."""
    op.create_table(
        "change",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("client_signs", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("temporary", sa.Integer(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("patient_impact", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "category IN ('safety', 'quality', 'supply', 'regulatory', 'efficiency', 'editorial')",
            name=op.f("ck_change_category"),
        ),
        sa.CheckConstraint("effective_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_change_effective_at")),
        sa.CheckConstraint("ended_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_change_ended_at")),
        sa.CheckConstraint(
            "kind IN ('recipe', 'process', 'form', 'specification', 'material', 'equipment', 'method', 'system', 'document')",
            name=op.f("ck_change_kind"),
        ),
        sa.CheckConstraint("opened_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_change_opened_at")),
        sa.CheckConstraint("stage IN ('process_development', 'clinical', 'commercial')", name=op.f("ck_change_stage")),
        sa.CheckConstraint(
            "state IN ('INITIATED', 'ASSESSMENT', 'EMERGENCY', 'APPROVED_FOR_IMPLEMENTATION', "
            "'IMPLEMENTING', 'IMPLEMENTED', 'EFFECTIVENESS', 'CLOSED', 'REJECTED', 'CANCELLED')",
            name=op.f("ck_change_state"),
        ),
        sa.CheckConstraint("urgency IN ('planned', 'urgent', 'emergency')", name=op.f("ck_change_urgency")),
        sa.CheckConstraint("client_signs IN (0, 1)", name=op.f("ck_change_client_signs")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_change_id_filled")),
        sa.CheckConstraint("length(opened_by) > 0", name=op.f("ck_change_opened_by_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_change_reason_filled")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_change_title_filled")),
        sa.CheckConstraint("temporary IN (0, 1)", name=op.f("ck_change_temporary")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_change_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sqlite_strict=True,
    )
    op.create_index("ix_change_state", "change", ["state"], unique=False)
    op.create_table(
        "decision_set",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_decision_set_at")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_decision_set_by_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_decision_set_reason_filled")),
        sa.CheckConstraint("length(roles) > 0", name=op.f("ck_decision_set_roles_filled")),
        sa.CheckConstraint("length(rows) > 0", name=op.f("ck_decision_set_rows_filled")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_decision_set_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_set")),
        sqlite_strict=True,
    )
    op.create_index("ix_decision_set_change_id", "decision_set", ["change_id"], unique=False)
    op.create_table(
        "duty",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("done_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_duty_done_at")),
        sa.CheckConstraint("due_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_duty_due_at")),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_duty_state")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_duty_title_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_duty_version")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_duty_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sqlite_strict=True,
    )
    op.create_index("ix_duty_change_id", "duty", ["change_id"], unique=False)
    op.create_table(
        "entry_review",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_entry_review_at")),
        sa.CheckConstraint("length(entry) > 0", name=op.f("ck_entry_review_entry_filled")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_entry_review_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_entry_review_person_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("change_id", "person_id", "entry", name=op.f("pk_entry_review")),
        sqlite_strict=True,
    )
    op.create_table(
        "change_item",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=True),
        sa.Column("base_id", sa.Text(), nullable=True),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("current", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "category IN ('safety', 'quality', 'supply', 'regulatory', 'efficiency', 'editorial')",
            name=op.f("ck_change_item_category"),
        ),
        sa.CheckConstraint("confidence IN ('low', 'medium', 'high')", name=op.f("ck_change_item_confidence")),
        sa.CheckConstraint("kind IN ('revision', 'text')", name=op.f("ck_change_item_kind")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_change_item_title_filled")),
        sa.CheckConstraint("length(why) > 0", name=op.f("ck_change_item_why_filled")),
        sa.CheckConstraint("n >= 1", name=op.f("ck_change_item_n")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_change_item_version")),
        sa.CheckConstraint("withdrawn IN (0, 1)", name=op.f("ck_change_item_withdrawn")),
        sa.ForeignKeyConstraint(
            ["base_id"], ["recipe_revision.id"], name=op.f("fk_change_item_base_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_change_item_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["recipe_revision.id"],
            name=op.f("fk_change_item_revision_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("change_id", "n", name=op.f("pk_change_item")),
        sqlite_strict=True,
    )
    op.create_index("ix_change_item_revision_id", "change_item", ["revision_id"], unique=False)
    op.create_table(
        "training_requirement",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("set_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_training_requirement_set_at")),
        sa.CheckConstraint("length(reading) > 0", name=op.f("ck_training_requirement_reading_filled")),
        sa.CheckConstraint("length(recipe_id) > 0", name=op.f("ck_training_requirement_recipe_id_filled")),
        sa.CheckConstraint("length(roles) > 0", name=op.f("ck_training_requirement_roles_filled")),
        sa.CheckConstraint("length(set_by) > 0", name=op.f("ck_training_requirement_set_by_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_training_requirement_version")),
        sa.CheckConstraint("withdrawn IN (0, 1)", name=op.f("ck_training_requirement_withdrawn")),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["recipe_revision.id"],
            name=op.f("fk_training_requirement_revision_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_requirement")),
        sa.UniqueConstraint("revision_id", "roles", "steps", name=op.f("uq_training_requirement_revision_id_roles_steps")),
        sqlite_strict=True,
    )
    op.create_index("ix_training_requirement_revision_id", "training_requirement", ["revision_id"], unique=False)
    op.create_table(
        "ad_hoc_change",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("coi", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("edit", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "category IN ('safety', 'quality', 'supply', 'regulatory', 'efficiency', 'editorial')",
            name=op.f("ck_ad_hoc_change_category"),
        ),
        sa.CheckConstraint("kind IN ('insert', 'repeat', 'replace', 'skip', 'limit')", name=op.f("ck_ad_hoc_change_kind")),
        sa.CheckConstraint("requested_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_ad_hoc_change_requested_at")),
        sa.CheckConstraint("risk IN ('low', 'medium', 'high')", name=op.f("ck_ad_hoc_change_risk")),
        sa.CheckConstraint("state IN ('REQUESTED', 'APPLIED', 'REFUSED')", name=op.f("ck_ad_hoc_change_state")),
        sa.CheckConstraint("length(edit) > 0", name=op.f("ck_ad_hoc_change_edit_filled")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_ad_hoc_change_id_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_ad_hoc_change_reason_filled")),
        sa.CheckConstraint("length(requested_by) > 0", name=op.f("ck_ad_hoc_change_requested_by_filled")),
        sa.CheckConstraint("length(roles) > 0", name=op.f("ck_ad_hoc_change_roles_filled")),
        sa.CheckConstraint("length(step_id) > 0", name=op.f("ck_ad_hoc_change_step_id_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ad_hoc_change_version")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_ad_hoc_change_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_hoc_change")),
        sqlite_strict=True,
    )
    op.create_index("ix_ad_hoc_change_batch_id", "ad_hoc_change", ["batch_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_notice_at")),
        sa.CheckConstraint("kind IN ('reminder', 'escalation')", name=op.f("ck_notice_kind")),
        sa.CheckConstraint("length(roles) > 0", name=op.f("ck_notice_roles_filled")),
        sa.CheckConstraint("length(task_key) > 0", name=op.f("ck_notice_task_key_filled")),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_notice_text_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_notice_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sqlite_strict=True,
    )
    op.create_index("ix_notice_batch_id", "notice", ["batch_id"], unique=False)
    op.create_table(
        "open_batch_decision",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("item", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("applied_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_open_batch_decision_applied_at")),
        sa.CheckConstraint(
            "decision IN ('adopt', 'stay', 'hold', 'finish', 'not_applicable', 'assess', 'signal')",
            name=op.f("ck_open_batch_decision_decision"),
        ),
        sa.CheckConstraint(
            "position IN ('NOT_STARTED', 'BEFORE', 'IN', 'AFTER', 'COMPLETED', 'RELEASED')",
            name=op.f("ck_open_batch_decision_position"),
        ),
        sa.CheckConstraint("state IN ('SIGNING', 'DECIDED', 'APPLIED', 'REFUSED')", name=op.f("ck_open_batch_decision_state")),
        sa.CheckConstraint("item >= 1", name=op.f("ck_open_batch_decision_item")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_open_batch_decision_version")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_open_batch_decision_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_open_batch_decision_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["set_id"], ["decision_set.id"], name=op.f("fk_open_batch_decision_set_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("change_id", "batch_id", "item", name=op.f("pk_open_batch_decision")),
        sqlite_strict=True,
    )
    op.create_index("ix_open_batch_decision_batch_id", "open_batch_decision", ["batch_id"], unique=False)
    op.create_index("ix_open_batch_decision_state", "open_batch_decision", ["state"], unique=False)
    op.create_table(
        "adoption",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=True),
        sa.Column("ad_hoc_id", sa.Text(), nullable=True),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("from_hash", sa.Text(), nullable=False),
        sa.Column("to_hash", sa.Text(), nullable=False),
        sa.Column("from_revision", sa.Text(), nullable=False),
        sa.Column("to_revision", sa.Text(), nullable=False),
        sa.Column("from_steps", sa.Text(), nullable=False),
        sa.Column("prefix_hash", sa.Text(), nullable=False),
        sa.Column("prefix_steps", sa.Integer(), nullable=False),
        sa.Column("signatures", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_adoption_at")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_adoption_by_filled")),
        sa.CheckConstraint("length(from_hash) = 64", name=op.f("ck_adoption_from_hash")),
        sa.CheckConstraint("length(from_revision) > 0", name=op.f("ck_adoption_from_revision_filled")),
        sa.CheckConstraint("length(prefix_hash) = 64", name=op.f("ck_adoption_prefix_hash")),
        sa.CheckConstraint("length(to_hash) = 64", name=op.f("ck_adoption_to_hash")),
        sa.CheckConstraint("length(to_revision) > 0", name=op.f("ck_adoption_to_revision_filled")),
        sa.CheckConstraint("prefix_steps >= 0", name=op.f("ck_adoption_prefix_steps")),
        sa.ForeignKeyConstraint(
            ["ad_hoc_id"], ["ad_hoc_change.id"], name=op.f("fk_adoption_ad_hoc_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_adoption_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name=op.f("fk_adoption_change_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoption")),
        sqlite_strict=True,
    )
    op.create_index("ix_adoption_batch_id", "adoption", ["batch_id"], unique=False)
