"""What the columns of a table mean: recognised by their headings, then by what stands in them; a person may say otherwise.

A table has a role (steps, parameters, hold times, structure, release specification, header data, or none), and each of its
columns a property of that role. The properties are the columns of our own tables, and, in a table of steps, the words of a
paper record: limits as phrases, who signs, results to fill in, flow and hold times.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bpmn.importers.cell_words import is_class, is_unwanted
from bpmn.importers.column_words import HEADINGS
from bpmn.importers.limit_headings import limit_column
from bpmn.importers.sources import SourceTable

ROLES = {
    "steps": "Steps",
    "parameters": "Parameters",
    "hold_times": "Hold times",
    "structure": "Structure",
    "specification": "Release specification",
    "header": "Header data",
    "none": "Not imported",
}

PROPERTIES = {role: {name: label for name, (label, _) in said.items()} for role, said in HEADINGS.items()}
"""Role -> property -> its label for people."""

REQUIRED = {
    "steps": (),
    "parameters": ("step_id", "name"),
    "hold_times": ("from_event", "to_event"),
    "structure": ("kind", "of"),
    "specification": ("attribute", "criterion"),
    "header": ("key", "value"),
    "none": (),
}
SURE = 0.85
"""A column recognised with less than this is shown as doubtful."""

_LOOKED_AT = 12  # rows in which the heading may stand


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What a table is: its role, the row of its headings (-1: none), and the property of each column ("": not used).

    `confidence` of each column is between 0 and 1; a person's choice is 1.
    """

    role: str
    heading_row: int
    columns: tuple[str, ...]
    confidence: tuple[float, ...] = ()

    def column_of(self, name: str) -> int | None:
        """The first column with that property."""
        return self.columns.index(name) if name in self.columns else None


def plain_heading(text: str) -> str:
    """A heading without case, punctuation and line breaks: by this, mappings are recognised again."""
    return " ".join(re.sub(r"[^\w#%]+", " ", text.casefold().replace("_", " ")).split())


def recognise(table: SourceTable, kept: Mapping[str, Mapping[str, str]] | None = None) -> TableMapping:
    """What the table seems to be. `kept`: role -> plain heading -> property, as people said before; it comes first."""
    best = TableMapping("none", -1, ("",) * len(table.rows[0]), (0.0,) * len(table.rows[0]))
    best_score = 0.0
    for index in range(min(_LOOKED_AT, len(table.rows))):
        headings = table.rows[index]
        if sum(bool(cell) for cell in headings) < 2 or any(len(cell) > 80 for cell in headings):
            continue
        for role in ("steps", "parameters", "hold_times", "structure", "specification"):
            columns, confidence = _assign(headings, role, (kept or {}).get(role, {}))
            if role == "parameters":
                columns, confidence = _with_step(table, index, columns, confidence)
            if not set(REQUIRED[role]) <= set(columns) or not _makes_sense(role, columns):
                continue
            score = sum(confidence) - 0.3 * sum(not c for c in columns) + _bonus(role, columns) - 0.01 * index
            if score > best_score:
                best, best_score = TableMapping(role, index, columns, confidence), score
    if best.role != "none" and best_score >= 1.2:
        return _by_content(table, best)
    if len(table.rows[0]) == 2 and _is_header(table):
        return TableMapping("header", -1, ("key", "value"), (0.9, 0.9))
    return _without_headings(table)


def with_columns(table: SourceTable, role: str, columns: Mapping[int, str], heading_row: int) -> TableMapping:
    """The mapping that a person chose. A property that is not known, or that an earlier column has, means nothing."""
    chosen: list[str] = []
    for i in range(len(table.rows[0])):
        name = columns.get(i, "")
        chosen.append(name if name in PROPERTIES[role] and name not in chosen else "")
    return TableMapping(role, heading_row, tuple(chosen), (1.0,) * len(chosen))


def headings_of(table: SourceTable, mapping: TableMapping) -> tuple[str, ...]:
    """The columns' headings, or their letters where the table has none."""
    row = table.rows[mapping.heading_row] if 0 <= mapping.heading_row < len(table.rows) else ()
    return tuple((row[i].replace("\n", " ") if i < len(row) else "") or column_letter(i) for i in range(len(table.rows[0])))


def column_letter(index: int) -> str:
    """A, B, ..., Z, AA."""
    return (column_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _assign(headings: tuple[str, ...], role: str, kept: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Each heading's property, the surest first; no property twice."""
    one_limit = [limit_column(plain_heading(heading)) if "par_low" in HEADINGS[role] else "" for heading in headings]
    scores = sorted(
        (
            (_score(heading, name, said, kept, one_limit[i]), -order, -i, name)
            for i, heading in enumerate(headings)
            if heading
            for order, (name, (_, said)) in enumerate(HEADINGS[role].items())
        ),
        reverse=True,
    )
    columns, confidence = [""] * len(headings), [0.0] * len(headings)
    for score, _, place, name in scores:
        if score >= 0.6 and not columns[-place] and name not in columns:
            columns[-place], confidence[-place] = name, score
    return tuple(columns), tuple(confidence)


def _with_step(
    table: SourceTable, heading_row: int, columns: tuple[str, ...], confidence: tuple[float, ...]
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Of a table of parameters without a column for the step: the first that has such numbers."""
    for i, name in enumerate(columns) if "step_id" not in columns else ():
        if not name and _share(_IDS, [row[i] for row in table.rows[heading_row + 1 :] if row[i]]) >= 0.7:
            return (*columns[:i], "step_id", *columns[i + 1 :]), (*confidence[:i], 0.5, *confidence[i + 1 :])
    return columns, confidence


def _score(heading: str, name: str, synonyms: frozenset[str], kept: Mapping[str, str], one_limit: str) -> float:
    plain = plain_heading(heading)
    if plain in kept:
        return 1.2 if kept[plain] == name else 0.0
    if one_limit:
        return 1.0 if one_limit == name else 0.0
    if plain == name.replace("_", " "):
        return 1.1
    if plain in synonyms:
        return 1.0
    bare = re.sub(r"\s*[(\[].*?[)\]]", "", heading)  # "Limit (target)", "Volume [mL]"
    if bare != heading and plain_heading(bare) in synonyms:
        return 0.9
    words = set(plain.split())
    whole = [s for s in synonyms if len(s) > 3 and set(s.split()) <= words]
    if whole:
        return 0.65 + 0.15 * max(len(s.split()) for s in whole) / len(words)
    longer = [len(s) for s in synonyms if s.startswith(plain)]
    if longer and len(plain) >= 3 and " " not in plain:
        return 0.6 + 0.05 * len(plain) / min(longer)  # an abbreviation: Lim., Instr.
    near = difflib.get_close_matches(plain, [s for s in synonyms if len(s) > 4], 1, 0.85)
    return 0.7 if near else 0.0


def _makes_sense(role: str, columns: tuple[str, ...]) -> bool:
    """A table of steps has titles, or a column that may be their titles."""
    titled = bool({"title", "instruction", "operation"} & set(columns)) or {"step_id", "name"} <= set(columns)
    return role != "steps" or titled or ("step_id" in columns and "" in columns)


def _bonus(role: str, columns: tuple[str, ...]) -> float:
    """What only that role has."""
    telling = {
        "steps": {"title", "instruction", "unit_procedure", "performed_by", "verification", "flow"},
        "parameters": {"param", "name", "type"},
        "hold_times": {"from_event", "to_event"},
        "structure": {"of", "kind"},
        "specification": {"attribute", "criterion", "method"},
    }[role]
    return 0.4 * len(telling & set(columns))


_IDS = re.compile(r"(?:step\s*)?[A-Za-z]{0,4}[-. ]?\d{1,4}(?:[._-]\d{1,3})*[a-z]?\.?", re.IGNORECASE)
_TOLERANCE = re.compile(r"(?:±|\+\s?/\s?[-−–]|\+-).*")
_LIMITS = re.compile(r"[±≤≥<>]|\d\s*(?:-|–|to|bis)\s*\d|\b(?:NMT|NLT|max|min)\b", re.IGNORECASE)


def _by_content(table: SourceTable, mapping: TableMapping) -> TableMapping:
    """Columns of a table of steps that no heading explains, explained by what stands in them."""
    columns, confidence = list(mapping.columns), list(mapping.confidence)
    _class_column(table, mapping.heading_row, columns, confidence)
    _tolerance_column(table, mapping.heading_row, columns, confidence)
    if mapping.role != "steps":
        return replace(mapping, columns=tuple(columns), confidence=tuple(confidence))
    _number_column(table, mapping.heading_row, columns, confidence)
    headings = headings_of(table, mapping)
    for i, name in enumerate(columns):
        cells = [row[i] for row in table.rows[mapping.heading_row + 1 :] if row[i]]
        if name == "name" and not any(cell for cell in cells if not is_unwanted(cell)):
            checked = "verified_by" not in columns and "check" in plain_heading(headings[i])
            columns[i], confidence[i] = ("verified_by", 0.6) if checked else ("", 0.0)  # nothing is named there: a place to sign
            continue
        if not cells:
            continue
        if name == "operation" and not {"title", "instruction"} & set(columns) and len(set(cells)) > 0.6 * len(cells):
            columns[i], confidence[i] = "title", 0.6  # what is done, each time something else
        if name:
            continue
        guess = _guess(cells)
        if guess and guess not in columns and not (guess == "limit" and {"nor", "par", "nor_low", "par_low"} & set(columns)):
            columns[i], confidence[i] = guess, 0.5
    free = [i for i, name in enumerate(columns) if not name]
    if free and not {"title", "instruction", "name"} & set(columns):
        lengths = {i: sum(len(row[i]) for row in table.rows[mapping.heading_row + 1 :]) for i in free}
        longest = max(free, key=lengths.__getitem__)
        if lengths[longest]:
            columns[longest], confidence[longest] = "title", 0.5
    return replace(mapping, columns=tuple(columns), confidence=tuple(confidence))


def _class_column(table: SourceTable, heading_row: int, columns: list[str], confidence: list[float]) -> None:
    """A column of CPP, IPC, ... is the class, also where its heading (Type, Crit.) may mean something else."""
    for i, name in enumerate(columns) if "class" not in columns else ():
        cells = [row[i] for row in table.rows[heading_row + 1 :] if row[i]]
        if name in ("", "type", "kind", "limit") and cells and sum(map(is_class, cells)) >= 0.7 * len(cells):
            columns[i], confidence[i] = "class", 0.6 if name else 0.5
            return


def _tolerance_column(table: SourceTable, heading_row: int, columns: list[str], confidence: list[float]) -> None:
    """`Soll | Toleranz`: where one column says ± how much, the other says of what."""
    for i, name in enumerate(columns):
        if name in ("", "limit") and _share(_TOLERANCE, [row[i] for row in table.rows[heading_row + 1 :] if row[i]]) >= 0.7:
            if name == "" and "limit" in columns and "target" not in columns:
                columns[columns.index("limit")] = "target"
            if "limit" not in columns or name == "limit":
                columns[i], confidence[i] = "limit", 0.6
            return


def _number_column(table: SourceTable, heading_row: int, columns: list[str], confidence: list[float]) -> None:
    """`Step | No.`: of the two, the one with numbers is the number, and the other, where none is yet, the title."""
    numbered = [_share(_IDS, [row[i] for row in table.rows[heading_row + 1 :] if row[i]]) for i in range(len(columns))]
    said = columns.index("step_id") if "step_id" in columns else None
    if said is None or numbered[said] > 0.3:
        return
    better = [i for i, name in enumerate(columns) if name in ("", "title") and numbered[i] >= 0.7]
    if better:
        other = "title" if columns[better[0]] == "title" or not {"title", "instruction"} & set(columns) else ""
        columns[said], confidence[said] = other, 0.6
        columns[better[0]], confidence[better[0]] = "step_id", 0.6


def _share(pattern: re.Pattern[str], cells: list[str]) -> float:
    return sum(bool(pattern.fullmatch(cell)) for cell in cells) / len(cells) if cells else 0.0


def _guess(cells: list[str]) -> str:
    share = {
        "step_id": _share(_IDS, cells),
        "limit": sum(all(_LIMITS.search(x) and len(x) < 60 for x in cell.split("\n")) for cell in cells) / len(cells),
    }
    return next((name for name, part in share.items() if part >= 0.7), "")


def _without_headings(table: SourceTable) -> TableMapping:
    """A table whose headings say nothing: steps, if its content looks like that; all columns are doubtful."""
    width = len(table.rows[0])
    by_column = [[row[i] for row in table.rows if row[i]] for i in range(width)]
    columns = [""] * width
    lengths = [sum(map(len, cells)) / max(len(cells), 1) for cells in by_column]
    for i, cells in enumerate(by_column):
        guess = _guess(cells) if cells else ""
        if guess and guess not in columns:
            columns[i] = guess
    free = [i for i in range(width) if not columns[i]]
    if free and ("step_id" in columns or "limit" in columns) and len(table.rows) > 2:
        columns[max(free, key=lambda i: lengths[i])] = "title" if max(lengths[i] for i in free) < 80 else "instruction"
        heading = 0 if _looks_like_heading(table) else -1
        return TableMapping("steps", heading, tuple(columns), tuple(0.4 if c else 0.0 for c in columns))
    return TableMapping("none", 0 if _looks_like_heading(table) else -1, ("",) * width, (0.0,) * width)


def _looks_like_heading(table: SourceTable) -> bool:
    first = [cell for cell in table.rows[0] if cell]
    return len(first) >= 2 and not any(any(c.isdigit() for c in cell) for cell in first)


_HEADER_KEYS = re.compile(
    r"(?:product|produkt|title|titel|recipe|rezept|document|dokument|mbr|mr|master (?:batch )?record|revision|rev|version|"
    r"id|number|nummer|"
    r"batch size|process)\b",
    re.IGNORECASE,
)


def _is_header(table: SourceTable) -> bool:
    return any(_HEADER_KEYS.match(row[0]) and row[1] for row in table.rows) and len(table.rows) <= 30


def as_role(table: SourceTable, role: str, heading_row: int, kept: Mapping[str, str]) -> TableMapping:
    """What the columns mean when a person says what the table is, and where its headings stand."""
    width = len(table.rows[0])
    if role == "none":
        return TableMapping(role, heading_row, ("",) * width, (0.0,) * width)
    if role == "header" and width >= 2:
        return TableMapping(role, heading_row, ("key", "value", *[""] * (width - 2)), (1.0,) * width)
    headings = table.rows[heading_row] if 0 <= heading_row < len(table.rows) else ("",) * width
    columns, confidence = _assign(headings, role, kept)
    return _by_content(table, TableMapping(role, heading_row, columns, confidence))
