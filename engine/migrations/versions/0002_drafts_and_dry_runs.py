"""Drafts, dry runs, the mappings of imports, and runs that are no batches.

A revision says of what kind it is, and a run of a diagram whether it makes a batch or moves a revision through its
life cycle. Rows of earlier releases are recipes and batches; their trail says nothing of it, and the verifier knows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations.triggers import postgresql_triggers, sqlite_triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("dry_run",)
STATE = ("recipe_draft", "import_mapping")
ADDED = (
    ("recipe_revision", "kind", "recipe", ("recipe", "process", "form")),
    ("batch", "kind", "batch", ("batch", "life_cycle", "change")),
    ("batch", "subject", "", ()),
)


def upgrade() -> None:
    """Add the columns where they are (a table is never copied: its triggers stay), then the tables with their triggers."""
    for table, column, before, words in ADDED:
        listed = ", ".join(f"'{word}'" for word in words)
        constraint = f" CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))" if words else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT DEFAULT '{before}' NOT NULL{constraint}")
    op.create_index("ix_batch_kind_subject", "batch", ["kind", "subject"], unique=False)
    create_tables()
    triggers = sqlite_triggers if op.get_bind().dialect.name == "sqlite" else postgresql_triggers
    for table in (*APPEND_ONLY, *STATE):
        for _, statement in triggers(table, append_only=table in APPEND_ONLY):
            op.execute(statement)


def create_tables() -> None:
    """The tables with all that the database itself checks."""
    op.create_table(
        "dry_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("product_version", sa.Text(), nullable=False),
        sa.Column("run_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_dry_run_ended_at")),
        sa.CheckConstraint("kind IN ('system', 'person')", name=op.f("ck_dry_run_kind")),
        sa.CheckConstraint("started_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_dry_run_started_at")),
        sa.CheckConstraint("verdict IN ('passed', 'failed')", name=op.f("ck_dry_run_verdict")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_dry_run_hash")),
        sa.CheckConstraint("length(recipe_id) > 0", name=op.f("ck_dry_run_recipe_id_filled")),
        sa.CheckConstraint("length(report) > 0", name=op.f("ck_dry_run_report_filled")),
        sa.CheckConstraint("length(revision_id) > 0", name=op.f("ck_dry_run_revision_id_filled")),
        sa.CheckConstraint("length(run_by) > 0", name=op.f("ck_dry_run_run_by_filled")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_run")),
        sqlite_strict=True,
    )
    op.create_index("ix_dry_run_hash", "dry_run", ["hash"], unique=False)
    op.create_index("ix_dry_run_revision_id", "dry_run", ["revision_id"], unique=False)
    op.create_table(
        "dry_run_job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("alive_at", sa.Text(), nullable=False),
        sa.CheckConstraint("alive_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_dry_run_job_alive_at")),
        sa.CheckConstraint("kind IN ('system', 'person')", name=op.f("ck_dry_run_job_kind")),
        sa.CheckConstraint("started_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_dry_run_job_started_at")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_dry_run_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_run_job")),
        sqlite_strict=True,
    )
    op.create_index("ix_dry_run_job_revision_id", "dry_run_job", ["revision_id"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("kept_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(columns) > 0", name=op.f("ck_import_mapping_columns_filled")),
        sa.CheckConstraint("length(kept_by) > 0", name=op.f("ck_import_mapping_kept_by_filled")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_import_mapping_name_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_import_mapping_version")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_import_mapping")),
        sqlite_strict=True,
    )
    op.create_table(
        "recipe_draft",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("xml", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("saved_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_recipe_draft_saved_at")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_recipe_draft_hash")),
        sa.CheckConstraint("length(recipe_id) > 0", name=op.f("ck_recipe_draft_recipe_id_filled")),
        sa.CheckConstraint("length(saved_by) > 0", name=op.f("ck_recipe_draft_saved_by_filled")),
        sa.CheckConstraint("length(xml) > 0", name=op.f("ck_recipe_draft_xml_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_recipe_draft_version")),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["recipe_revision.id"],
            name=op.f("fk_recipe_draft_revision_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_recipe_draft")),
        sqlite_strict=True,
    )
