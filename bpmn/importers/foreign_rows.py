"""Foreign tables of parameters, hold times, structure and specification, as rows of our own tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bpmn.importers.cell_words import class_of, step_id_of
from bpmn.importers.names import IDENTIFIER
from bpmn.importers.proposed_tables import Cell, ProposedTables, identifier
from bpmn.importers.step_table import StepTables
from bpmn.importers.unit_words import read_unit

_EVENT = re.compile(
    r"(?:(?P<when>end|start|completion|beginning|ende|beginn)\s+(?:of\s+|von\s+)?(?:step\s+|"
    r"schritt\s+)?(?P<step>[\w.]+?)"
    r"|(?:step\s+|schritt\s+)?(?P<other>[\w]+)[\s.]*(?P<moment>end|start|ende|beginn)?)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?:[≤<]=?|nmt|max\.?)?\s*(\d+(?:[.,]\d+)?)\s*([a-zA-Z]*)", re.IGNORECASE)


def read_other_tables(proposed: ProposedTables, steps: StepTables) -> None:
    """Every table that is not one of steps."""
    readers = {"parameters": _parameters, "hold_times": _hold_times, "structure": _structure, "specification": _specification}
    for number, mapping in enumerate(proposed.mappings):
        if mapping.role not in readers:
            continue
        for row in range(mapping.heading_row + 1, len(proposed.tables[number].rows)):
            texts = proposed.tables[number].rows[row]
            cells = {name: texts[column] for column, name in enumerate(mapping.columns) if name}
            if any(cells.values()) and texts != proposed.tables[number].rows[max(mapping.heading_row, 0)]:
                readers[mapping.role](proposed, steps, number, row, cells)


def read_header_rows(proposed: ProposedTables) -> list[tuple[str, str]]:
    """Pairs of what and value from tables of header data."""
    found = []
    for table, mapping in zip(proposed.tables, proposed.mappings, strict=True):
        key, value = mapping.column_of("key"), mapping.column_of("value")
        if mapping.role == "header" and key is not None and value is not None:
            found += [(row[key].rstrip(": "), row[value]) for row in table.rows[mapping.heading_row + 1 :]]
    return found


def _parameters(proposed: ProposedTables, steps: StepTables, table: int, row: int, cells: Mapping[str, str]) -> None:
    said = cells.get("step_id", "")
    step = _step(steps, said)
    places = {name: i for i, name in enumerate(proposed.mappings[table].columns) if name}
    if not step:
        proposed.leave_out(Cell(table, row, places.get("step_id", -1)), said, "there is no such step")
        return
    steps.values.read(step, cells.get("name", ""), table, row, cells, places)


def _step(steps: StepTables, said: str) -> str:
    plain = " ".join(said.casefold().split()).rstrip(".:")
    for part in steps.parts.values():
        if plain in part.aliases:
            return part.id
    wanted = step_id_of(said)
    return wanted if wanted in steps.parts else ""


def _hold_times(proposed: ProposedTables, steps: StepTables, table: int, row: int, cells: Mapping[str, str]) -> None:
    count = len(proposed.rows.get("hold_times.csv", [])) + 1
    nor, nor_unit = _time(cells.get("nor", ""))
    par, par_unit = _time(cells.get("par", ""))
    cell = Cell(table, row, -1)
    if not (nor and par):
        proposed.doubt(cell, "one time is given: it is the normal and the accepted one")
    unit = cells.get("unit", "") or nor_unit or par_unit
    code, dash, kind = unit.partition("-")
    proposed.add(
        "hold_times.csv",
        table,
        row,
        {
            "hold_id": cells.get("hold_id", "") if IDENTIFIER.fullmatch(cells.get("hold_id", "")) else f"H{count:02}",
            "from_event": _event(steps, cells.get("from_event", ""), "end"),
            "to_event": _event(steps, cells.get("to_event", ""), "start"),
            "nor": nor or par,
            "par": par or nor,
            "unit": f"{read_unit(code).code or code}{dash}{kind}",
            "why": cells.get("why", ""),
            "links": cells.get("links", ""),
        },
    )


def _time(text: str) -> tuple[str, str]:
    match = _TIME.fullmatch(text.strip())
    return (match[1].replace(",", "."), match[2]) if match else (text.strip(), "")


def _event(steps: StepTables, text: str, moment: str) -> str:
    """`end of step 3` is S03.end; what is in our words already stays."""
    if re.fullmatch(r"(?:last|next|first)\(.*\)|[A-Za-z]\w*\.[A-Za-z]\w*", text):
        return text
    match = _EVENT.fullmatch(text.strip())
    if match is None:
        return text
    step = _step(steps, match["step"] or match["other"])
    said = (match["when"] or match["moment"] or moment).casefold()
    return f"{step}.{'start' if said in ('start', 'beginning', 'beginn') else 'end'}" if step else text


def _structure(proposed: ProposedTables, steps: StepTables, table: int, row: int, cells: Mapping[str, str]) -> None:
    count = len(proposed.rows.get("structure.csv", [])) + 1
    proposed.add(
        "structure.csv", table, row, {**cells, "id": cells.get("id") or f"X{count}", "kind": cells.get("kind", "").casefold()}
    )


def _specification(proposed: ProposedTables, steps: StepTables, table: int, row: int, cells: Mapping[str, str]) -> None:
    taken = {r["attribute"] for r in proposed.rows.get("release_specification.csv", [])}
    said = cells.get("attribute", "")
    attribute = said if IDENTIFIER.fullmatch(said) and said not in taken else identifier(said, taken)
    unit = cells.get("unit", "")
    words = unit if unit in ("text", "bool", "") else read_unit(unit).code or unit
    kind, doubt = class_of(cells.get("class", ""))
    if doubt:
        proposed.doubt(Cell(table, row, proposed.mappings[table].column_of("class") or 0), doubt)
    proposed.add(
        "release_specification.csv",
        table,
        row,
        {
            **cells,
            "attribute": attribute,
            "unit": words,
            "class": kind,
            "name": cells.get("name", "") or ("" if attribute == said else said),
        },
    )
