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
from bpmn.importers import Imported, RecipeTablesError, draw_recipe
from bpmn.importers.columns import SURE, TableMapping, recognise
from bpmn.importers.flow_tables import FlowTables
from bpmn.importers.foreign_rows import read_header_rows, read_other_tables
from bpmn.importers.header import FILE as HEADER_FILE
from bpmn.importers.header import Header, header_of
from bpmn.importers.proposed_tables import Cell, Doubt, LeftOut, ProposedTables, column_doubts
from bpmn.importers.sources import Source, SourceTable
from bpmn.importers.step_table import StepTables
from bpmn.importers.tables import Problem, Problems, Row
from bpmn.vocabulary import CRITICAL_CLASSES

_ROUNDS = 12
"""How often what is refused is taken out before giving up; each round names every problem of its stage."""


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
    sources: Sequence[Source], mappings: Sequence[TableMapping], header: Mapping[str, Any] | None = None,
    said: Mapping[str, str] | None = None, earlier: Diagram | None = None,
) -> Proposal:  # fmt: skip
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
    _numbers_by_use(proposed)
    _unused(proposed)
    names = {**_header_names(sources, proposed), **{k: v for k, v in (header or {}).items() if isinstance(v, str)}}
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
    imported, problems = _drawn(proposed, {**(header or {}), **names})
    if imported is not None:
        _say_what_lacks_why(proposed, imported)
    return Proposal(
        imported, tables, tuple(mappings), names, tuple(proposed.doubts), tuple(proposed.left_out), problems,
        frozenset(proposed.groups), tuple(proposed.rows.get("structure.csv", ())),
    )  # fmt: skip


_COMPARED = re.compile(r"(\w+\.\w+) (?:[<>]=?|[=!]=) -?\d|\d (?:[<>]=?) (\w+\.\w+)")


def _numbers_by_use(proposed: ProposedTables) -> None:
    """A value of which nothing says what it is, but which the flow compares with a number, is a number."""
    conditions = " ".join(row["condition"] for row in proposed.rows.get("structure.csv", []))
    used = {name for match in _COMPARED.findall(conditions) for name in match if name}
    rows = proposed.rows.get("parameters.csv", [])
    for place, row in enumerate(rows):
        bounded = any(row[name] for name in ("nor_low", "nor_high", "par_low", "par_high", "choices"))
        if f"{row['step_id']}.{row['param']}" in used and row["type"] == "text" and not bounded:
            rows[place] = Row(row.file, row.number, {**row.cells, "type": "num", "unit": row["unit"] or "1"})
            proposed.doubt(_cell(proposed, row, "unit"), f"{row['name']} is taken as a number: the flow compares it with one")


def _say_what_lacks_why(proposed: ProposedTables, imported: Imported) -> None:
    """A critical parameter of which nothing says why can't be approved."""
    for row in proposed.rows.get("parameters.csv", []):
        step = next((step for step in imported.steps if step.id == row["step_id"]), None)
        parameter = step.parameter(row["param"]) if step else None
        if step and parameter and parameter.parameter_class in CRITICAL_CLASSES and not (parameter.why or step.rationale):
            message = f"{parameter.name} is {parameter.parameter_class} and nothing says why: it has to be said before approval"
            proposed.doubt(_cell(proposed, row, "class"), message)


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


_TITLES = {
    "id": r"(?:(?:master |batch )*(?:record|recipe|document|mbr|bmr|procedure)(?: record)?\s*(?:no|nr|number|id|code)\.?|recipe id|doc(?:ument)?"
    r" no\.?|id|rezept(?:ur)?-?nr\.?|dokument(?:en)?-?nr\.?|number)",
    "revision": r"(?:revision|rev\.?|version|ausgabe)(?:\s*(?:no|nr)\.?)?",
    "title": r"(?:title|titel|recipe(?: name| title)?|process(?: name)?|name|bezeichnung|rezept)",
    "product": r"(?:product(?: name| code)?|produkt(?:name)?|drug product|material)",
}


def _header_names(sources: Sequence[Source], proposed: ProposedTables) -> dict[str, str]:
    """Id, revision, title and product as the file says them beside its tables, or as its name does."""
    lines, above = _above(proposed)
    pairs = read_header_rows(proposed) + above
    for texts in (lines, *(source.texts for source in sources)):
        pairs += [(m[1], m[2]) for text in texts if (m := re.fullmatch(r"([^:\t]{2,40}?)\s*[:\t]\s*(.{1,200})", text, re.DOTALL))]
    found: dict[str, str] = {}
    for key, value in pairs:
        for name, pattern in _TITLES.items():
            if value.strip() and name not in found and re.fullmatch(pattern, key.strip(), re.IGNORECASE):
                found[name] = " ".join(value.split())[:200]
    stem = re.sub(r"\.\w+$", "", sources[0].file) if sources else ""
    plain = stem if stem and stem not in ("pasted rows", "steps") else "recipe"
    wanted = re.sub(r"[^A-Za-z0-9._-]+", "-", found.get("id", plain)).strip("-._")[:50]
    found["id"] = wanted.upper() if "id" not in found else wanted
    found["id"] = found["id"] or "RECIPE"
    found["revision"] = re.sub(r"[^A-Za-z0-9._-]+", "-", found.get("revision", "1.0")).strip("-._")[:20] or "1.0"
    every = [*lines, *(text for source in sources for text in source.texts)]
    first = next((text for text in every if 3 < len(text) < 120 and ":" not in text), "")
    found.setdefault("title", first or plain.replace("_", " ").replace("-", " ").strip().capitalize())
    return found


def _above(proposed: ProposedTables) -> tuple[list[str], list[tuple[str, str]]]:
    """What stands above the headings of tables: single cells, and pairs of them."""
    rows = [
        [cell for cell in row if cell]
        for table, mapping in zip(proposed.tables, proposed.mappings, strict=True)
        if mapping.role != "none"
        for row in table.rows[: max(mapping.heading_row, 0)]
    ]
    return [row[0] for row in rows if len(row) == 1], [(row[0].rstrip(": "), row[1]) for row in rows if len(row) == 2]


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
                proposed.left_out.append(
                    LeftOut(proposed.place(cell), f"{filled} cells", "the column is not imported: nothing says what it means")
                )


def _drawn(proposed: ProposedTables, said: Mapping[str, Any]) -> tuple[Imported | None, tuple[Problem, ...]]:
    """The drawing of the rows, without what our tables refuse."""
    header = dict(said)
    rows = proposed.rows
    for _ in range(_ROUNDS):
        problems = Problems()
        try:
            return draw_recipe(rows, header_of(header, problems), "", problems, proposed.origins), ()
        except RecipeTablesError as error:
            if not _take_out(proposed, header, error.problems):
                return None, error.problems
            last = error.problems
    return None, last


def _take_out(proposed: ProposedTables, header: dict[str, Any], problems: Sequence[Problem]) -> bool:
    """Take out what the problems are about; whether anything was."""
    changed = False
    for problem in problems:
        why = f"{problem.message}; {problem.what_to_do}"
        if problem.file == HEADER_FILE:
            changed |= _without_key(proposed, header, problem.column, why)
        elif problem.row == 0:
            changed |= _without_rows(proposed, problem.file, why)
        else:
            changed |= _without_cell(proposed, problem, why)
    return changed


def _without_key(proposed: ProposedTables, header: dict[str, Any], key: str, why: str) -> bool:
    section, _, name = key.partition(".")
    if section not in header:
        return False
    inner = header[section]
    names = [n for n in inner if name == n or name.startswith(f"{n}.")] if isinstance(inner, dict) else []
    if names:
        header[section] = {n: said for n, said in inner.items() if n not in names}
    else:
        del header[section]
    proposed.left_out.append(LeftOut(f"{HEADER_FILE}, {key}", "", why))
    return True


def _without_rows(proposed: ProposedTables, file: str, why: str) -> bool:
    """A problem of a table as a whole: without its rows."""
    rows = proposed.rows.pop(file, [])
    for row in rows:
        proposed.leave_out(_cell(proposed, row, "of"), _shown(row), why)
    return bool(rows)


def _without_cell(proposed: ProposedTables, problem: Problem, why: str) -> bool:
    """A problem of one cell: without it where the row can do without, else without the row."""
    for file in ("structure.csv", "hold_times.csv", "parameters.csv", "release_specification.csv", "steps.csv"):
        for place, row in enumerate(proposed.rows.get(file, [])):
            if (row.file, row.number) != (problem.file, problem.row) or not _is_about(file, row, problem):
                continue
            whole = file in ("structure.csv", "hold_times.csv") or problem.column in _NEEDED.get(file, ())
            proposed.leave_out(_cell(proposed, row, problem.column), _shown(row) if whole else row[problem.column], why)
            if whole:
                del proposed.rows[file][place]
            else:
                proposed.rows[file][place] = Row(row.file, row.number, _without(row, problem.column))
            return True
    return False


_NEEDED = {
    "parameters.csv": ("step_id", "param", "name"),
    "release_specification.csv": ("attribute", "criterion"),
    "steps.csv": ("step_id",),
}
_COLUMNS = {
    "structure.csv": {"id", "kind", "of", "condition", "note"},
    "hold_times.csv": {"hold_id", "from_event", "to_event", "nor", "par", "unit", "links"},
    "release_specification.csv": {"attribute", "criterion", "method", "unit", "class"},
    "parameters.csv": {"step_id", "param", "name", "type", "unit", "target", "nor_low", "nor_high", "par_low", "par_high", "limit_action",
                       "class", "source", "formula", "why", "severity", "choices", "when", "exclusive"},
    "steps.csv": {"step_id", "unit_procedure", "verification", "kind"},
}  # fmt: skip


def _is_about(file: str, row: Row, problem: Problem) -> bool:
    """Whether a problem speaks of this row: several rows of ours may come from one row of the source."""
    if problem.column not in _COLUMNS[file]:
        return False
    if file in ("structure.csv", "hold_times.csv"):
        return True
    return (
        problem.column in _NEEDED.get(file, ()) or bool(row[problem.column]) or problem.column in ("choices", "formula", "unit")
    )


def _without(row: Row, column: str) -> dict[str, str]:
    cells = {name: text for name, text in row.cells.items() if name != column}
    if column == "choices":
        cells |= {"type": "text"}
        cells = {name: text for name, text in cells.items() if not name.endswith(("_low", "_high"))}
    elif column == "unit":
        cells["unit"] = "1"
    elif column == "formula":
        cells.pop("source", None)
        cells |= {"type": "num"} if cells.get("type") == "calc" else {}
    elif column == "nor_low":  # several expected answers, or limits out of order
        cells = {name: text for name, text in cells.items() if not name.endswith(("_low", "_high")) and name != "exclusive"}
    elif column.endswith(("_low", "_high")):
        cells["exclusive"] = " ".join(name for name in cells.get("exclusive", "").split() if name != column)
    return cells


_SAID_IN = {
    "of": ("flow", "of"),
    "condition": ("flow", "condition"),
    "from_event": ("hold", "from_event"),
    "to_event": ("hold", "to_event"),
}


def _cell(proposed: ProposedTables, row: Row, column: str) -> Cell:
    table, number = proposed.cells[row.file, row.number]
    mapping = proposed.mappings[table]
    for name in (*_SAID_IN.get(column, ()), column, "limit"):
        place = mapping.column_of(name)
        if place is not None:
            return Cell(table, number, place)
    return Cell(table, number, -1)


def _shown(row: Row) -> str:
    return ", ".join(f"{name}: {text}" for name, text in row.cells.items())[:300]


__all__ = ["Header", "Proposal", "decimal_mark", "propose", "read_header_file", "recognised", "tables_of"]
