"""Reading the tables of a recipe, and saying at once everything that is wrong with them, by file, row and column."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something in the tables that keeps them from becoming a recipe. `row` is the line of the file, from 1."""

    file: str
    row: int
    column: str
    message: str
    what_to_do: str

    def __str__(self) -> str:
        place = [
            self.file,
            *([f"row {self.row}"] if self.row else []),
            *([f"column {self.column}"] if self.column else []),
        ]
        return f"{', '.join(place)}: {self.message}; {self.what_to_do}"


class RecipeTablesError(ValueError):
    """The tables are no recipe. `problems` has all of them, in the order of file and row."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. A column that the table does not have reads as empty."""

    file: str
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class Problems:
    """Collects what is wrong while reading goes on, so that the author sees everything at once."""

    found: list[Problem] = field(default_factory=list)
    unused_columns: list[str] = field(default_factory=list)

    def add(self, row: Row, column: str, message: str, what_to_do: str) -> None:
        """Note a problem of a cell."""
        self.found.append(Problem(row.file, row.number, column, message, what_to_do))

    def add_file(self, file: str, message: str, what_to_do: str, column: str = "") -> None:
        """Note a problem of a file as a whole (`column`: the key, in the header file)."""
        self.found.append(Problem(file, 0, column, message, what_to_do))

    def stop_if_any(self) -> None:
        """Raise RecipeTablesError when something was found."""
        if self.found:
            raise RecipeTablesError(self.found)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns a table has: `required` ones and `optional` ones. `needed`: recipes can't be without this table."""

    file: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    needed: bool = False


def read_table(folder: Path, layout: Layout, problems: Problems) -> list[Row]:
    """The rows of a table, cells trimmed; empty when an optional table is not there."""
    path = folder / layout.file
    if not path.is_file():
        if layout.needed:
            problems.add_file(layout.file, "there is no such file", f"a recipe needs it, with {', '.join(layout.required)}")
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.add_file(layout.file, "it is not UTF-8", "save it as CSV UTF-8")
        return []
    records = _numbered(text)
    try:
        _, heading = next(records, (1, []))
        if not _heading_is_fit(heading, layout, problems):
            return []
        return list(_rows(records, heading, layout, problems))
    except csv.Error as error:
        problems.add_file(layout.file, f"it can't be read as CSV: {error}", "close every quote")
        return []


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(",;\t", key=heading.count)  # spreadsheets of some countries write semicolons


def _heading_is_fit(heading: list[str], layout: Layout, problems: Problems) -> bool:
    file, known = layout.file, (*layout.required, *layout.optional)
    for name in sorted({name for name in heading if heading.count(name) > 1}):
        problems.add_file(file, f"the column {name!r} is there {heading.count(name)} times", "keep one", name)
    for name in heading:
        if name not in known:
            near = difflib.get_close_matches(name, [k for k in known if k not in heading], 1, 0.75)
            if near:
                problems.add_file(file, f"the column {name!r} is not known", f"write {near[0]}", name)
            else:
                problems.unused_columns.append(f"{file}: {name}")
    missing = [name for name in layout.required if name not in heading]
    for name in missing:
        problems.add_file(file, "this column is missing", f"the table needs {', '.join(layout.required)}", name)
    return not missing


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV text, each with the line it begins on."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    before = 0
    for cells in lines:
        yield before + 1, [cell.strip() for cell in cells]
        before = lines.line_num


def _rows(records: Iterator[tuple[int, list[str]]], heading: list[str], layout: Layout, problems: Problems) -> Iterator[Row]:
    for number, cells in records:
        if not any(cells):
            continue
        row = Row(layout.file, number, dict(zip(heading, cells, strict=False)))
        if len(cells) > len(heading):
            problems.add(row, "", f"{len(cells)} cells, but {len(heading)} columns", "put a text with a comma in quotes")
            continue
        empty = [name for name in layout.required if not row[name]]
        for name in empty:
            problems.add(row, name, "this cell is empty", "fill it in")
        if not empty:
            yield row
