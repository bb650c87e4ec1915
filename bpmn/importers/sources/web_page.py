"""Tables of a web page, as spreadsheets and text programs put them on the clipboard."""

from __future__ import annotations

import re

from lxml import etree, html

from bpmn.importers.sources.source import MOST_CELLS, MOST_COLUMNS, Source, SourceError, SourceTable, source_of, table_of


def is_web_page(text: str) -> bool:
    """Whether pasted text is HTML with a table."""
    return bool(re.search(r"<table[\s>]", text[:200_000], re.IGNORECASE))


def read_web_page(name: str, data: bytes) -> Source:
    """Every table that has no other inside. Nothing is loaded or run. Raises SourceError."""
    try:
        root = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise SourceError(name, "it is no page with a table", "copy the table again") from None
    found: list[SourceTable | None] = []
    for number, table in enumerate((t for t in root.iter("table") if t.find(".//table") is None), 1):
        found.append(_table(name, number, table))
    return source_of(name, found, [], [])


def _table(file: str, number: int, table: etree._Element) -> SourceTable | None:
    rows: list[list[str]] = []
    taken: dict[tuple[int, int], bool] = {}
    wide: set[int] = set()
    for index, row in enumerate(table.iter("tr")):
        cells: list[str] = []
        widest = 1
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while taken.get((index, len(cells))):
                cells.append("")
            across, down = _count(cell.get("colspan")), _count(cell.get("rowspan"))
            for below in range(1, down):
                taken.update({(index + below, len(cells) + beside): True for beside in range(across)})
            cells += [_text(cell), *[""] * (across - 1)]
            widest = max(widest, across)
            if len(cells) > 4 * MOST_COLUMNS or len(taken) > MOST_CELLS:
                raise SourceError(file, f"table {number} is too wide", f"keep at most {MOST_COLUMNS} columns")
        if widest >= max(2, len(cells) - 2):
            wide.add(len(rows))
        rows.append(cells)
    return table_of(file, f"table {number}", "", rows, list(range(1, len(rows) + 1)), frozenset(wide))


def _count(said: str | None) -> int:
    return min(max(int(said), 1), 500) if said and said.isdigit() and len(said) < 5 else 1


def _text(cell: etree._Element) -> str:
    pieces: list[str] = []
    for event, element in etree.iterwalk(cell, events=("start", "end")):
        if event == "start":
            if element.tag in ("br", "p", "div", "li") and pieces:
                pieces.append("\n")
            if element.tag == "sup" and pieces and pieces[-1][-1:].isdigit():
                pieces.append("^")
            pieces.append(re.sub(r"\s+", " ", element.text or "") if isinstance(element.tag, str) else "")
        elif element is not cell:
            pieces.append(re.sub(r"\s+", " ", element.tail or ""))
    return re.sub(r" *\n\s*", "\n", "".join(pieces)).strip()
