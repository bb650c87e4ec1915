"""Text documents (.docx): the tables of a paper batch record, with the headings above them and their boxes to tick."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from bpmn.importers.sources.archive import Archive
from bpmn.importers.sources.source import MOST_COLUMNS, Source, SourceError, SourceTable, source_of, table_of

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BOXES = {"F0A8": "☐", "F06F": "☐", "F071": "☐", "F0FE": "☑", "F0FD": "☑", "F052": "☑", "2610": "☐", "2611": "☑", "2612": "☒"}
_HEADING = re.compile(r"heading|berschrift|^title|^titel|titre|titolo", re.IGNORECASE)
_DEEPEST = 40
"""Levels of content controls and tables inside tables that are followed."""


@dataclass
class _Reading:
    file: str
    tables: list[SourceTable | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    heading: str = ""
    count: int = 0


def read_document(name: str, data: bytes) -> Source:
    """Every table, named by its number, with the heading before it. Raises SourceError."""
    archive = Archive(name, data)
    root = archive.xml("word/document.xml")
    if root is None:
        raise SourceError(name, "it is no .docx document", "save it as .docx")
    reading = _Reading(name)
    for part in sorted(n for n in archive.names if re.fullmatch(r"word/header\d+\.xml", n)):
        header = archive.xml(part)
        if header is not None:
            reading.texts += [text for text in (_paragraph(p) for p in header.iter(f"{_W}p")) if text]
    body = root.find(f"{_W}body")
    if body is not None:
        _read_body(body, reading, 0)
    return source_of(name, reading.tables, reading.texts, [])


def _read_body(element: etree._Element, reading: _Reading, depth: int) -> None:
    if depth > _DEEPEST:
        raise SourceError(reading.file, "its content controls are nested too deep", "copy the tables into a new document")
    for child in element:
        if child.tag == f"{_W}p":
            text = _paragraph(child)
            if text:
                reading.texts.append(text)
                if _is_heading(child):
                    reading.heading = text
        elif child.tag == f"{_W}tbl":
            reading.count += 1
            reading.tables.append(_table(child, reading))
            reading.heading = ""
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"):
            _read_body(child, reading, depth + 1)


def _is_heading(paragraph: etree._Element) -> bool:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    if style is not None and _HEADING.search(style.get(f"{_W}val", "")):
        return True
    if paragraph.find(f"{_W}pPr/{_W}outlineLvl") is not None:
        return True
    runs = [run for run in paragraph.iter(f"{_W}r") if "".join(t.text or "" for t in run.iter(f"{_W}t")).strip()]
    bold = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    short = len(_paragraph(paragraph)) <= 120
    return bool(runs) and short and all(b is not None and b.get(f"{_W}val", "1") not in ("0", "false") for b in bold)


def _table(table: etree._Element, reading: _Reading) -> SourceTable | None:
    rows: list[list[str]] = []
    wide: set[int] = set()
    for row in _children(table, "tr"):
        if row.find(f"{_W}trPr/{_W}del") is not None:
            continue  # deleted with changes tracked
        cells: list[str] = []
        spans: list[int] = []
        for cell in _children(row, "tc"):
            span = _span(cell)
            cells += ["" if _continues(cell) else _cell(cell), *[""] * (span - 1)]
            spans.append(span)
            if len(cells) > 4 * MOST_COLUMNS:
                raise SourceError(reading.file, f"table {reading.count} has too many columns", f"keep at most {MOST_COLUMNS}")
        if spans and max(spans) >= max(2, len(cells) - 2):
            wide.add(len(rows))
        rows.append(cells)
    name = f"table {reading.count}"
    return table_of(reading.file, name, reading.heading, rows, list(range(1, len(rows) + 1)), frozenset(wide))


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    """Rows of a table or cells of a row, also those inside content controls, but not those of tables inside."""
    found: list[etree._Element] = []
    for child in element:
        if child.tag == f"{_W}{name}":
            found.append(child)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            found += _children(child, name)
    return found


def _span(cell: etree._Element) -> int:
    element = cell.find(f"{_W}tcPr/{_W}gridSpan")
    said = element.get(f"{_W}val", "1") if element is not None else "1"
    return min(max(int(said), 1), MOST_COLUMNS) if said.isdigit() and len(said) < 4 else 1


def _continues(cell: etree._Element) -> bool:
    """Whether the cell is merged into the one above."""
    element = cell.find(f"{_W}tcPr/{_W}vMerge")
    return element is not None and element.get(f"{_W}val", "continue") == "continue"


def _cell(cell: etree._Element) -> str:
    return "\n".join(text for text in (_paragraph(p) for p in cell.iter(f"{_W}p")) if text)


def _paragraph(paragraph: etree._Element) -> str:
    """The text of a paragraph as it reads with every tracked change accepted; boxes as ☐, raised digits as a power."""
    pieces: list[str] = []
    for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}sym", f"{_W}checkBox", f"{_W}noBreakHyphen"):
        parent = element.getparent()
        name = element.tag.rpartition("}")[2]
        if name == "t":
            text = element.text or ""
            raised = parent is not None and parent.find(f"{_W}rPr/{_W}vertAlign[@{_W}val='superscript']") is not None
            power = raised and "".join(pieces)[-1:].isdigit() and text.strip().lstrip("+-−").isdigit()
            pieces.append(f"^{text}" if power else text)
        elif name == "sym":
            pieces.append(_BOXES.get(element.get(f"{_W}char", "").upper(), ""))
        elif name == "tab":
            pieces.append(" " if parent is not None and parent.tag == f"{_W}r" else "")
        else:
            pieces.append({"checkBox": "☐ ", "noBreakHyphen": "-"}.get(name, "\n"))
    return re.sub(r"[ \t\xa0]+", " ", "".join(pieces)).strip()
