"""The attacker's hands: any row of any table, and a recomputed chain."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from engine.audit import GENESIS, JOURNAL_COLUMNS, entry_hash
from engine.database import connect
from engine.keys import Keys
from engine.records import TABLES
from engine.stored import Database
from engine.verify import Report, verify_snapshot

Row = dict[str, Any]
NAMES = [table.__tablename__ for table in TABLES]
COLUMNS = {table.__tablename__: [column.name for column in table.__table__.columns] for table in TABLES}
# What records are made of: everything but the chains themselves and the cache.
RECORDS = [t.__tablename__ for t in TABLES if not t.WORKING and t.__tablename__ not in ("journal", "stream")]


class Attacker:
    """Writes whatever it likes, in a transaction that the test rolls back afterwards."""

    def __init__(self, connection: Any, rng: random.Random, past: dict[str, list[Row]]) -> None:
        self.connection = connection
        self.is_sqlite = isinstance(connection, sqlite3.Connection)
        self.rng = rng
        # Every table as it was some time ago: the attacker kept a copy.
        self.past = past
        self._at = "rowid" if self.is_sqlite else "ctid"

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement with `?` marks."""
        cursor = self.connection.execute(statement if self.is_sqlite else statement.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """Rows with the place where each is stored (`_at`), in a repeatable order."""
        columns = ", ".join(f'"{column}"' for column in COLUMNS[table])
        where = " AND ".join(f'"{name}" = ?' for name in equal) or "1 = 1"
        found = self.run(f'SELECT {self._at}, {columns} FROM "{table}" WHERE {where}', *equal.values())
        rows = [dict(zip(("_at", *COLUMNS[table]), row, strict=True)) for row in found]
        return sorted(rows, key=lambda row: [repr(row[column]) for column in COLUMNS[table]])

    def pick(self, table: str, suits: Callable[[Row], bool] = lambda row: True, **equal: Any) -> Row:
        """Any row that suits."""
        return self.rng.choice([row for row in self.rows(table, **equal) if suits(row)])

    def change(self, table: str, row: Row, **changes: Any) -> None:
        """Overwrite columns of one row."""
        for column, value in changes.items():
            mark = "?::tid" if not self.is_sqlite else "?"
            moved = self.run(
                f'UPDATE "{table}" SET "{column}" = ? WHERE {self._at} = {mark} RETURNING {self._at}', value, row["_at"]
            )
            row["_at"] = moved[0][0]
            row[column] = value

    def delete(self, table: str, row: Row) -> None:
        """Remove one row."""
        mark = "?::tid" if not self.is_sqlite else "?"
        self.run(f'DELETE FROM "{table}" WHERE {self._at} = {mark}', row["_at"])

    def insert(self, table: str, row: Row) -> None:
        """Add a row."""
        columns = COLUMNS[table]
        names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        self.run(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', *(row[column] for column in columns))

    # The trail

    @property
    def batches(self) -> list[str]:
        """The streams of batches; the last one had gone on when the attacker's copy was made."""
        streams = self.run("SELECT DISTINCT stream FROM journal")
        # the life cycle of a revision and a change are runs too: `batch:MR-1@1.0`, `batch:CC-1`
        runs = {stream for (stream,) in streams if stream.startswith("batch:")}
        return sorted(stream for stream in runs if "@" not in stream and not stream.startswith("batch:CC-"))

    def a_batch(self, holding: str = "") -> str:
        """The stream of some batch, one with rows of a table if that is named."""
        held = {f"batch:{row['batch_id']}" for row in self.rows(holding)} if holding else set(self.batches)
        return self.rng.choice(sorted(held & set(self.batches)))

    def entries(self, stream: str) -> list[Row]:
        """The entries of a stream in order."""
        return sorted(self.rows("journal", stream=stream), key=lambda row: row["seq"])

    def a_stream(self, least: int = 3) -> str:
        """Some stream with at least that many entries."""
        longest = dict(self.run("SELECT stream, count(*) FROM journal GROUP BY stream"))
        return self.rng.choice(sorted(name for name, count in longest.items() if count >= least))

    def rechain(self, stream: str, entries: list[Row]) -> None:
        """Make `entries` the whole of a stream: renumbered, every unkeyed hash right, the head set to match.

        MACs stay what they were: the attacker can copy one, not make one.
        """
        self.run("DELETE FROM journal WHERE stream = ?", stream)
        previous = GENESIS
        for number, entry in enumerate(entries, 1):
            entry |= {"stream": stream, "seq": number, "prev_hash": previous}
            previous = entry["hash"] = entry_hash({column: entry[column] for column in JOURNAL_COLUMNS})
            self.insert("journal", entry)
        self.run("UPDATE stream SET seq = ?, hash = ? WHERE name = ?", len(entries), previous, stream)


@dataclass
class Scene:
    """A site whose database the attacker has opened up, with an exported checkpoint that is out of reach."""

    url: str
    keys: Keys
    kept_checkpoint: Path
    past: dict[str, list[Row]]

    @contextmanager
    def attack(self, seed: object) -> Iterator[Attacker]:
        """One attack, undone at the end."""
        with raw(self.url) as connection:
            connection.execute("BEGIN")
            yield Attacker(connection, random.Random(repr(seed)), self.past)
            connection.execute("ROLLBACK")

    def verify(self, attacker: Attacker) -> Report:
        """What the verifier says of the attacked database."""
        return verify_snapshot(Database(attacker.connection), self.keys, [self.kept_checkpoint])


@contextmanager
def raw(url: str) -> Iterator[Any]:
    """The raw driver's connection, in autocommit."""
    connection: Any
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def copy_of_tables(url: str) -> dict[str, list[Row]]:
    """Every row of every table, as an attacker would keep it."""
    with raw(url) as connection:
        attacker = Attacker(connection, random.Random(0), {})
        return {name: attacker.rows(name) for name in NAMES}


def open_up(url: str) -> None:
    """Remove every trigger, constraint, index and column type that could refuse an attacker's row."""
    connect(url).dispose()
    with raw(url) as connection:
        if url.startswith("sqlite"):
            _open_up_sqlite(connection)
        else:
            _open_up_postgresql(connection)


def _open_up_sqlite(connection: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")
    for table in NAMES:
        columns = ", ".join(f'"{column}"' for column in COLUMNS[table])
        connection.execute(f'CREATE TABLE "loose_{table}" ({columns})')
        connection.execute(f'INSERT INTO "loose_{table}" SELECT {columns} FROM "{table}" ORDER BY rowid')
        connection.execute(f'DROP TABLE "{table}"')
        connection.execute(f'ALTER TABLE "loose_{table}" RENAME TO "{table}"')


def _open_up_postgresql(connection: Any) -> None:
    for table in NAMES:
        connection.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    kept = "n"  # NOT NULL constraints go with the column below (named ones exist from PostgreSQL 18 on)
    found = connection.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE connamespace = current_schema()::regnamespace AND contype <> %s AND conrelid <> 0 "
        "ORDER BY contype = 'f' DESC",
        (kept,),
    ).fetchall()
    for table, name in found:
        if table.strip('"') in NAMES:
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
    indexes = "SELECT indexname, tablename FROM pg_indexes WHERE schemaname = current_schema()"
    for index, table in connection.execute(indexes).fetchall():
        if table in NAMES:
            connection.execute(f'DROP INDEX "{index}"')
    for table in NAMES:
        for column in COLUMNS[table]:
            connection.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL')
