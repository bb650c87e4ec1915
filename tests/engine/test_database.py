"""A site starts only where nothing acknowledged can be lost, and nothing recorded can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine import database
from engine.errors import SiteNotReadyError
from engine.records import TABLES
from engine.records.base import Record
from engine.site import Site, open_site
from engine.transaction import perform
from tests.engine.small_site import QUINN, add_lot, change_lot, small_site

APPEND_ONLY = [table.__tablename__ for table in TABLES if table.APPEND_ONLY]
STATE = [t.__tablename__ for t in TABLES if not t.APPEND_ONLY and not t.WORKING]
REQUIRED_APPEND_ONLY = {
    "journal", "parameter_value", "correction", "exception_record", "exception_triage", "signature", "decision",
    "scan", "reading", "recipe_document", "checkpoint", "dry_run",
    "entry_review", "decision_set", "adoption", "notice",
}  # fmt: skip


def run(url: str, statement: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def check_ready(url: str, lossy: str = "") -> None:
    engine = database.connect(url)
    if lossy:
        event.listen(engine, "connect", lambda connection, _: connection.cursor().execute(lossy))
    try:
        database.check_ready(engine)
    finally:
        engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []
    for table in TABLES:
        found = {constraint["name"] for constraint in inspect(engine).get_check_constraints(table.__tablename__)}
        meant = {c.name for c in table.__table__.constraints if isinstance(c, CheckConstraint)}  # type: ignore[attr-defined]
        assert found == meant


def test_migrating_twice_changes_nothing(blank_database_url: str) -> None:
    database.migrate(blank_database_url)
    database.migrate(blank_database_url)
    check_ready(blank_database_url)


def test_columns_hold_only_text_and_whole_numbers() -> None:
    kinds = {str(column.type) for table in TABLES for column in table.__table__.columns}
    assert kinds == {"TEXT", "INTEGER"}


def test_what_must_be_append_only_is() -> None:
    assert set(APPEND_ONLY) == REQUIRED_APPEND_ONLY


@pytest.mark.requirement("N-04", "P11-10")
def test_the_database_refuses_to_change_or_delete_what_was_appended(filled_site: Site) -> None:
    for table in APPEND_ONLY:
        column = inspect(filled_site.engine).get_columns(table)[-1]["name"]
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="what is recorded stays"):
                run(filled_site.url, statement)


@pytest.mark.requirement("N-04")
def test_the_database_refuses_to_delete_a_row_of_state(filled_site: Site) -> None:
    for table in STATE:
        with pytest.raises(DBAPIError, match="what is recorded stays"):
            run(filled_site.url, f"DELETE FROM {table}")


def test_replacing_an_appended_row_is_refused_too(filled_site: Site) -> None:
    if not database.is_sqlite(filled_site.engine):
        pytest.skip("INSERT OR REPLACE is SQLite's")
    with filled_site.writing() as connection, pytest.raises(DBAPIError, match="what is recorded stays"):
        connection.exec_driver_sql("INSERT OR REPLACE INTO journal SELECT * FROM journal")


def test_truncating_is_refused_on_postgresql(filled_site: Site) -> None:
    if database.is_sqlite(filled_site.engine):
        pytest.skip("SQLite has no TRUNCATE")
    for table in (*APPEND_ONLY, *STATE):
        with pytest.raises(DBAPIError, match="what is recorded stays"):
            run(filled_site.url, f"TRUNCATE {table} CASCADE")


@pytest.mark.requirement("N-03")
def test_a_site_with_a_trigger_dropped_does_not_start(database_url: str) -> None:
    on = "" if database_url.startswith("sqlite") else " ON journal"
    name = "journal_no_update" if not on else "journal_no_change"
    run(database_url, f"DROP TRIGGER {name}{on}")
    with pytest.raises(SiteNotReadyError, match=name):
        check_ready(database_url)


@pytest.mark.requirement("N-03")
def test_a_site_with_a_trigger_that_does_nothing_does_not_start(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        run(database_url, "DROP TRIGGER scan_no_delete")
        run(database_url, "CREATE TRIGGER scan_no_delete BEFORE DELETE ON scan BEGIN SELECT 1; END")
    else:
        run(database_url, "ALTER TABLE scan DISABLE TRIGGER scan_no_change")
    with pytest.raises(SiteNotReadyError, match="scan_no_"):
        check_ready(database_url)


def test_a_site_that_was_not_migrated_does_not_start(blank_database_url: str) -> None:
    with pytest.raises(SiteNotReadyError, match="migrate first"):
        check_ready(blank_database_url)


def test_a_database_that_could_lose_an_acknowledged_act_is_refused(database_url: str) -> None:
    lossy = "PRAGMA synchronous=NORMAL" if database_url.startswith("sqlite") else "SET synchronous_commit = off"
    with pytest.raises(SiteNotReadyError, match="synchronous"):
        check_ready(database_url, lossy)


def test_sqlite_without_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    database.migrate(url)
    with pytest.raises(SiteNotReadyError, match="not WAL"):
        check_ready(url, "PRAGMA journal_mode=DELETE")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(SiteNotReadyError):
        database.connect(url)


@pytest.mark.requirement("N-03", "N-04")
def test_the_application_s_own_role_can_work_but_not_change_the_record(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        with pytest.raises(SiteNotReadyError):
            database.create_application_role(database_url, "app", "secret")
        return
    small_site(database_url, tmp_path).close()
    url = database.create_application_role(database_url, "batchwright_app", "it's %s secret")
    site = open_site(url, next(tmp_path.glob("keys-*")))
    perform(site, add_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1")
    perform(site, change_lot, actor=QUINN, stream="lot:L-1", lot_id="L-1", status="rejected")
    for statement in (
        "UPDATE journal SET tag = 'x'",
        "DELETE FROM material_lot",
        "TRUNCATE journal",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "DROP TRIGGER journal_no_change ON journal",
        "CREATE OR REPLACE FUNCTION batchwright_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|what is recorded stays"):
            run(url, statement)
    site.close()


def test_two_writers_on_sqlite_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    database.migrate(url)
    engine = database.connect(url).execution_options(**{database.WRITES: True})
    with engine.connect() as connection:
        connection.begin()
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        other = create_engine(url, connect_args={"timeout": 0.05}, poolclass=NullPool)
        with other.connect() as blocked, pytest.raises(DBAPIError, match="locked"):
            blocked.exec_driver_sql("BEGIN IMMEDIATE")
