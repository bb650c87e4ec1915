"""What a database really holds, by its raw driver and in one snapshot: the verifier's eyes.

No model stands between: tables and columns come from the database's own catalogue, so that what somebody added or
changed behind the application's back is seen too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from engine.database import address_text, trigger_problems
from engine.errors import SiteNotReadyError
from engine.records.shape import Row

BATCH = 2000


class Database:
    """Read-only access to whatever tables there are."""

    def __init__(self, connection: sqlite3.Connection | psycopg.Connection[Any]) -> None:
        self._connection: Any = connection
        self.is_sqlite = isinstance(connection, sqlite3.Connection)

    def columns(self) -> dict[str, list[str]]:
        """{table: its columns in order}."""
        if self.is_sqlite:
            tables = self._fetch("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")
            return {name: [row[1] for row in self._fetch(f"PRAGMA table_info({_quoted(name)})")] for (name,) in tables}
        found: dict[str, list[str]] = {}
        for table, column in self._fetch(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
            "USING (table_schema, table_name) WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE' "
            "ORDER BY c.table_name, c.ordinal_position"
        ):
            found.setdefault(table, []).append(column)
        return found

    def rows(
        self, table: str, columns: tuple[str, ...], *, equal: tuple[str, Any] | None = None, order: str = ""
    ) -> Iterator[Row]:
        """Rows of a table as dicts, all or those where one column equals a value (None: is NULL)."""
        statement = f"SELECT {', '.join(map(_quoted, columns))} FROM {_quoted(table)}"
        values: tuple[Any, ...] = ()
        if equal is not None:
            column, value = equal
            statement += f" WHERE {_quoted(column)} " + ("IS NULL" if value is None else f"= {'?' if self.is_sqlite else '%s'}")
            values = () if value is None else (value,)
        if order:
            statement += f" ORDER BY {_quoted(order)}"
        for row in self._stream(statement, values):
            yield dict(zip(columns, row, strict=True))

    def distinct(self, table: str, column: str) -> list[Any]:
        """The different values of a column."""
        return [value for (value,) in self._fetch(f"SELECT DISTINCT {_quoted(column)} FROM {_quoted(table)}")]

    def trigger_problems(self) -> list[str]:
        """Each trigger that does not stand where this release put it."""
        return trigger_problems(self._fetch, is_sqlite=self.is_sqlite)

    def _fetch(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        found: list[Any] = self._connection.execute(statement, values).fetchall()
        return found

    def _stream(self, statement: str, values: tuple[Any, ...]) -> Iterator[Any]:
        if self.is_sqlite:
            yield from self._connection.execute(statement, values)
            return
        if values:  # one chain or one batch: small, and a plain cursor saves three round trips
            yield from self._connection.execute(statement, values)
            return
        with self._connection.cursor(name=f"verify_{id(statement)}") as cursor:
            cursor.itersize = BATCH
            yield from cursor.execute(statement, values)


@contextmanager
def open_database(url: str) -> Iterator[Database]:
    """Open a database for reading, in one consistent snapshot."""
    parsed = make_url(url)
    connection: Any
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.exists():
            raise SiteNotReadyError(f"There is no database {path}.")
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        # Bytes that are no UTF-8 must be seen as a difference, not end the verification.
        connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
        connection.execute("BEGIN")
    else:
        connection = psycopg.connect(address_text(parsed.set(drivername="postgresql")))
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    try:
        yield Database(connection)
    finally:
        connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
