"""Files that people bring: read as they show themselves, and refused under bounds where they are hostile."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.importers.sources import MOST_FILE_BYTES, Source, SourceError, read_file, read_pasted
from bpmn.importers.sources.examples import example
from bpmn.importers.sources.packing import pack, unpack


def workbook(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place, code in (formats or {}).items():
        book.active[place].number_format = code
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def rows(source: Source, table: int = 0) -> list[list[str]]:
    return [list(row) for row in source.tables[table].rows]


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The archive with parts replaced or added; `__` in a name is `/`, `_dot_` a point."""
    given_parts = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in given_parts:
                new.writestr(name, old.read(name))
        for name, content in given_parts.items():
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (7.2, "0.00", "7.20"), (7.256, "0.0", "7.256"), (0.05, "0.0%", "5.0 %"), (1e8, "0.0E+00", "1.0e8"),
        (5, '0.0" mL"', "5.0 mL"),
        (1500, "#,##0", "1500"), (1500.5, "#,##0.00", "1500.50"), (0.1 + 0.2, "General", "0.3"), (3, "General", "3"),
        (True, "General", "yes"),
        (datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None), "yyyy-mm-dd", "2026-03-01"),
        (datetime(2026, 3, 1, 8, 15, tzinfo=UTC).replace(tzinfo=None), "dd.mm.yyyy hh:mm", "2026-03-01 08:15"), ("  7.20 ",
        "@", "7.20"),
    ],
)  # fmt: skip
def test_a_spreadsheets_cell_is_what_it_shows_and_no_digit_is_hidden(value: object, code: str, shown: str) -> None:
    assert rows(read_file("a.xlsx", workbook(["x", value], formats={"B1": code}))) == [["x", shown]]


def test_every_visible_sheet_is_a_table_and_merged_cells_are_known() -> None:
    book = openpyxl.Workbook()
    book.active.title = "Steps"
    book.active.append(["Step", "Title", "Limit"])
    book.active.append(["Section one"])
    book.active.merge_cells("A2:C2")
    book.create_sheet("Notes").append(["a"])
    book.create_sheet("Old").append(["b"])
    book["Old"].sheet_state = "hidden"
    data = io.BytesIO()
    book.save(data)
    source = read_file("a.xlsx", data.getvalue())
    assert [table.name for table in source.tables] == ["sheet Steps", "sheet Notes"]
    assert source.tables[0].wide == {1}
    assert "Old" in source.doubts[0]


def test_a_documents_tables_have_their_headings_boxes_powers_and_merged_cells() -> None:
    document = docx.Document()
    document.add_heading("UP1 Receipt", 1)
    table = document.add_table(rows=3, cols=3)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "1"
    table.cell(0, 1).text = "☐ yes ☐ no"
    paragraph = table.cell(1, 1).paragraphs[0]
    paragraph.add_run("1 x 10")
    paragraph.add_run("6").font.superscript = True
    table.cell(2, 0).merge(table.cell(2, 2)).text = "Next"
    document.add_paragraph("Product: NVX")
    data = io.BytesIO()
    document.save(data)
    source = read_file("a.docx", data.getvalue())
    assert source.tables[0].heading == "UP1 Receipt"
    assert rows(source) == [["1", "☐ yes ☐ no"], ["", "1 x 10^6"], ["Next", ""]]
    assert source.tables[0].wide == {2}
    assert "Product: NVX" in source.texts
    assert source.tables[0].place(1, "Limits") == "table 1, row 2, column Limits"


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        (b"a,b\n1,2\n", [["a", "b"], ["1", "2"]]), (b"a;b\n1,5;2\n", [["a", "b"], ["1,5", "2"]]),
        ("a\tb\n1\t2\n".encode("utf-16"), [["a", "b"], ["1", "2"]]), ("\ufeffa|b\n1|2\n".encode(), [["a", "b"], ["1", "2"]]),
        (b'a,b\n"x\ny","2 ""mL"""\n\n', [["a", "b"], ["x\ny", '2 "mL"']]), ("a;b\n5 °C;±\n".encode("cp1252"), [["a",
        "b"], ["5 °C", "±"]]),
    ],
)  # fmt: skip
def test_delimited_text_of_any_country_is_read(data: bytes, cells: list[list[str]]) -> None:
    source = read_file("a.csv", data)
    assert rows(source) == cells
    assert bool(source.doubts) == (b"\xb0" in data and b"\xc2" not in data)


def test_pasted_rows_are_text_or_a_web_page() -> None:
    assert rows(read_pasted("a\tb\n1\t2")) == [["a", "b"], ["1", "2"]]
    page = "<table><tr><td rowspan=2>x<td>10<sup>6</sup></tr><tr><td>y</tr></table><script>alert(1)</script>"
    assert rows(read_pasted(page)) == [["x", "10^6"], ["", "y"]]


BOMB = b"<w:document>" + b" " * 50_000_000 + b"</w:document>"
ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.docx", lambda: repacked(example("docx"), word__document_dot_xml=BOMB), "unpacks"),
        ("a.docx", lambda: repacked(example("docx"), word__document_dot_xml=ENTITY), "entities"),
        ("a.xlsx", lambda: repacked(example("xlsx"), xl__workbook_dot_xml=ENTITY), "entities"),
        ("a.xlsx", lambda: repacked(example("xlsx"), xl__vbaProject_dot_bin=b"x"), "macros"),
        ("a.xlsx", lambda: repacked(example("xlsx"), xl__worksheets__sheet1_dot_xml=b"<a"), "no XML"),
        ("a.xlsx", lambda: example("docx"), "workbook"), ("a.docx", lambda: example("xlsx"), "document"),
        ("a.docx", lambda: b"PK\x03\x04", "damaged"),
        ("a.xlsx", lambda: b"\xd0\xcf\x11\xe0 old", "password"), ("a.xlsx", lambda: example("xlsx")[:-40], "damaged"),
        ("a.csv", lambda: b"x" * (MOST_FILE_BYTES + 1), "bytes"), ("a.csv", lambda: b"\0\0", "no text"),
        ("a.csv", lambda: b" \n", "empty"),
        ("a.csv", lambda: b"," * 2000, "cells"), ("a.csv", lambda: b"\n".join([b"a,b"] * 40_000), "cells"),
        ("a.xlsm", lambda: b"x", "kind of file"),
        ("a.pdf", lambda: b"%PDF", "kind of file"), ("a.bpmn", lambda: b"<a/>", "kind of file"),
        ("a.xlsx", lambda: workbook(["x"] * 80), "column"),
    ],
)  # fmt: skip
def test_a_hostile_or_unfit_file_is_refused_with_what_to_do(name: str, data: Any, why: str) -> None:
    with pytest.raises(SourceError, match=why) as caught:
        read_file(name, data())
    assert caught.value.what_to_do


def test_a_cell_far_away_costs_nothing() -> None:
    cell = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = b'<worksheet xmlns="' + main + b'"><sheetData>' + cell + b"</sheetData></worksheet>"
    source = read_file("a.xlsx", repacked(example("xlsx"), xl__worksheets__sheet1_dot_xml=sheet))
    assert (rows(source), source.tables[0].numbers) == ([["x"]], (1048576,))


@given(st.binary(max_size=300), st.sampled_from(["csv", "xlsx", "docx", "html", "txt"]))
def test_any_bytes_are_read_or_refused(data: bytes, ending: str) -> None:
    try:
        source = read_file(f"a.{ending}", data)
    except SourceError:
        return
    assert unpack(pack([source], {"id": "x"})) == ([source], {"id": "x"})


@pytest.mark.parametrize("text", ["", "x", "eJw=", pack([], {})[:-8], "A" * 1000])
def test_what_did_not_arrive_whole_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="whole"):
        unpack(text)


def test_a_table_typed_with_lines_around_its_cells_has_no_empty_columns() -> None:
    text = "| Step | Title |\n|------|:-----:|\n| 1 | Weigh |\n"
    (table,) = read_pasted(text).tables
    assert table.rows == (("Step", "Title"), ("1", "Weigh"))
    assert table.numbers == (1, 3)
