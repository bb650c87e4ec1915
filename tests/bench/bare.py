"""A bare durable commit: one INSERT of 200 bytes by the raw driver, with the settings that the application uses."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import make_url

BYTES = 200


def bare_commit(url: str) -> Callable[[], None]:
    """Begins, inserts and commits each time it is called, in a database of its own on the same disk or server."""
    return _sqlite(url) if url.startswith("sqlite") else _postgresql(url)


def _sqlite(url: str) -> Callable[[], None]:
    path = Path(make_url(url).database or "").with_name("bare.sqlite")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare (text) VALUES (?)", ("x" * BYTES,))
        connection.execute("COMMIT")

    return commit


def _postgresql(url: str) -> Callable[[], None]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(address)
    connection.execute("CREATE SCHEMA bare")
    connection.execute("CREATE TABLE bare.bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT NOT NULL)")
    connection.commit()

    def commit() -> None:
        connection.execute("INSERT INTO bare.bare (text) VALUES (%s)", ("x" * BYTES,))
        connection.commit()

    return commit
