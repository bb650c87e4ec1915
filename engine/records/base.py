"""What every table has in common.

Columns are TEXT or INTEGER and nothing else: instants are fixed-width UTC text, flags are 0 or 1, lists and objects
are canonical JSON text, numbers that people recorded are text, digit for digit. So what a database gives back is
exactly what was hashed, on SQLite and PostgreSQL alike. On SQLite the tables are STRICT: a column can't hold another
type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
STRICT = {"sqlite_strict": True}


class Record(DeclarativeBase):
    """A table of the record.

    `APPEND_ONLY`: a row is written once; triggers refuse UPDATE and DELETE. Otherwise rows carry a `version` that
    each change counts up, and triggers refuse DELETE. `STREAM` names the chain that a row belongs to, made from the
    row's own columns; empty means the chain of the act that writes it. `SECRET` columns enter the trail as a digest.
    `ADDED`: columns of a later release, with what the rows written before it hold. `WORKING`: no record but a cache or
    the state of work in progress; it stays outside the trail and may be thrown away.
    """

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text(), int: Integer()}

    APPEND_ONLY: ClassVar[bool] = False
    STREAM: ClassVar[str] = ""
    SECRET: ClassVar[frozenset[str]] = frozenset()
    ADDED: ClassVar[Mapping[str, str | int]] = {}
    WORKING: ClassVar[bool] = False


def instant(*columns: str) -> list[CheckConstraint]:
    """These columns hold UTC instants of fixed width (or nothing, where they may be NULL)."""
    return [CheckConstraint(f"{column} LIKE '____-__-__T__:__:__.______Z'", name=column) for column in columns]


def flag(*columns: str) -> list[CheckConstraint]:
    """These columns are 0 or 1."""
    return [CheckConstraint(f"{column} IN (0, 1)", name=column) for column in columns]


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def filled(*columns: str) -> list[CheckConstraint]:
    """These columns are never empty text."""
    return [CheckConstraint(f"length({column}) > 0", name=f"{column}_filled") for column in columns]


def sha256_hex(*columns: str) -> list[CheckConstraint]:
    """These columns hold a SHA-256 in hex."""
    return [CheckConstraint(f"length({column}) = 64", name=column) for column in columns]


def counted(column: str = "version", least: int = 1) -> CheckConstraint:
    """The column counts up from `least`."""
    return CheckConstraint(f"{column} >= {least}", name=column)


def refers(target: str) -> ForeignKey:
    """A reference that is checked at the end of the transaction, so an act writes its rows in any order."""
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def refers_to_task() -> ForeignKeyConstraint:
    """The row belongs to a task of its batch."""
    return ForeignKeyConstraint(["batch_id", "task_key"], ["task.batch_id", "task.key"], deferrable=True, initially="DEFERRED")
