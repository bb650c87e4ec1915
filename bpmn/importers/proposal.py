"""Foreign tables become a proposed recipe: nothing is refused that can be guessed, nothing is dropped without saying so.

`propose(sources, ...)` reads every table by its mapping, puts our own tables together and draws them. What our tables
refuse is taken out, named with its place and reason, and the rest is drawn; a person looks at the doubts and decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpmn.diagram import Diagram
from bpmn.importers import Imported
from bpmn.importers.columns import SURE, TableMapping, recognise
from bpmn.importers.flow_tables import FlowTables
from bpmn.importers.foreign_rows import read_other_tables
from bpmn.importers.header_names import header_names
from bpmn.importers.proposed_tables import Cell, Doubt, LeftOut, ProposedTables, column_doubts
from bpmn.importers.refused_rows import cell_of, draw_what_is_right
from bpmn.importers.sources import Source, SourceTable
from bpmn.importers.step_table import StepTables
from bpmn.importers.tables import Problem, Row
from bpmn.vocabulary import CRITICAL_CLASSES


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed recipe, or why there is none (`problems`). `header`: id, revision, title, product."""

    imported: Imported | None
    tables: tuple[SourceTable, ...]
    mappings: tuple[TableMapping, ...]
    header: Mapping[str, str]
    doubts: tuple[Doubt, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[Problem, ...] = ()
    groups: frozenset[tuple[int, int]] = frozenset()
    structure: tuple[Row, ...] = field(default=())


def tables_of(sources: Sequence[Source]) -> tuple[SourceTable, ...]:
    """Every table of every file, in order: the numbers that mappings, doubts and cells use."""
    return tuple(table for source in sources for table in source.tables)


def recognised(sources: Sequence[Source], kept: Mapping[str, Mapping[str, str]] | None = None) -> tuple[TableMapping, ...]:
    """What each table seems to be."""
    return tuple(recognise(table, kept) for table in tables_of(sources))


def propose(
    sources: Sequence[Source],
    mappings: Sequence[TableMapping],
    header: Mapping[str, Any] | None = None,
    said: Mapping[str, str] | None = None,
    earlier: Diagram | None = None,
) -> Proposal:
    """The proposed recipe of these tables.

    `header`: the content of a recipe.json. `said`: id, revision, title and product as a person typed them. `earlier`: the
    recipe that an earlier import of the same tables made; steps with the same title keep their ids.
    """
    tables = tables_of(sources)
    proposed = ProposedTables(tables, mappings)
    column_doubts(proposed, SURE)
    known = _known_steps(earlier)
    steps = StepTables(proposed, known, decimal_mark(tables))
    steps.read([i for i, mapping in enumerate(mappings) if mapping.role == "steps"])
    read_other_tables(proposed, steps)
    FlowTables(proposed, steps.parts, steps.sections, steps.values.ids).read()
    _types_by_use(proposed)
    _unused(proposed)
    names = {**header_names(sources, proposed), **{k: v for k, v in (header or {}).items() if isinstance(v, str)}}
    names |= {name: text for name, text in (said or {}).items() if text.strip()}
    if not proposed.rows.get("steps.csv"):
        why = Problem(
            "the tables",
            0,
            "",
            "no table of steps is known",
            "say of a table that it has the steps, and of its columns what they are",
        )
        return Proposal(None, tables, tuple(mappings), names, tuple(proposed.doubts), tuple(proposed.left_out), (why,))
    imported, problems = draw_what_is_right(proposed, {**(header or {}), **names})
    if imported is not None:
        _say_what_lacks_why(proposed, imported)
    return Proposal(
        imported,
        tables,
        tuple(mappings),
        names,
        tuple(proposed.doubts),
        tuple(proposed.left_out),
        problems,
        frozenset(proposed.groups),
        tuple(proposed.rows.get("structure.csv", ())),
    )


_COMPARED = re.compile(r"(\w+\.\w+) (?:[<>]=?|[=!]=) -?\d|\d (?:[<>]=?) (\w+\.\w+)")
_ANSWERED = re.compile(r"(\w+\.\w+) [=!]= (?:true|false)\b")


def _types_by_use(proposed: ProposedTables) -> None:
    """A value of which nothing says what it is, but which the flow compares with a number or an answer, is one."""
    conditions = " ".join(row["condition"] for row in proposed.rows.get("structure.csv", []))
    numbers = {name for match in _COMPARED.findall(conditions) for name in match if name}
    answers = set(_ANSWERED.findall(conditions))
    rows = proposed.rows.get("parameters.csv", [])
    for place, row in enumerate(rows):
        name = f"{row['step_id']}.{row['param']}"
        bounded = any(row[limit] for limit in ("nor_low", "nor_high", "par_low", "par_high", "choices"))
        if row["type"] != "text" or bounded or name not in numbers | answers:
            continue
        if name in numbers:
            rows[place] = Row(row.file, row.number, {**row.cells, "type": "num", "unit": row["unit"] or "1"})
            proposed.doubt(cell_of(proposed, row, "unit"), f"{row['name']} is taken as a number: the flow compares it with one")
        else:
            rows[place] = Row(row.file, row.number, {**row.cells, "type": "bool"})
            proposed.doubt(cell_of(proposed, row, "name"), f"{row['name']} is taken as yes or no: the flow asks for that")


def _say_what_lacks_why(proposed: ProposedTables, imported: Imported) -> None:
    """A critical parameter of which nothing says why can't be approved."""
    for row in proposed.rows.get("parameters.csv", []):
        step = next((step for step in imported.steps if step.id == row["step_id"]), None)
        parameter = step.parameter(row["param"]) if step else None
        if step and parameter and parameter.parameter_class in CRITICAL_CLASSES and not (parameter.why or step.rationale):
            message = f"{parameter.name} is {parameter.parameter_class} and nothing says why: it has to be said before approval"
            proposed.doubt(cell_of(proposed, row, "class"), message)


def read_header_file(name: str, data: bytes) -> Mapping[str, Any]:
    """The content of a recipe.json. Raises ValueError with the reason."""
    try:
        said = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise ValueError(f"{name} is no JSON object")
    return said


def decimal_mark(tables: Sequence[SourceTable]) -> str:
    """The decimal mark that all numbers of the tables agree on, or "" where they don't tell."""
    text = "\n".join(cell for table in tables for row in table.rows for cell in row if len(cell) < 80)
    commas = len(re.findall(r"(?<![\d.,])\d+,\d{1,2}(?![\d,.])", text))
    points = len(re.findall(r"(?<![\d.,])\d+\.\d+(?![\d,.])", text))
    return "," if commas and not points else "." if points and not commas else ""


def _known_steps(earlier: Diagram | None) -> dict[str, str]:
    if earlier is None:
        return {}
    titles = [(" ".join(step.title.casefold().split()).rstrip(".:"), step.id) for step in earlier.steps.values()]
    return {title: step_id for title, step_id in titles if sum(title == other for other, _ in titles) == 1}


def _unused(proposed: ProposedTables) -> None:
    """Tables and columns that are not read are said to be so."""
    for number, (table, mapping) in enumerate(zip(proposed.tables, proposed.mappings, strict=True)):
        if mapping.role == "none":
            text = " | ".join(cell for cell in table.rows[0] if cell)[:120]
            proposed.left_out.append(LeftOut(proposed.place(Cell(number, 0, -1)), text, "the table is not imported"))
            continue
        for column, name in enumerate(mapping.columns):
            filled = sum(bool(row[column]) for row in table.rows[mapping.heading_row + 1 :])
            if not name and filled:
                cell = Cell(number, max(mapping.heading_row, 0), column)
                said = f"{filled} cell{'s' * (filled > 1)}"
                proposed.left_out.append(
                    LeftOut(proposed.place(cell), said, "the column is not imported: nothing says what it means")
                )
