"""An example table to start from, in each kind of file that is read: steps, values with limits, who signs, flow, hold times."""

from __future__ import annotations

import csv
import io
import zipfile
from xml.sax.saxutils import escape

HEADING = (
    "Step",
    "Title",
    "Instruction",
    "Parameter",
    "Limits",
    "Unit",
    "Class",
    "Why",
    "Performed by",
    "Verified by",
    "Flow",
    "Hold time",
)
ROWS: tuple[tuple[str, ...], ...] = (
    ("Preparation",),
    ("1", "Check the room", "Confirm that the room is clean and free of other material.", "Room is clear", "yes", "", "", "",
    "", "", "", ""),
    ("2", "Weigh the buffer salt", "Tare the vessel and weigh.", "Mass", "25.0 ± 0.5", "g", "CPP", "Fixes the osmolality", "",
    "", "", ""),
    ("Culture",),
    ("3", "Seed the culture", "Seed and mix gently.", "Viability", "≥ 80", "%", "CQA", "Dead cells lower the yield", "", "",
     "go on only if S03.viability >= 50, otherwise terminate", ""),
    ("4", "Record the incubator", "Read the display.", "Temperature", "NOR 36.5-37.5 / PAR 36.0-38.0", "°C", "", "", "", "n/a",
     "in parallel with S05", ""),
    ("5", "Sample", "Take 1 mL.", "pH", "7.2 to 7.5", "pH", "", "", "", "", "", "within 2 h of end of S03"),
    ("6", "Count", "Count the cells.", "Density", "> 1.0 x 10^6", "cells/mL", "", "", "", "",
     "repeat until S06.density > 1e6, at most 5 times", ""),
    ("7", "Dilute", "Add medium.", "Volume", "500 mL ± 10 %", "", "", "", "", "", "only if S06.density > 2e6, otherwise skip",
    ""),
    ("Harvest",),
    ("8", "Harvest", "Collect the cells.", "Endotoxin", "< 0.25", "EU/mL", "", "", "", "", "", "NOR 60 min, PAR 120 min "
        "after end of S06"),
)  # fmt: skip


def example(kind: str) -> bytes:
    """The example as a file of that kind: csv, xlsx or docx."""
    return {"csv": _csv, "xlsx": _xlsx, "docx": _docx}[kind]()


def _csv() -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerows(_whole(row) for row in (HEADING, *ROWS))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _whole(row: tuple[str, ...]) -> list[str]:
    return [*row, *[""] * (len(HEADING) - len(row))]


_TYPES = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>{}</Types>'  # noqa: E501
_RELATIONS = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/></Relationships>'  # noqa: E501
_PART = '<Override PartName="/{}" ContentType="application/vnd.openxmlformats-officedocument.{}+xml"/>'
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _xlsx() -> bytes:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'

    lines = ["".join(cell(text) for text in _whole(row)) for row in (HEADING, *ROWS)]
    rows = "".join(f'<row r="{number}">{line}</row>' for number, line in enumerate(lines, 1))
    parts = _PART.format("xl/workbook.xml", "spreadsheetml.sheet.main") + _PART.format(
        "xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"
    )
    return _zipped({
        "[Content_Types].xml": _TYPES.format(parts),
        "_rels/.rels": _RELATIONS.format("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_RELATED}"><sheets>'
        '<sheet name="Steps" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _RELATIONS.format("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData></worksheet>',
    })  # fmt: skip


def _docx() -> bytes:
    def cell(text: str, span: int = 1) -> str:
        merged = f'<w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>' if span > 1 else "<w:tcPr/>"
        return f'<w:tc>{merged}<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'

    lines = [[cell(text) for text in HEADING]]
    lines += [[cell(row[0], len(HEADING))] if len(row) == 1 else [cell(text) for text in row] for row in ROWS]
    rows = "".join(f"<w:tr>{''.join(line)}</w:tr>" for line in lines)
    edges = "".join(f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    grid = "<w:gridCol/>" * len(HEADING)
    body = (
        "<w:p><w:r><w:t>Title: Example process</w:t></w:r></w:p><w:p><w:r><w:t>Product: Example product</w:t></w:r></w:p>"
        f"<w:tbl><w:tblPr><w:tblBorders>{edges}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl><w:p/>"
        '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/></w:sectPr>'
    )
    return _zipped({
        "[Content_Types].xml": _TYPES.format(_PART.format("word/document.xml", "wordprocessingml.document.main")),
        "_rels/.rels": _RELATIONS.format("officeDocument", "word/document.xml"),
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    })  # fmt: skip


def _zipped(parts: dict[str, str]) -> bytes:
    """The same parts give the same bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text.encode())
    return data.getvalue()
