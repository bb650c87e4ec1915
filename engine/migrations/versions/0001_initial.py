"""The first tables of the record.

One journal of chained entries, the heads of its chains, and the tables that its entries write: recipes, batches,
tasks, values, exceptions, signatures, people, equipment, lots, due times. Everything is TEXT or INTEGER, so that what
is hashed is what is stored. Triggers refuse to change what is append-only and to delete anything at all; only the
engine's snapshots, a cache, may go.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations.triggers import postgresql_function, postgresql_triggers, sqlite_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "journal",
    "checkpoint",
    "recipe_document",
    "reading",
    "parameter_value",
    "correction",
    "exception_record",
    "signature",
    "exception_triage",
    "decision",
    "scan",
)
STATE = (
    "stream",
    "recipe_revision",
    "batch",
    "task",
    "material_lot",
    "equipment",
    "person",
    "person_role",
    "training",
    "departure",
    "due_time",
)


def upgrade() -> None:
    """Make the tables, then the triggers that protect them."""
    create_tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(postgresql_function())
    triggers = sqlite_triggers if is_sqlite else postgresql_triggers
    for table in (*APPEND_ONLY, *STATE):
        for _, statement in triggers(table, append_only=table in APPEND_ONLY):
            op.execute(statement)


def create_tables() -> None:
    """The tables with all that the database itself checks."""
    op.create_table(
        "checkpoint",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("streams", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_checkpoint_at")),
        sa.CheckConstraint("length(prev_hash) = 64", name=op.f("ck_checkpoint_prev_hash")),
        sa.CheckConstraint("length(root) = 64", name=op.f("ck_checkpoint_root")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_checkpoint_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_checkpoint")),
        sqlite_strict=True,
    )
    op.create_table(
        "engine_snapshot",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.CheckConstraint("length(mac) = 64", name=op.f("ck_engine_snapshot_mac")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_engine_snapshot_seq")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_engine_snapshot")),
        sqlite_strict=True,
    )
    op.create_table(
        "journal",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("critical", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("recipe_hash", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_journal_at")),
        sa.CheckConstraint("source IN ('ui', 'api', 'device', 'system')", name=op.f("ck_journal_source")),
        sa.CheckConstraint("critical IN (0, 1)", name=op.f("ck_journal_critical")),
        sa.CheckConstraint("length(actor_id) > 0", name=op.f("ck_journal_actor_id_filled")),
        sa.CheckConstraint("length(actor_name) > 0", name=op.f("ck_journal_actor_name_filled")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_journal_hash")),
        sa.CheckConstraint("length(mac) = 64", name=op.f("ck_journal_mac")),
        sa.CheckConstraint("length(prev_hash) = 64", name=op.f("ck_journal_prev_hash")),
        sa.CheckConstraint("length(recipe_hash) = 64", name=op.f("ck_journal_recipe_hash")),
        sa.CheckConstraint("length(stream) > 0", name=op.f("ck_journal_stream_filled")),
        sa.CheckConstraint("length(tag) > 0", name=op.f("ck_journal_tag_filled")),
        sa.CheckConstraint("length(zone) > 0", name=op.f("ck_journal_zone_filled")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_journal_seq")),
        sa.CheckConstraint("simulated IN (0, 1)", name=op.f("ck_journal_simulated")),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_journal")),
        sqlite_strict=True,
    )
    op.create_index("ix_journal_at", "journal", ["at"], unique=False)
    op.create_index(
        "uq_journal_idempotency_key",
        "journal",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "material_lot",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_material_lot_expires_at")),
        sa.CheckConstraint("status IN ('released', 'quarantined', 'rejected', 'expired')", name=op.f("ck_material_lot_status")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_material_lot_id_filled")),
        sa.CheckConstraint("length(material) > 0", name=op.f("ck_material_lot_material_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_material_lot_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material_lot")),
        sqlite_strict=True,
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_history", sa.Text(), nullable=False),
        sa.Column("password_changed_at", sa.Text(), nullable=False),
        sa.Column("identity_verified", sa.Text(), nullable=False),
        sa.Column("accepted_esig_at", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("glove_mode", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("accepted_esig_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_person_accepted_esig_at")),
        sa.CheckConstraint("password_changed_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_person_password_changed_at")),
        sa.CheckConstraint("state IN ('active', 'locked', 'deactivated')", name=op.f("ck_person_state")),
        sa.CheckConstraint("failed_attempts >= 0", name=op.f("ck_person_failed_attempts")),
        sa.CheckConstraint("glove_mode IN (0, 1)", name=op.f("ck_person_glove_mode")),
        sa.CheckConstraint("length(full_name) > 0", name=op.f("ck_person_full_name_filled")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_person_id_filled")),
        sa.CheckConstraint("length(login) > 0", name=op.f("ck_person_login_filled")),
        sa.CheckConstraint("session_epoch >= 1", name=op.f("ck_person_session_epoch")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_person_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
        sqlite_strict=True,
    )
    op.create_table(
        "recipe_document",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("xml", sa.Text(), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_recipe_document_hash")),
        sa.CheckConstraint("length(xml) > 0", name=op.f("ck_recipe_document_xml_filled")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_recipe_document")),
        sqlite_strict=True,
    )
    op.create_table(
        "stream",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_stream_hash")),
        sa.CheckConstraint("length(mac) = 64", name=op.f("ck_stream_mac")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_stream_seq")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stream")),
        sqlite_strict=True,
    )
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("granted_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_person_role_granted_at")),
        sa.CheckConstraint("revoked_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_person_role_revoked_at")),
        sa.CheckConstraint("length(granted_by) > 0", name=op.f("ck_person_role_granted_by_filled")),
        sa.CheckConstraint("length(role) > 0", name=op.f("ck_person_role_role_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_person_role_version")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_role_person_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_role")),
        sqlite_strict=True,
    )
    op.create_table(
        "recipe_revision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authored_by", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("effective_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_recipe_revision_effective_at")),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'IN_REVIEW', 'PENDING_APPROVAL', 'APPROVED', 'EFFECTIVE', "
            "'SUPERSEDED', 'RETIRED', 'REJECTED', 'WITHDRAWN')",
            name=op.f("ck_recipe_revision_state"),
        ),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_recipe_revision_id_filled")),
        sa.CheckConstraint("length(recipe_id) > 0", name=op.f("ck_recipe_revision_recipe_id_filled")),
        sa.CheckConstraint("length(revision) > 0", name=op.f("ck_recipe_revision_revision_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_recipe_revision_version")),
        sa.ForeignKeyConstraint(
            ["hash"],
            ["recipe_document.hash"],
            name=op.f("fk_recipe_revision_hash"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe_revision")),
        sa.UniqueConstraint("recipe_id", "revision", name=op.f("uq_recipe_revision_recipe_id_revision")),
        sqlite_strict=True,
    )
    op.create_table(
        "training",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_from LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_training_valid_from")),
        sa.CheckConstraint("valid_until LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_training_valid_until")),
        sa.CheckConstraint("length(recipe_id) > 0", name=op.f("ck_training_recipe_id_filled")),
        sa.CheckConstraint("length(recorded_by) > 0", name=op.f("ck_training_recorded_by_filled")),
        sa.CheckConstraint("length(revision) > 0", name=op.f("ck_training_revision_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_training_version")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_training_person_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sqlite_strict=True,
    )
    op.create_index("ix_training_person_id_recipe_id_revision", "training", ["person_id", "recipe_id", "revision"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=False),
        sa.Column("coi", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("order_json", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("held_reason", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("engine_outcome", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("issued_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_batch_issued_at")),
        sa.CheckConstraint(
            "state IN ('PLANNED', 'ISSUED', 'IN_PROGRESS', 'ON_HOLD', 'MFG_COMPLETE', 'PROD_REVIEWED', "
            "'QA_REVIEWED', 'RELEASED', 'RELEASED_CONDITIONAL', 'REJECTED', 'OOS_SUPPLIED', "
            "'TERMINATED', 'REOPENED', 'COMPLETED')",
            name=op.f("ck_batch_state"),
        ),
        sa.CheckConstraint("held IN (0, 1)", name=op.f("ck_batch_held")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_batch_id_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_batch_version")),
        sa.ForeignKeyConstraint(
            ["recipe_hash"],
            ["recipe_document.hash"],
            name=op.f("fk_batch_recipe_hash"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["recipe_revision.id"],
            name=op.f("fk_batch_revision_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sqlite_strict=True,
    )
    op.create_index("ix_batch_state", "batch", ["state"], unique=False)
    op.create_table(
        "departure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("coi", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("parameter_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("mitigation", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_departure_id_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_departure_reason_filled")),
        sa.CheckConstraint("length(requested_by) > 0", name=op.f("ck_departure_requested_by_filled")),
        sa.CheckConstraint("length(state) > 0", name=op.f("ck_departure_state_filled")),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_departure_uses")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_departure_version")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_departure_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure")),
        sqlite_strict=True,
    )
    op.create_index("ix_departure_batch_id", "departure", ["batch_id"], unique=False)
    op.create_table(
        "due_time",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("from_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("due_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_due_time_due_at")),
        sa.CheckConstraint("fired_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_due_time_fired_at")),
        sa.CheckConstraint("kind IN ('hold_nor', 'hold_par', 'timer')", name=op.f("ck_due_time_kind")),
        sa.CheckConstraint("state IN ('waiting', 'fired', 'cancelled')", name=op.f("ck_due_time_state")),
        sa.CheckConstraint("length(ref) > 0", name=op.f("ck_due_time_ref_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_due_time_version")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_due_time_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_time")),
        sqlite_strict=True,
    )
    op.create_index("ix_due_time_batch_id", "due_time", ["batch_id"], unique=False)
    op.create_index("ix_due_time_state_due_at", "due_time", ["state", "due_at"], unique=False)
    op.create_table(
        "equipment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("equipment_class", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("calibration_due_at", sa.Text(), nullable=True),
        sa.Column("cleaned_until", sa.Text(), nullable=True),
        sa.Column("software_version", sa.Text(), nullable=False),
        sa.Column("exclusive", sa.Integer(), nullable=False),
        sa.Column("credential_hash", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("calibration_due_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_equipment_calibration_due_at")),
        sa.CheckConstraint("cleaned_until LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_equipment_cleaned_until")),
        sa.CheckConstraint("exclusive IN (0, 1)", name=op.f("ck_equipment_exclusive")),
        sa.CheckConstraint("length(equipment_class) > 0", name=op.f("ck_equipment_equipment_class_filled")),
        sa.CheckConstraint("length(id) > 0", name=op.f("ck_equipment_id_filled")),
        sa.CheckConstraint("length(status) > 0", name=op.f("ck_equipment_status_filled")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_equipment_version")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_equipment_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sqlite_strict=True,
    )
    op.create_index("ix_equipment_batch_id", "equipment", ["batch_id"], unique=False)
    op.create_table(
        "signature",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("shown_hash", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("training_state", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.CheckConstraint("signed_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_signature_signed_at")),
        sa.CheckConstraint("length(full_name) > 0", name=op.f("ck_signature_full_name_filled")),
        sa.CheckConstraint("length(meaning) > 0", name=op.f("ck_signature_meaning_filled")),
        sa.CheckConstraint("length(role) > 0", name=op.f("ck_signature_role_filled")),
        sa.CheckConstraint("length(shown) > 0", name=op.f("ck_signature_shown_filled")),
        sa.CheckConstraint("length(shown_hash) = 64", name=op.f("ck_signature_shown_hash")),
        sa.CheckConstraint("length(slot) > 0", name=op.f("ck_signature_slot_filled")),
        sa.CheckConstraint("length(subject) > 0", name=op.f("ck_signature_subject_filled")),
        sa.CheckConstraint("length(zone) > 0", name=op.f("ck_signature_zone_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_signature_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signature_person_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sqlite_strict=True,
    )
    op.create_index("ix_signature_batch_id_subject", "signature", ["batch_id", "subject"], unique=False)
    op.create_index("ix_signature_subject", "signature", ["subject"], unique=False)
    op.create_table(
        "task",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("blocked_at", sa.Text(), nullable=True),
        sa.Column("blocked_by", sa.Text(), nullable=False),
        sa.Column("decision_roles", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("performed_by", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.Text(), nullable=True),
        sa.Column("comment_due", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("blocked_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_task_blocked_at")),
        sa.CheckConstraint("completed_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_task_completed_at")),
        sa.CheckConstraint("ended_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_task_ended_at")),
        sa.CheckConstraint("opened_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_task_opened_at")),
        sa.CheckConstraint("started_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_task_started_at")),
        sa.CheckConstraint("state IN ('open', 'started', 'performed', 'completed', 'withdrawn')", name=op.f("ck_task_state")),
        sa.CheckConstraint("blocked IN (0, 1)", name=op.f("ck_task_blocked")),
        sa.CheckConstraint("comment_due IN (0, 1)", name=op.f("ck_task_comment_due")),
        sa.CheckConstraint("length(key) > 0", name=op.f("ck_task_key_filled")),
        sa.CheckConstraint("length(step_id) > 0", name=op.f("ck_task_step_id_filled")),
        sa.CheckConstraint("stopped IN (0, 1)", name=op.f("ck_task_stopped")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_task_version")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_task_batch_id"), initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("batch_id", "key", name=op.f("pk_task")),
        sqlite_strict=True,
    )
    op.create_index("ix_task_state", "task", ["state"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("signature_id", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_decision_at")),
        sa.CheckConstraint("outcome IN ('proceed', 'hold', 'terminate', 'reject')", name=op.f("ck_decision_outcome")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_decision_by_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_decision_reason_filled")),
        sa.CheckConstraint("length(role) > 0", name=op.f("ck_decision_role_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id", "task_key"],
            ["task.batch_id", "task.key"],
            name=op.f("fk_decision_batch_id_task_key"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_decision_signature_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_strict=True,
    )
    op.create_index("ix_decision_batch_id_task_key", "decision", ["batch_id", "task_key"], unique=False)
    op.create_table(
        "reading",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("equipment_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("parameter_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("uom", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("device_config", sa.Text(), nullable=True),
        sa.CheckConstraint("measured_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_reading_measured_at")),
        sa.CheckConstraint("received_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_reading_received_at")),
        sa.CheckConstraint("length(parameter_id) > 0", name=op.f("ck_reading_parameter_id_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_reading_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["equipment_id"],
            ["equipment.id"],
            name=op.f("fk_reading_equipment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sqlite_strict=True,
    )
    op.create_index("ix_reading_batch_id_step_id", "reading", ["batch_id", "step_id"], unique=False)
    op.create_table(
        "scan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=True),
        sa.Column("equipment_id", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_scan_at")),
        sa.CheckConstraint("result IN ('accepted', 'refused')", name=op.f("ck_scan_result")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_scan_by_filled")),
        sa.CheckConstraint("length(kind) > 0", name=op.f("ck_scan_kind_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id", "task_key"],
            ["task.batch_id", "task.key"],
            name=op.f("fk_scan_batch_id_task_key"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_scan_equipment_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["material_lot.id"], name=op.f("fk_scan_lot_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_scan_batch_id"), "scan", ["batch_id"], unique=False)
    op.create_table(
        "parameter_value",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("parameter_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("qualifier", sa.Text(), nullable=False),
        sa.Column("uom", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_role", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("event_at", sa.Text(), nullable=False),
        sa.Column("event_zone", sa.Text(), nullable=False),
        sa.Column("reading_id", sa.Text(), nullable=True),
        sa.Column("lot_id", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.CheckConstraint("event_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_parameter_value_event_at")),
        sa.CheckConstraint(
            "judgement IN ('ok', 'info', 'minor', 'major', 'critical', 'recorded')",
            name=op.f("ck_parameter_value_judgement"),
        ),
        sa.CheckConstraint("recorded_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_parameter_value_recorded_at")),
        sa.CheckConstraint("length(entered_by) > 0", name=op.f("ck_parameter_value_entered_by_filled")),
        sa.CheckConstraint("length(event_zone) > 0", name=op.f("ck_parameter_value_event_zone_filled")),
        sa.CheckConstraint("length(parameter_id) > 0", name=op.f("ck_parameter_value_parameter_id_filled")),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_parameter_value_source_filled")),
        sa.CheckConstraint("n >= 1", name=op.f("ck_parameter_value_n")),
        sa.ForeignKeyConstraint(
            ["batch_id", "task_key"],
            ["task.batch_id", "task.key"],
            name=op.f("fk_parameter_value_batch_id_task_key"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["corrects"],
            ["parameter_value.id"],
            name=op.f("fk_parameter_value_corrects"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["material_lot.id"],
            name=op.f("fk_parameter_value_lot_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["reading_id"],
            ["reading.id"],
            name=op.f("fk_parameter_value_reading_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_value")),
        sa.UniqueConstraint("corrects", name=op.f("uq_parameter_value_corrects")),
        sqlite_strict=True,
    )
    op.create_index("ix_parameter_value_batch_id_task_key", "parameter_value", ["batch_id", "task_key"], unique=False)
    op.create_index(
        "uq_parameter_value_measurement",
        "parameter_value",
        ["batch_id", "task_key", "parameter_id", "n"],
        unique=True,
        sqlite_where=sa.text("corrects IS NULL"),
        postgresql_where=sa.text("corrects IS NULL"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("value_id", sa.Text(), nullable=False),
        sa.Column("new_value_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_correction_at")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_correction_by_filled")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_correction_reason_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_correction_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["new_value_id"],
            ["parameter_value.id"],
            name=op.f("fk_correction_new_value_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["value_id"],
            ["parameter_value.id"],
            name=op.f("fk_correction_value_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("value_id", name=op.f("uq_correction_value_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_correction_batch_id", "correction", ["batch_id"], unique=False)
    op.create_table(
        "exception_record",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("task_key", sa.Text(), nullable=True),
        sa.Column("step_id", sa.Text(), nullable=True),
        sa.Column("parameter_id", sa.Text(), nullable=True),
        sa.Column("value_id", sa.Text(), nullable=True),
        sa.Column("hold_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("stops", sa.Integer(), nullable=False),
        sa.Column("needs_comment", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.Text(), nullable=False),
        sa.Column("dedupe", sa.Text(), nullable=False),
        sa.CheckConstraint("raised_at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_exception_record_raised_at")),
        sa.CheckConstraint("severity IN ('info', 'minor', 'major', 'critical')", name=op.f("ck_exception_record_severity")),
        sa.CheckConstraint("blocks IN (0, 1)", name=op.f("ck_exception_record_blocks")),
        sa.CheckConstraint("length(dedupe) > 0", name=op.f("ck_exception_record_dedupe_filled")),
        sa.CheckConstraint("length(message) > 0", name=op.f("ck_exception_record_message_filled")),
        sa.CheckConstraint("length(rule) > 0", name=op.f("ck_exception_record_rule_filled")),
        sa.CheckConstraint("length(rule_version) > 0", name=op.f("ck_exception_record_rule_version_filled")),
        sa.CheckConstraint("needs_comment IN (0, 1)", name=op.f("ck_exception_record_needs_comment")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_exception_record_number")),
        sa.CheckConstraint("stops IN (0, 1)", name=op.f("ck_exception_record_stops")),
        sa.ForeignKeyConstraint(
            ["batch_id", "task_key"],
            ["task.batch_id", "task.key"],
            name=op.f("fk_exception_record_batch_id_task_key"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_exception_record_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["value_id"],
            ["parameter_value.id"],
            name=op.f("fk_exception_record_value_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_record")),
        sa.UniqueConstraint("batch_id", "dedupe", name=op.f("uq_exception_record_batch_id_dedupe")),
        sqlite_strict=True,
    )
    op.create_table(
        "exception_triage",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("exception_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("signature_id", sa.Text(), nullable=True),
        sa.CheckConstraint("at LIKE '____-__-__T__:__:__.______Z'", name=op.f("ck_exception_triage_at")),
        sa.CheckConstraint(
            "kind IN ('comment', 'accept', 'deviation', 'impact', 'correct')", name=op.f("ck_exception_triage_kind")
        ),
        sa.CheckConstraint("severity IN ('info', 'minor', 'major', 'critical')", name=op.f("ck_exception_triage_severity")),
        sa.CheckConstraint("length(by) > 0", name=op.f("ck_exception_triage_by_filled")),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_exception_triage_text_filled")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_exception_triage_batch_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["exception_id"],
            ["exception_record.id"],
            name=op.f("fk_exception_triage_exception_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_exception_triage_signature_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_triage")),
        sqlite_strict=True,
    )
    op.create_index("ix_exception_triage_batch_id", "exception_triage", ["batch_id"], unique=False)
    op.create_index("ix_exception_triage_exception_id", "exception_triage", ["exception_id"], unique=False)
