"""Runs the migrations on the connection that `engine.database.migrate` opened."""

from __future__ import annotations

from alembic import context

from engine.records.base import Record

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
