"""Rows of our own tables while they are put together from foreign ones, with where each thing came from and what is doubtful."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bpmn import vocabulary as v
from bpmn.expressions.tokens import KEYWORDS
from bpmn.importers.columns import TableMapping, headings_of
from bpmn.importers.names import IDENTIFIER, MOMENTS
from bpmn.importers.sources import SourceTable
from bpmn.importers.tables import Row

_RESERVED = KEYWORDS | MOMENTS | {"order", "previous", "iteration"}
_MOST_TEXT = 200
"""Characters of a source cell that are kept with what came from it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that was guessed, at a cell of the source (`column` -1: the row as a whole), for a person to look at."""

    table: int
    row: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the source that the proposal does not have: where it stands, what it says, and why."""

    place: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a source: table, row and column by number."""

    table: int
    row: int
    column: int


@dataclass
class ProposedTables:
    """The rows of steps.csv, parameters.csv, ... that foreign tables mean, by the name of our table."""

    tables: Sequence[SourceTable]
    mappings: Sequence[TableMapping]
    rows: dict[str, list[Row]] = field(default_factory=dict)
    origins: dict[str, tuple[v.Origin, ...]] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    cells: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    groups: set[tuple[int, int]] = field(default_factory=set)
    scaled: set[str] = field(default_factory=set)
    """Values whose unit counts in powers of ten (`S01.density`): their numbers are written whole."""

    def add(self, layout_file: str, table: int, row: int, cells: Mapping[str, str]) -> None:
        """A row of one of our tables that this row of a source means."""
        label = label_of(self.tables[table])
        number = self.tables[table].numbers[row]
        self.cells[label, number] = (table, row)
        self.rows.setdefault(layout_file, []).append(Row(label, number, {name: text for name, text in cells.items() if text}))

    def doubt(self, cell: Cell, message: str) -> None:
        """Note what was guessed."""
        self.doubts.append(Doubt(cell.table, cell.row, cell.column, message))

    def leave_out(self, cell: Cell, text: str, why: str) -> None:
        """Note what is not used, and mark its cell."""
        self.left_out.append(LeftOut(self.place(cell), text, why))
        self.doubt(cell, f"not used: {why}")

    def place(self, cell: Cell) -> str:
        """Where a cell stands, in words."""
        table = self.tables[cell.table]
        column = headings_of(table, self.mappings[cell.table])[cell.column] if cell.column >= 0 else ""
        return f"{table.file}, {table.place(cell.row, column)}"

    def origin(self, cell: Cell, text: str) -> v.Origin:
        """Where something came from, for the recipe itself."""
        table = self.tables[cell.table]
        column = headings_of(table, self.mappings[cell.table])[cell.column] if cell.column >= 0 else ""
        return v.Origin(table.file, table.place(cell.row, column), " ".join(text.split())[:_MOST_TEXT])


def label_of(table: SourceTable) -> str:
    """How problems name a table."""
    return f"{table.file}, {table.name}" if table.name else table.file


def identifier(text: str, taken: set[str], longest: int = 30) -> str:
    """An identifier made of a text that nothing else has: `Wash volume (mL)` is wash_volume."""
    plain = unicodedata.normalize("NFKD", re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text).replace("ß", "ss"))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    name = ""
    for word in words:
        if len(name) + len(word) > longest:
            break
        name = f"{name}_{word}" if name else word
    name = name or "".join(words)[:longest] or "value"
    if not IDENTIFIER.fullmatch(name) or name in _RESERVED:
        name = f"v_{name}"
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def column_doubts(proposed: ProposedTables, sure: float) -> None:
    """A column whose meaning was guessed is doubtful at its heading."""
    for number, (table, mapping) in enumerate(zip(proposed.tables, proposed.mappings, strict=True)):
        for column, (name, confidence) in enumerate(zip(mapping.columns, mapping.confidence, strict=False)):
            if name and confidence < sure and mapping.heading_row >= 0 and mapping.heading_row < len(table.rows):
                proposed.doubt(Cell(number, mapping.heading_row, column), "the meaning of this column is guessed")
