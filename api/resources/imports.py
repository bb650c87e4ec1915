"""Import: what limit phrases of a paper record mean, and tables that become proposed recipes."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import marshmallow as ma

from api.auth import GMP_ROLES, allow
from api.errors import Problem
from api.fields import Schema, answer
from api.resource import Resource, site
from bpmn.checks import check_diagram
from bpmn.importers.columns import ROLES, headings_of, with_columns
from bpmn.importers.limit_phrases import LimitPhrase, LimitPhraseError, read_limits
from bpmn.importers.proposal import propose, read_header_file, recognised, tables_of
from bpmn.importers.sources import MOST_FILE_BYTES, Source, SourceError, read_file, read_pasted
from bpmn.importers.sources.source import MOST_COLUMNS
from engine.queries.imports import kept_columns

imports = Resource("imports", "Tables and phrases of paper batch records, read as parts of a recipe.")

MOST_PHRASES = 1000


class Phrases(Schema):
    """Limit phrases as they stand in a table. `unit`: what the column or its heading says; `decimal_mark`: `.` or `,`."""

    texts = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(max=2000)), required=True, validate=ma.validate.Length(max=MOST_PHRASES)
    )
    unit = ma.fields.String(load_default="", validate=ma.validate.Length(max=60))
    decimal_mark = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", ".", ","]))


Phrase = answer(
    "LimitPhrase",
    text=ma.fields.String(),
    type=ma.fields.String(),
    uom=ma.fields.String(),
    target=ma.fields.String(),
    nor_low=ma.fields.String(),
    nor_high=ma.fields.String(),
    par_low=ma.fields.String(),
    par_high=ma.fields.String(),
    exclusive=ma.fields.List(ma.fields.String()),
    qualifier=ma.fields.Boolean(),
    choices=ma.fields.List(ma.fields.String()),
    doubt=ma.fields.String(),
    problem=ma.fields.String(),
)
ReadPhrases = answer("ReadLimitPhrases", phrases=ma.fields.List(ma.fields.Nested(Phrase)))


@imports.acts("/recipes/phrases", Phrases, ReadPhrases, keyed=False)
@allow(*GMP_ROLES)
def read_phrases(body: dict) -> dict:
    """Read limit phrases

    Each text becomes a type, a unit and limits, digit for digit, with what had to be guessed as `doubt`; or `problem` says
    why it is not understood. An empty `type` asks for no value (a signature). Nothing is recorded.
    """
    return {"phrases": [{"text": text, **_read(text, body)} for text in body["texts"]]}


def _read(text: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        phrase = read_limits(text, body["unit"], body["decimal_mark"])
    except LimitPhraseError as error:
        return asdict(_NOTHING) | {"type": "", "problem": error.message}
    return asdict(phrase) | {"type": phrase.type or "", "problem": ""}


_NOTHING = LimitPhrase(None)


class File(Schema):
    """A file with tables: its name, and its bytes in base64."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=100))
    content = ma.fields.String(required=True, validate=ma.validate.Length(max=MOST_FILE_BYTES * 4 // 3 + 4))


class Columns(Schema):
    """What one table is: its role, the row of its headings from 0 (-1: none), the property of each column ("": not used)."""

    role = ma.fields.String(required=True, validate=ma.validate.OneOf(list(ROLES)))
    heading_row = ma.fields.Integer(load_default=0, strict=True, validate=ma.validate.Range(-1, 10_000))
    columns = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(max=MOST_COLUMNS))


class Tables(Schema):
    """Tables to be read. `mappings`: one for each table, in order; without them columns are recognised by their headings."""

    files = ma.fields.List(ma.fields.Nested(File), load_default=list, validate=ma.validate.Length(max=12))
    pasted = ma.fields.String(load_default="", validate=ma.validate.Length(max=400_000))
    mappings = ma.fields.List(ma.fields.Nested(Columns), load_default=None, validate=ma.validate.Length(max=200))


Proposed = answer(
    "ProposedRecipe",
    xml=ma.fields.String(),
    header=ma.fields.Dict(),
    tables=ma.fields.List(ma.fields.Dict()),
    doubts=ma.fields.List(ma.fields.Dict()),
    left_out=ma.fields.List(ma.fields.Dict()),
    problems=ma.fields.List(ma.fields.Dict()),
    findings=ma.fields.List(ma.fields.Dict()),
)


@imports.acts("/recipes/imports", Tables, Proposed, keyed=False, max_body=3 * MOST_FILE_BYTES)
@allow("PROC")
def propose_recipe(body: dict) -> dict:
    """Propose a recipe from tables

    Answers the diagram that the tables mean (empty where they are no recipe), what every column was taken for, what is
    doubtful, what is not used, and the findings of the checks. Nothing is recorded: begin a draft with the `xml`.
    """
    sources, header = _sources(body)
    tables = tables_of(sources)
    if body["mappings"] is None:
        mappings = recognised(sources, kept_columns(site()))
    elif len(body["mappings"]) != len(tables):
        raise Problem(422, "invalid-entries", detail=f"There are {len(tables)} tables, but {len(body['mappings'])} mappings.")
    else:
        mappings = tuple(
            with_columns(table, said["role"], dict(enumerate(said["columns"])), min(said["heading_row"], len(table.rows) - 1))
            for table, said in zip(tables, body["mappings"], strict=True)
        )
    found = propose(sources, mappings, header)
    xml = found.imported.xml.decode() if found.imported else ""
    return {
        "xml": xml,
        "header": dict(found.header),
        "tables": [
            {"file": t.file, "name": t.name, "role": m.role, "heading_row": m.heading_row, "columns": list(m.columns),
             "headings": list(headings_of(t, m)), "rows": len(t.rows)}
            for t, m in zip(tables, mappings, strict=True)
        ],
        "doubts": [asdict(doubt) for doubt in found.doubts],
        "left_out": [asdict(one) for one in found.left_out],
        "problems": [asdict(problem) for problem in found.problems],
        "findings": [asdict(finding) for finding in check_diagram(xml.encode()).findings] if xml else [],
    }  # fmt: skip


def _sources(body: dict[str, Any]) -> tuple[list[Source], dict[str, Any]]:
    """The tables and the header of the request; every file that can't be read is said at once."""
    sources: list[Source] = []
    header: dict[str, Any] = {}
    refused: list[dict[str, str]] = []
    for file in body["files"]:
        try:
            data = base64.b64decode(file["content"], validate=True)
            if file["name"].lower().endswith(".json"):
                header |= read_header_file(file["name"], data)
            else:
                sources.append(read_file(file["name"], data))
        except SourceError as error:
            refused.append({"file": error.file, "message": error.message, "what_to_do": error.what_to_do})
        except ValueError as error:
            refused.append({"file": file["name"], "message": str(error), "what_to_do": "send its bytes in base64"})
    try:
        sources += [read_pasted(body["pasted"])] if body["pasted"].strip() else []
    except SourceError as error:
        refused.append({"file": error.file, "message": error.message, "what_to_do": error.what_to_do})
    if refused or not sources:
        told = " ".join(f"{one['file']}: {one['message']}; {one['what_to_do']}." for one in refused)
        raise Problem(422, "invalid-entries", detail=told or "Send a file or pasted rows.", files=refused)
    return sources, header
