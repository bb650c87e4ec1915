"""Reading records: by key and by equality on the fast path, by SQLAlchemy for everything else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from engine.errors import RecordNotFoundError
from engine.records.base import Record
from engine.records.shape import Row, select_text, shape_of, together_text

# A read by equality: the columns that sort it, then the pairs of column and value.
Wanted = tuple[Any, ...]


class Reader:
    """One transaction's view of the records. Rows are plain dicts of exactly what is stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw: Any = connection.connection.driver_connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.mark = "?" if self.is_sqlite else "%s"
        self._ahead: dict[str, dict[Wanted, list[Row]]] = {}

    @property
    def db(self) -> Connection:
        """The SQLAlchemy Core connection, for whatever is more than a read by equality."""
        return self._connection

    def find(self, table: type[Record], /, **key: Any) -> Row | None:
        """The row with this primary key (or any unique columns), or None."""
        found = self.rows(table, **key)
        return found[0] if found else None

    def get(self, table: type[Record], /, **key: Any) -> Row:
        """The row with this primary key; RecordNotFoundError if there is none."""
        row = self.find(table, **key)
        if row is None:
            named = ", ".join(str(value) for value in key.values())
            raise RecordNotFoundError(table.__tablename__.replace("_", " "), named, key=key)
        return row

    def rows(self, table: type[Record], /, *, order: tuple[str, ...] = (), **equal: Any) -> list[Row]:
        """All rows whose columns equal these values; sorted by the columns of `order`, else by primary key."""
        shape = shape_of(table)
        if self._ahead and (found := self._ahead.get(shape.table)) is not None:
            rows = found.pop((order, *equal.items()), None)
            if rows is not None:
                return rows
        statement = select_text(shape.table, shape.columns, tuple(equal), order or shape.key, self.mark)
        columns = shape.columns
        return [dict(zip(columns, row, strict=True)) for row in self.fetch(statement, *equal.values())]

    def read_ahead(self, *wanted: tuple[type[Record], tuple[str, ...], dict[str, Any]]) -> None:
        """Read what is sure to be asked for, each as (table, order, equal), so that `rows` finds it.

        On PostgreSQL that is one round trip instead of one for each; SQLite has none to save.
        """
        if self.is_sqlite:
            return
        shapes = [shape_of(table) for table, _, _ in wanted]
        texts = [
            select_text(shape.table, shape.columns, tuple(equal), order or shape.key, "%s")
            for shape, (_, order, equal) in zip(shapes, wanted, strict=True)
        ]
        statement = together_text(tuple(texts), tuple(len(shape.columns) for shape in shapes))
        values = [value for _, _, equal in wanted for value in equal.values()]
        [lists] = self.fetch(statement, *values)
        for shape, (_, order, equal), rows in zip(shapes, wanted, lists, strict=True):
            found = [dict(zip(shape.columns, row, strict=True)) for row in rows or ()]
            self._ahead.setdefault(shape.table, {})[(order, *equal.items())] = found

    def fetch_earlier(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The same for rows that nothing of this transaction has written."""
        return self.fetch(statement, *values)

    def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement that is already in the driver's own words."""
        found: list[tuple[Any, ...]] = self._raw.execute(statement, values).fetchall()
        return found
