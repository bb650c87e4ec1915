"""The rows of many keys, read together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.reader import Reader
from engine.records.base import Record
from engine.scope import Row

AT_ONCE = 500
"""Keys of one statement, well below what a database takes."""


def rows_of(reader: Reader, table: type[Record], column: str, keys: Iterable[str]) -> Iterator[Row]:
    """All rows of a table whose column is one of these keys; in no order."""
    columns, wanted = [c.name for c in table.__table__.columns], list(dict.fromkeys(keys))
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        marks = ", ".join([reader.mark] * len(some))
        statement = f"SELECT {', '.join(columns)} FROM {table.__tablename__} WHERE {column} IN ({marks})"
        for row in reader.fetch(statement, *some):
            yield dict(zip(columns, row, strict=True))
