"""Drawing the rows that foreign tables became; what our tables refuse is taken out, named with its place and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpmn.importers import Imported, RecipeTablesError, draw_recipe
from bpmn.importers.header import FILE as HEADER_FILE
from bpmn.importers.header import header_of
from bpmn.importers.proposed_tables import Cell, LeftOut, ProposedTables
from bpmn.importers.tables import Problem, Problems, Row

_ROUNDS = 12
"""How often what is refused is taken out before giving up; each round names every problem of its stage."""


def draw_what_is_right(proposed: ProposedTables, said: Mapping[str, Any]) -> tuple[Imported | None, tuple[Problem, ...]]:
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
            changed |= _withoutcell_of(proposed, problem, why)
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
        proposed.leave_out(cell_of(proposed, row, "of"), _shown(row), why)
    return bool(rows)


def _withoutcell_of(proposed: ProposedTables, problem: Problem, why: str) -> bool:
    """A problem of one cell: without it where the row can do without, else without the row."""
    for file in ("structure.csv", "hold_times.csv", "parameters.csv", "release_specification.csv", "steps.csv"):
        for place, row in enumerate(proposed.rows.get(file, [])):
            if (row.file, row.number) != (problem.file, problem.row) or not _is_about(file, row, problem):
                continue
            whole = file in ("structure.csv", "hold_times.csv") or problem.column in _NEEDED.get(file, ())
            proposed.leave_out(cell_of(proposed, row, problem.column), _shown(row) if whole else row[problem.column], why)
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
    "parameters.csv": {
        "step_id",
        "param",
        "name",
        "type",
        "unit",
        "target",
        "nor_low",
        "nor_high",
        "par_low",
        "par_high",
        "limit_action",
        "class",
        "source",
        "formula",
        "why",
        "severity",
        "choices",
        "when",
        "exclusive",
    },
    "steps.csv": {"step_id", "unit_procedure", "verification", "kind"},
}


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


def cell_of(proposed: ProposedTables, row: Row, column: str) -> Cell:
    table, number = proposed.cells[row.file, row.number]
    mapping = proposed.mappings[table]
    for name in (*_SAID_IN.get(column, ()), column, "limit"):
        place = mapping.column_of(name)
        if place is not None:
            return Cell(table, number, place)
    return Cell(table, number, -1)


def _shown(row: Row) -> str:
    return ", ".join(f"{name}: {text}" for name, text in row.cells.items())[:300]
