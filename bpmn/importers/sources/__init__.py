"""Files and pasted rows that people bring, read into plain tables of texts; each cell keeps its place in the source.

What a file may hold is bounded before it is read: it comes from outside, and a spreadsheet of a few kB can unpack to
gigabytes. Nothing in it is run: no macros, no formulas, no links, no entities.
"""

from __future__ import annotations

from collections.abc import Callable

from bpmn.importers.sources.delimited import read_delimited
from bpmn.importers.sources.document import read_document
from bpmn.importers.sources.source import MOST_FILE_BYTES, Source, SourceError, SourceTable
from bpmn.importers.sources.spreadsheet import read_spreadsheet
from bpmn.importers.sources.web_page import is_web_page, read_web_page

__all__ = ["MOST_FILE_BYTES", "Source", "SourceError", "SourceTable", "read_file", "read_pasted"]

_READERS: dict[str, Callable[[str, bytes], Source]] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "txt": read_delimited,
    "xlsx": read_spreadsheet,
    "docx": read_document,
    "html": read_web_page,
    "htm": read_web_page,
}
_INSTEAD = {
    "xls": "open it in a spreadsheet program and save it as .xlsx",
    "xlsm": "it may hold macros: save it as .xlsx",
    "doc": "open it in a text program and save it as .docx",
    "docm": "it may hold macros: save it as .docx",
    "pdf": "copy the table out of it and paste it here, or import the file it was made from",
    "ods": "save it as .xlsx",
    "odt": "save it as .docx",
    "bpmn": "it is a diagram already: load it on the page of recipes",
    "xml": "if it is a diagram, load it on the page of recipes",
}


def read_file(name: str, data: bytes) -> Source:
    """The tables of one file, by its ending. Raises SourceError for what can't be read, with what to do instead."""
    ending = name.rpartition(".")[2].lower()
    if len(data) > MOST_FILE_BYTES:
        raise SourceError(
            name, f"it has {len(data):,} bytes", f"bring at most {MOST_FILE_BYTES:,}: only the sheets of the recipe"
        )
    if not data.strip():
        raise SourceError(name, "it is empty", "choose the file with the table of steps")
    if ending not in _READERS:
        raise SourceError(name, "this kind of file is not read", _INSTEAD.get(ending, "bring .docx, .xlsx, .csv or pasted rows"))
    return _READERS[ending](name, data)


def read_pasted(text: str) -> Source:
    """Rows pasted from a spreadsheet or a page. Raises SourceError."""
    read = read_web_page if is_web_page(text) else read_delimited
    return read("pasted rows", text.encode("utf-8", "replace"))
