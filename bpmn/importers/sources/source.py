"""What every kind of file becomes: tables of texts, and the texts around them."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_FILE_BYTES = 3_000_000
MOST_CELLS = 60_000
MOST_COLUMNS = 60
MOST_TABLES = 200


class SourceError(ValueError):
    """This file can't be imported. It is not changed; choose another one, or do what is said here."""

    def __init__(self, file: str, message: str, what_to_do: str) -> None:
        super().__init__(f"{file}: {message}; {what_to_do}")
        self.file, self.message, self.what_to_do = file, message, what_to_do


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table as it stands in its file. `name`: "table 2", "sheet Steps", or "" for the only one. `heading`: the line above.

    `numbers` are the rows' numbers in the source, for people. A cell that others are merged into has the text, the
    others are empty. `wide`: rows that are one merged cell.
    """

    file: str
    name: str
    heading: str
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    wide: frozenset[int] = frozenset()

    def place(self, row: int, column: str = "") -> str:
        """Where a cell stands, in words: `table 2, row 7, column Limits`."""
        parts = [self.name, f"row {self.numbers[row]}", f"column {column}" if column else ""]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its tables in order, the texts outside of them, and what was odd while reading it."""

    file: str
    tables: tuple[SourceTable, ...]
    texts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = field(default=())


def table_of(
    file: str, name: str, heading: str, rows: list[list[str]], numbers: list[int], wide: frozenset[int] = frozenset()
) -> SourceTable | None:
    """A table without its empty rows and columns at the edges, or None where nothing is left. Raises SourceError."""
    kept = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not kept:
        return None
    width = max(1 + max(j for j, cell in enumerate(rows[i]) if cell.strip()) for i in kept)
    if width > MOST_COLUMNS:
        raise SourceError(file, f"{name or 'the table'} has {width} columns", f"keep at most {MOST_COLUMNS}")
    if width * len(kept) > MOST_CELLS:
        raise SourceError(file, f"{name or 'the table'} has {width * len(kept):,} cells", f"keep at most {MOST_CELLS:,}")
    plain = tuple(tuple(cell.strip() for cell in (rows[i] + [""] * width)[:width]) for i in kept)
    return SourceTable(
        file, name, heading, plain, tuple(numbers[i] for i in kept), frozenset(k for k, i in enumerate(kept) if i in wide)
    )


def source_of(file: str, tables: list[SourceTable | None], texts: list[str], doubts: list[str]) -> Source:
    """The source of these tables. Raises SourceError where there is none, or too much."""
    found = tuple(table for table in tables if table is not None)
    if not found:
        raise SourceError(file, "there is no table in it", "bring a file with a table of steps")
    if len(found) > MOST_TABLES:
        raise SourceError(file, f"it has {len(found)} tables", f"keep at most {MOST_TABLES}")
    if sum(len(table.rows) * len(table.rows[0]) for table in found) > MOST_CELLS:
        raise SourceError(file, "it has too many cells", f"keep at most {MOST_CELLS:,}")
    return Source(file, found, tuple(texts), tuple(doubts))
