"""A paper batch record of 30 steps in 7 sections, with one loop, one parallel part and one choice, as files people bring."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import docx
import openpyxl
from docx.document import Document
from docx.table import Table

HEADING = ("Step", "Activity", "Instruction", "Parameter", "Acceptance criteria", "Class", "Rationale", "Performed by",
    "Verified by",
           "Flow", "Hold time")  # fmt: skip
# section, or: activity, parameter, criterion, class, flow, hold time
RECORD: tuple[tuple[str, ...], ...] = (
    ("UP1 Receipt",),
    ("Receive the material", "Arrival temperature", "2 to 8 °C", "CPP"),
    ("Inspect the container", "Container intact", "yes", "CQA"),
    ("Weigh the container", "Gross mass", "250.0 ± 0.5 g", ""),
    ("Sample for counting", "Sample volume", "NLT 1.0 mL", ""),
    ("UP2 Media",),
    ("Weigh the powder", "Powder mass", "25.0 ± 0.5 g", "CPP"),
    ("Dissolve", "Stirring speed", "120 rpm (100-140)", ""),
    ("Adjust pH", "pH", "NOR 7.2-7.4 / PAR 7.0-7.6", "CPP"),
    ("Filter", "Filter pressure", "≤ 1.5 bar", ""),
    ("UP3 Wash",),
    ("Prime the washer", "Leak test", "pass / fail", ""),
    ("Wash", "Wash volume", "500 mL ± 10 %", ""),
    ("Count after washing", "Viability", "≥ 80 %", "CQA"),
    ("Pool the cells", "Pool volume", "50 to 100 mL", ""),
    ("Concentrate", "Concentration factor", "2 to 4", "", "only if S11.viability >= 90, otherwise skip"),
    ("UP4 Seeding",),
    ("Combine cells and medium", "Seeding density", "> 2.0 x 10^5 cells/mL", "CPP"),
    ("Load the bioreactor", "Load volume", "950 to 1050 mL", "", "", "NOR 1 h, PAR 2 h after end of S14"),
    ("Start the control", "Temperature", "37.0 ± 0.5 °C", "CPP"),
    ("UP5 Expansion",),
    ("Sample the culture", "Viable cell density", "NLT 1.0E5 cells/mL", "", "repeat until S17.viable_cell_density >= 2e6, "
        "at most 5 times"),
    ("Feed the culture", "Feed volume", "10 to 50 mL", ""),
    ("Read the gas flow", "Gas flow", "0.05 to 0.20 L/min", ""),
    ("Confirm the end of growth", "Growth has ended", "yes", ""),
    ("UP6 Harvest",),
    ("Cool the culture", "Temperature after cooling", "NMT 10 °C", ""),
    ("Collect the cells", "Harvest volume", "900 to 1100 mL", ""),
    ("Take samples for quality control", "Number of samples", "3 vials", "", "in parallel with S24, S25"),
    ("Clarify", "Clarified volume", "850 to 1050 mL", ""),
    ("Take samples of the supernatant", "Turbidity", "< 5 NTU", ""),
    ("Hold the harvest", "Hold temperature", "2-8 °C", "", "", "NOR 60 min, PAR 120 min after end of S22"),
    ("UP7 Filling",),
    ("Set up the line", "Line is clear", "complies", "ID"),
    ("Fill the bags", "Fill volume", "49.0 to 51.0 mL", "CPP"),
    ("Inspect the bags", "Visible particles", "not detected", "CQA"),
    ("Label and store", "Labels used", "20 labels", ""),
)


def rows() -> list[tuple[str, ...]]:
    """The rows of the table below its heading: a section is one cell."""
    found: list[tuple[str, ...]] = []
    number = 0
    for said in RECORD:
        if len(said) == 1:
            found.append(said)
            continue
        number += 1
        activity, parameter, criterion, kind, flow, hold = (*said, "", "")[:6]
        why = "It decides the quality of the product" if kind in ("CPP", "CQA", "ID") else ""
        found.append(
            (str(number), activity, f"{activity} as trained, and record.", parameter, criterion, kind, why, "", "", flow, hold)
        )
    return found


def as_csv() -> bytes:
    """A CSV as spreadsheets of some countries write it: semicolons, Windows-1252."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([HEADING, *rows()])
    return text.getvalue().replace("≤", "<=").replace("≥", ">=").encode("cp1252")


def as_xlsx() -> bytes:
    """A workbook with a title above its table, and merged cells as headings of sections."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Process"
    sheet.append(["Small process, master batch record"])
    sheet.append([])
    sheet.append(HEADING)
    for row in rows():
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
        if len(row) == 1:
            sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=len(HEADING))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def as_docx() -> bytes:
    """A document with a table of header data, then one table a section, each with the headings again."""
    document = docx.Document()
    document.add_heading("Master batch record", 0)
    _table(document, [("Document no.", "MBR-0042"), ("Title", "Small process"), ("Product", "NVX-000"), ("Revision", "2.0")])
    for line in rows():
        if len(line) == 1:
            document.add_heading(line[0], 1)
            table = _table(document, [HEADING])
        else:
            _add(table, line)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def _table(document: Document, lines: Sequence[Sequence[str]]) -> Table:
    table = document.add_table(rows=0, cols=len(lines[0]))
    for line in lines:
        _add(table, line)
    return table


def _add(table: Table, line: Sequence[str]) -> None:
    for cell, text in zip(table.add_row().cells, line, strict=True):
        cell.text = text


FILES = {"record.csv": as_csv, "record.xlsx": as_xlsx, "record.docx": as_docx}
