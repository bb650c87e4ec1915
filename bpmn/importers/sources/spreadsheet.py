"""Spreadsheets (.xlsx): each sheet is a table of what its cells show, digits included: 7.20 stays 7.20."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from bpmn.importers.sources.archive import Archive
from bpmn.importers.sources.number_formats import displayed
from bpmn.importers.sources.source import MOST_CELLS, MOST_COLUMNS, Source, SourceError, SourceTable, source_of, table_of

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_P = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd", 15: "d-mmm-yy",
    16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0",
    38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss", 46: "h:mm:ss", 47: "mm:ss", 48: "0.0E+0", 49: "@",
}  # fmt: skip
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_spreadsheet(name: str, data: bytes) -> Source:
    """Every visible sheet with anything in it. Raises SourceError."""
    archive = Archive(name, data)
    book = archive.xml("xl/workbook.xml")
    if book is None:
        raise SourceError(name, "it is no .xlsx workbook", "save it as .xlsx")
    relations = archive.xml("xl/_rels/workbook.xml.rels")
    targets = {
        r.get("Id", ""): r.get("Target", "") for r in ([] if relations is None else relations.findall(f"{_P}Relationship"))
    }
    shown = _Shown(archive, book)
    tables: list[SourceTable | None] = []
    doubts: list[str] = []
    for sheet in book.iter(f"{_S}sheet"):
        title = sheet.get("name", "")
        if sheet.get("state", "visible") != "visible":
            doubts.append(f"the hidden sheet {title} is not read")
            continue
        target = targets.get(sheet.get(f"{_R}id", ""), "").lstrip("/")
        root = archive.xml(target if target.startswith("xl/") else f"xl/{target}")
        if root is not None:
            tables.append(_table(name, title, root, shown))
    return source_of(name, tables, [], doubts)


class _Shown:
    """What a cell shows: its text, or its number in the format of its style."""

    def __init__(self, archive: Archive, book: etree._Element) -> None:
        strings = archive.xml("xl/sharedStrings.xml")
        self._strings = [] if strings is None else [_text(item) for item in strings.findall(f"{_S}si")]
        properties = book.find(f"{_S}workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        styles = archive.xml("xl/styles.xml")
        self._formats: list[str] = []
        if styles is not None:
            own = {
                int(f.get("numFmtId", "0")): f.get("formatCode", "")
                for f in styles.iter(f"{_S}numFmt")
                if f.get("numFmtId", "").isdigit()
            }
            for style in styles.iterfind(f"{_S}cellXfs/{_S}xf"):
                number = int(style.get("numFmtId", "0")) if style.get("numFmtId", "0").isdigit() else 0
                self._formats.append(own.get(number) or _BUILT_IN.get(number, "General"))

    def text(self, cell: etree._Element) -> str:
        """The text that a person sees in the cell."""
        kind, value = cell.get("t", "n"), cell.findtext(f"{_S}v") or ""
        if kind == "s":
            return self._strings[int(value)] if value.isdigit() and int(value) < len(self._strings) else ""
        if kind == "inlineStr":
            inline = cell.find(f"{_S}is")
            return "" if inline is None else _text(inline)
        if kind == "b":
            return {"1": "yes", "0": "no"}.get(value, value)
        if kind in ("str", "e", "d"):
            return value
        style = cell.get("s", "0")
        code = self._formats[int(style)] if style.isdigit() and int(style) < len(self._formats) else "General"
        return displayed(value, code, self._from_1904) if value else ""


def _table(file: str, title: str, root: etree._Element, shown: _Shown) -> SourceTable | None:
    found: dict[int, dict[int, str]] = {}
    count = 0
    for number, column, cell in _cells(root):
        text = shown.text(cell).strip()
        if not text:
            continue
        count += 1
        if count > MOST_CELLS:
            raise SourceError(
                file, f"the sheet {title} has more than {MOST_CELLS:,} cells", "bring the sheets of the recipe only"
            )
        if column >= MOST_COLUMNS:
            raise SourceError(file, f"the sheet {title} uses column {column + 1}", f"keep to {MOST_COLUMNS} columns")
        found.setdefault(number, {})[column] = text
    width = 1 + max((max(cells) for cells in found.values()), default=0)
    rows = [[cells.get(column, "") for column in range(width)] for _, cells in sorted(found.items())]
    merged = {number for number, first, last in _merged(root) if last - first + 1 >= max(2, width - 2)}
    numbers = sorted(found)
    return table_of(file, f"sheet {title}", title, rows, numbers, frozenset(i for i, n in enumerate(numbers) if n in merged))


def _cells(root: etree._Element) -> Iterator[tuple[int, int, etree._Element]]:
    number = 0
    for row in root.iterfind(f"{_S}sheetData/{_S}row"):
        said = row.get("r", "")
        number = int(said) if said.isdigit() and len(said) < 8 else number + 1
        column = -1
        for cell in row.iterfind(f"{_S}c"):
            reference = _REFERENCE.fullmatch(cell.get("r", ""))
            column = _column(reference[1]) if reference else column + 1
            yield number, column, cell


def _merged(root: etree._Element) -> Iterator[tuple[int, int, int]]:
    """Merged cells within one row: its number, first and last column."""
    for cell in root.iter(f"{_S}mergeCell"):
        first, _, last = cell.get("ref", "").partition(":")
        one, other = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
        if one and other and one[2] == other[2]:
            yield int(one[2]), _column(one[1]), _column(other[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(item: etree._Element) -> str:
    """The text of a string with its runs; a superscript after a digit becomes a power: 10^6."""
    pieces: list[str] = []
    for element in item.iter(f"{_S}t"):
        run = element.getparent()
        raised = run is not None and run.find(f"{_S}rPr/{_S}vertAlign[@val='superscript']") is not None
        if run is not None and run.tag == f"{_S}rPh":
            continue  # how it is pronounced
        text = element.text or ""
        pieces.append(
            f"^{text}" if raised and pieces and pieces[-1][-1:].isdigit() and text.strip().lstrip("+-−").isdigit() else text
        )
    return "".join(pieces)
