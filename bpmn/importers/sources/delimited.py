"""Delimited text: CSV of any country, and rows pasted from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from bpmn.importers.sources.source import MOST_COLUMNS, Source, SourceError, source_of, table_of

_DELIMITERS = ",;\t|"
_LOOKED_AT = 50  # rows, to tell the delimiter
_RULE = re.compile(r"\s*:?-{2,}:?\s*")


def read_delimited(name: str, data: bytes) -> Source:
    """The one table of a text file. Raises SourceError."""
    text, doubts = _decoded(name, data)
    if "\0" in text:
        raise SourceError(name, "it is no text", "save the table as CSV UTF-8")
    delimiter = max(_DELIMITERS, key=lambda one: _fit(text, one))
    rows: list[list[str]] = []
    numbers: list[int] = []
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    framed = delimiter == "|" and _is_framed(text)
    before = 0
    try:
        for line in lines:
            cells = line[1:-1] if framed and len(line) > 2 else line
            if not (framed and cells and all(_RULE.fullmatch(cell) for cell in cells)):
                rows.append([cell.strip() for cell in cells])
                numbers.append(before + 1)
            before = lines.line_num
            if len(cells) > 20 * MOST_COLUMNS:
                raise SourceError(name, f"row {before} has {len(cells)} cells", f"keep at most {MOST_COLUMNS}")
    except csv.Error as error:
        raise SourceError(name, f"row {before + 1} can't be read: {error}", "close every quote") from None
    return source_of(name, [table_of(name, "", "", rows, numbers)], [], doubts)


def _is_framed(text: str) -> bool:
    """Whether each row begins and ends with a line: `| Step | Title |`, as tables are typed into notes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return all(len(line) > 2 and line[0] == line[-1] == "|" for line in lines)


def _decoded(name: str, data: bytes) -> tuple[str, list[str]]:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError:
                raise SourceError(name, "it is no text", "save the table as CSV UTF-8") from None
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["it is not UTF-8: read as Windows-1252; look at ° µ ± and umlauts"]


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter cuts the text: the share of rows with the commonest number of cells above one, and that number."""
    counts: list[int] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in cells):
                counts.append(len(cells))
            if len(counts) == _LOOKED_AT:
                break
    except csv.Error:
        return 0.0, 0
    several = [count for count in counts if count > 1]
    if not several:
        return 0.0, 0
    usual = max(set(several), key=several.count)
    return several.count(usual) / len(counts), usual
