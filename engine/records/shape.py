"""The statements of each table, written once.

The hot path runs these texts on the driver's own cursor: measured per row, the text on the raw cursor takes a third
of the time of a cached SQLAlchemy Core statement, and an ORM flush four times as much as Core. Everything that is not
a plain read by key, insert or update is SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, inspect

from engine import clock
from engine.canonical import canonical, check_text
from engine.records.base import Record

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One table as the transaction and the verifier see it."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    integers: frozenset[str]
    defaults: Row
    stream: str
    secret: frozenset[str]
    added: Mapping[str, str | int]
    append_only: bool

    def owner(self, row: Row) -> str:
        """The stream that a row belongs to; empty when it is the writing act's."""
        if not self.stream or ("batch_id" in row and row["batch_id"] is None and "{batch_id}" in self.stream):
            return ""
        return self.stream.format_map(row)

    def identity(self, row: Row) -> tuple[Any, ...]:
        """The table and the primary key of a row."""
        return (self.table, *(row[column] for column in self.key))

    def stored_row(self, given: Row) -> Row:
        """A new row with every column, as stored: defaults filled in, the rest NULL. Unknown columns are refused."""
        row: Row = dict.fromkeys(self.columns)
        row.update(self.defaults)
        row.update(given)
        if len(row) != len(self.columns):
            raise TypeError(f"{self.table} has no column {', '.join(sorted(row.keys() - set(self.columns)))}")
        integers = self.integers
        for column, value in row.items():
            # Nearly all values are plain text where text belongs: no need to ask further.
            if value is not None and not (
                type(value) is str and value.isascii() and "\x00" not in value and column not in integers
            ):
                row[column] = self.stored(column, value)
        return row

    def stored(self, column: str, value: Any) -> str | int | None:
        """A value as the column holds it: flags as 0 or 1, instants as text, lists and objects as canonical JSON."""
        kind = type(value)
        if kind is str:
            if not value.isascii() or "\x00" in value:
                check_text(value)
        elif kind is bool:
            value = int(value)
        elif kind is datetime:
            value = clock.text(value)
        elif kind in (dict, list, tuple):
            value = canonical(value)
        elif value is None:
            return None
        elif kind is not int:
            raise TypeError(f"{self.table}.{column} can't hold a {kind.__name__}: {value!r}")
        if (type(value) is int) != (column in self.integers):
            raise TypeError(f"{self.table}.{column} can't hold {value!r}")
        return value


@cache
def shape_of(table: type[Record]) -> Shape:
    """The shape of a table."""
    columns = list(inspect(table).local_table.columns)
    return Shape(
        table=table.__tablename__,
        columns=tuple(column.name for column in columns),
        key=tuple(column.name for column in columns if column.primary_key),
        integers=frozenset(column.name for column in columns if isinstance(column.type, Integer)),
        defaults={column.name: column.default.arg for column in columns if column.default is not None},
        stream=table.STREAM,
        secret=table.SECRET,
        added=table.ADDED,
        append_only=table.APPEND_ONLY,
    )


@cache
def insert_text(table: str, columns: tuple[str, ...], mark: str) -> str:
    """INSERT of all columns; `mark` is the driver's parameter mark."""
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join([mark] * len(columns))})'


@cache
def update_text(table: str, changed: tuple[str, ...], where: tuple[str, ...], mark: str) -> str:
    """UPDATE of some columns by key and version."""
    sets = ", ".join(f'"{column}" = {mark}' for column in changed)
    return f'UPDATE "{table}" SET {sets} WHERE ' + " AND ".join(f'"{column}" = {mark}' for column in where)


@cache
def select_text(table: str, columns: tuple[str, ...], where: tuple[str, ...], order: tuple[str, ...], mark: str) -> str:
    """SELECT of all columns by equality."""
    names = ", ".join(f'"{column}"' for column in columns)
    query = f'SELECT {names} FROM "{table}"'
    if where:
        query += " WHERE " + " AND ".join(f'"{column}" = {mark}' for column in where)
    if order:
        query += " ORDER BY " + ", ".join(f'"{column}"' for column in order)
    return query


@cache
def together_text(selects: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """One PostgreSQL statement of several SELECTs of so many columns: one row, of each the rows as a list of lists.

    Columns are text or integer, which JSON carries exactly.
    """
    parts = []
    for select, width in zip(selects, widths, strict=True):
        names = ", ".join(f"c{number}" for number in range(width))
        parts.append(f"(SELECT json_agg(json_build_array({names})) FROM ({select}) AS r ({names}))")
    return f"SELECT {', '.join(parts)}"
