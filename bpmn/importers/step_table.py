"""A table of steps of a paper record, read row by row: sections, steps, and the values that each row asks for.

One step may have several rows (one a value); a row that is one cell is the heading of a section. A cell with several
lines of limits asks for several values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bpmn.importers.cell_words import is_not_applicable, is_unwanted, listed, signers_of, step_id_of, word_of
from bpmn.importers.columns import plain_heading
from bpmn.importers.proposed_tables import Cell, ProposedTables
from bpmn.importers.value_rows import ValueReader

_SIGNERS = {"performed_by": "P", "witnessed_by": "W", "verified_by": "V", "approved_by": "Q"}
_ASKS = (
    "name",
    "param",
    "type",
    "unit",
    "target",
    "limit",
    "nor",
    "par",
    "nor_low",
    "nor_high",
    "par_low",
    "par_high",
    "formula",
    "choices",
)
_GROUP = re.compile(
    r"(?:unit procedure|section|phase|stage|part|abschnitt|teil|operation)\b|UP[A-Z0-9]{0,3}\b|\d+(?:\.\d+)*\.?\s+\D|"
    r"[IVX]{1,4}\.\s",
    re.IGNORECASE,
)
_WHOLE = ("flow", "hold")  # columns that may say something beside the heading of a section
_QUALITYS = ("qa_review", "disposition")
_MOST_TITLE = 90


@dataclass
class Part:
    """A step or a section with what its rows say of flow and hold times."""

    id: str
    aliases: set[str]
    flows: list[tuple[Cell, str]] = field(default_factory=list)
    holds: list[tuple[Cell, str]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


class StepTables:
    """Reads every table of steps in order; the steps of all of them are one recipe."""

    def __init__(self, proposed: ProposedTables, known_ids: Mapping[str, str], decimal_mark: str) -> None:
        self._proposed = proposed
        self._known = known_ids
        self._values = ValueReader(proposed, decimal_mark)
        self._steps: dict[str, dict[str, str]] = {}
        self._rows: dict[str, tuple[int, int]] = {}
        self._taken: set[str] = set()
        self._unit = ""
        self._operation = ""
        self.parts: dict[str, Part] = {}
        self.sections: dict[str, Part] = {}

    def read(self, numbers: Sequence[int]) -> None:
        """Read the tables of these numbers."""
        tables = self._proposed.tables
        for table in numbers:
            _Table(self, table).read()
        if not self._steps and numbers:
            self._proposed.leave_out(Cell(numbers[0], 0, -1), tables[numbers[0]].file, "no row of it is a step")
        for step_id, cells in self._steps.items():
            table, row = self._rows[step_id]
            self._proposed.add("steps.csv", table, row, cells)

    # what _Table asks for

    def enter(self, section: str) -> Part:
        """A section begins; one that was left before gets a number, because a unit procedure is one piece."""
        name, number = section, 1
        while name in self.sections and name != self._unit:
            number += 1
            name = f"{section} ({number})"
        self._unit = name
        return self.sections.setdefault(name, Part(name, {_folded(section), _folded(section.split()[0])} if section else set()))

    def begin(self, table: int, row: int, said_id: str, cells: dict[str, str]) -> Part:
        """A step begins."""
        step_id = self._id(said_id, cells["title"], Cell(table, row, -1))
        cells["step_id"] = step_id
        if not self._unit:
            self.enter("Procedure")
        cells["unit_procedure"] = self._unit
        self._steps[step_id] = cells
        self._rows[step_id] = (table, row)
        part = self.parts[step_id] = Part(
            step_id, {_folded(said_id), _folded(step_id), _folded(f"step {said_id}")} - {"", "step"}
        )
        self.sections[self._unit].steps.append(step_id)
        return part

    def title_of(self, step_id: str) -> str:
        """The title of a step that has begun."""
        return self._steps[step_id]["title"]

    def extend(self, step_id: str, name: str, text: str, joint: str) -> None:
        """A further row of a step says more."""
        before = self._steps[step_id].get(name, "")
        if text and text not in before:
            self._steps[step_id][name] = f"{before}{joint}{text}" if before else text

    @property
    def proposed(self) -> ProposedTables:
        """The rows so far."""
        return self._proposed

    @property
    def values(self) -> ValueReader:
        """Reads what is asked for."""
        return self._values

    @property
    def unit(self) -> str:
        """The section that rows belong to now."""
        return self._unit

    def _id(self, said: str, title: str, cell: Cell) -> str:
        wanted = step_id_of(said) if said else self._known.get(_folded(title), "")
        if wanted and wanted not in self._taken and not wanted.upper().startswith("UP"):
            self._taken.add(wanted)
            return wanted
        if said:
            self._proposed.doubt(cell, f"{said!r} can't be the id of a step, or another one has it")
        number = len(self._steps) + 1
        while f"S{number:02}" in self._taken or f"S{number:02}" in self._known.values():
            number += 1
        self._taken.add(f"S{number:02}")
        return f"S{number:02}"


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".:")


class _Table:
    """One table of steps."""

    def __init__(self, steps: StepTables, number: int) -> None:
        self._steps = steps
        self._number = number
        self._table = steps.proposed.tables[number]
        self._mapping = steps.proposed.mappings[number]
        self._places = {name: i for i, name in enumerate(self._mapping.columns) if name}
        self._part: Part | None = None
        self._said_id = ""
        self._unsigned = False
        body = range(self._mapping.heading_row + 1, len(self._table.rows))
        self._body = [row for row in body if not self._is_heading(row)]
        with_title = [row for row in self._body if self._text(row, "title") or self._text(row, "instruction")]
        numbered = sum(bool(self._text(row, "step_id")) for row in with_title)
        self._ids_tell = bool(with_title) and numbered >= 0.5 * len(with_title)
        self._marked = {
            name
            for name in ("witnessed_by", "verified_by", "approved_by")
            if any((text := self._text(row, name)) and not is_unwanted(text) for row in self._body)
        }

    def read(self) -> None:
        """Row by row."""
        if self._table.heading and "unit_procedure" not in self._places:
            self._steps.enter(self._table.heading)
        for row in self._body:
            section = self._section(row)
            if section:
                self._steps.proposed.groups.add((self._number, row))
                self._note(self._steps.enter(section), row)
                self._part = None
            else:
                self._step(row)

    # ------------------------------------------------------------------ kinds of rows

    def _is_heading(self, row: int) -> bool:
        """A repeated row of headings, as at the top of each page."""
        if self._mapping.heading_row < 0:
            return False
        headings = self._table.rows[self._mapping.heading_row]
        same = [plain_heading(a) == plain_heading(b) for a, b in zip(self._table.rows[row], headings, strict=True) if a]
        return len(same) >= 2 and all(same)

    def _section(self, row: int) -> str:
        """The heading of a section, or "" for a row that is none."""
        beside = {self._places.get(name) for name in _WHOLE}
        filled = [i for i, cell in enumerate(self._table.rows[row]) if cell and i not in beside]
        if len(filled) != 1 or len(self._places) < 3 or "\n" in self._table.rows[row][filled[0]].strip():
            return ""
        text, name = self._table.rows[row][filled[0]], self._mapping.columns[filled[0]]
        if row in self._table.wide:
            return text
        if name not in ("", "step_id", "title", "instruction", "unit_procedure", "operation") or len(text) > 80:
            return ""
        if name == "step_id":
            numbered = step_id_of(text) and any(c.isdigit() for c in text) and " " not in text
            return "" if numbered and not text.upper().startswith("UP") else text
        if name == "unit_procedure":
            return text
        return (
            text
            if filled[0] == 0 and (_GROUP.match(text) or self._ids_tell)
            else text
            if _GROUP.match(text) and not self._ids_tell
            else ""
        )

    def _step(self, row: int) -> None:
        said_id, title = self._text(row, "step_id"), self._text(row, "title")
        instruction = self._text(row, "instruction")
        unit = self._text(row, "unit_procedure")
        if unit and unit != self._steps.unit:
            self._note(self._steps.enter(unit), -1)
        again = bool(said_id) and said_id == self._said_id
        new = not again and (bool(said_id) or (bool(title or instruction) and not self._ids_tell))
        if new or self._part is None:
            if not (said_id or title or instruction) and not self._asks(row):
                return self._unused(row, "no step has begun")
            self._begin(row, said_id, title, instruction)
        else:
            self._continue(row, "" if again else title, "" if again else instruction)
        assert self._part is not None
        self._note(self._part, row)
        if self._asks(row):
            step = self._part.id
            self._steps.values.read(step, self._steps.title_of(step), self._number, row, self._cells(row), self._places)
        return None

    def _begin(self, row: int, said_id: str, title: str, instruction: str) -> None:
        cells = {
            "title": title or _title(instruction) or self._text(row, "name") or f"Step {said_id}".strip(),
            "instruction": instruction,
            "operation": self._text(row, "operation"),
            "day": re.sub(r"^(?:day|tag|d)\s*", "", self._text(row, "day"), flags=re.IGNORECASE),
            "rationale": self._text(row, "rationale"),
            "typical_deviations_default_class": self._text(row, "typical_deviations_default_class"),
            "equipment_class": listed(self._text(row, "equipment_class")),
            "materials": listed(self._text(row, "materials")),
            "verification": self._signers(row),
        }
        if kind := self._text(row, "kind"):
            cells["kind"] = word_of("kind", kind) or ""
            if not cells["kind"]:
                self._steps.proposed.leave_out(self._cell(row, "kind"), kind, "it is no kind of step")
        if cells.get("kind") in _QUALITYS and "Q" not in cells["verification"]:
            cells["verification"] += "+Q"
            self._steps.proposed.doubt(self._cell(row, "kind"), "quality signs this step, though the table does not say so")
        self._part = self._steps.begin(self._number, row, said_id, cells)
        self._said_id = said_id
        place = self._cell(row, "title" if title else "instruction" if instruction else "step_id")
        self._steps.proposed.origins[self._part.id] = (
            self._steps.proposed.origin(Cell(place.table, place.row, -1), " | ".join(c for c in self._table.rows[row] if c)),
        )
        if not title and not instruction:
            self._steps.proposed.doubt(Cell(self._number, row, -1), "the step has no title")

    def _continue(self, row: int, title: str, instruction: str) -> None:
        assert self._part is not None
        for text in (title, instruction):
            self._steps.extend(self._part.id, "instruction", text, "\n")
        for name in ("equipment_class", "materials"):
            self._steps.extend(self._part.id, name, listed(self._text(row, name)), "; ")
        self._steps.extend(self._part.id, "rationale", self._text(row, "rationale"), " ")

    # ------------------------------------------------------------------ what a row says

    def _signers(self, row: int) -> str:
        said = self._text(row, "verification")
        codes = []
        if said and not is_unwanted(said):
            found, doubt = signers_of(said)
            codes = found.split("+")
            if doubt:
                self._steps.proposed.doubt(self._cell(row, "verification"), doubt)
        for name, code in _SIGNERS.items():
            text = self._text(row, name)
            wanted = name in self._places and not is_unwanted(text) and (bool(text) or name not in self._marked)
            if wanted and code not in codes:
                codes.append(code)
        if codes and not said and "performed_by" not in self._places:
            codes.insert(0, "P")  # a column for who checks is one beside the performer
        if not codes and not self._unsigned:
            self._unsigned = True
            cell = Cell(self._number, row, -1)
            self._steps.proposed.doubt(cell, "nothing says who signs: the performer, here and further down")
        return "+".join(codes or ["P"])

    def _note(self, part: Part, row: int) -> None:
        """What a row says of flow and hold times."""
        if row < 0:
            return
        for name, found in (("flow", part.flows), ("hold", part.holds)):
            text = self._text(row, name)
            if text and not is_unwanted(text) and text not in [t for _, t in found]:
                found.append((self._cell(row, name), text))

    def _asks(self, row: int) -> bool:
        """Whether the row asks for a value."""
        asked = any((text := self._text(row, name)) and not is_not_applicable(text) for name in _ASKS)
        return asked or self._steps.values.is_blank_to_fill(self._text(row, "result"))

    def _unused(self, row: int, why: str) -> None:
        text = " | ".join(cell for cell in self._table.rows[row] if cell)
        self._steps.proposed.leave_out(Cell(self._number, row, -1), text, why)

    def _text(self, row: int, name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else self._table.rows[row][place]

    def _cells(self, row: int) -> dict[str, str]:
        return {name: self._table.rows[row][place] for name, place in self._places.items()}

    def _cell(self, row: int, name: str) -> Cell:
        return Cell(self._number, row, self._places.get(name, -1))


def _title(instruction: str) -> str:
    """The first sentence of an instruction, if it is short enough for a title."""
    first = re.split(r"(?<=[.!?])\s+|\n", instruction.strip(), maxsplit=1)[0].rstrip(".")
    if len(first) <= _MOST_TITLE:
        return first
    return first[:_MOST_TITLE].rsplit(" ", 1)[0].rstrip(",;") + " …"
