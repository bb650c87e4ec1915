"""The values that a row of a foreign table asks for, as rows of our table of parameters: limits read, units mapped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bpmn.importers.answers import read_answer
from bpmn.importers.cell_words import class_of, is_not_applicable, word_of
from bpmn.importers.limit_phrases import LimitPhrase, LimitPhraseError, read_limits
from bpmn.importers.limit_words import read_number
from bpmn.importers.proposed_tables import Cell, ProposedTables, identifier
from bpmn.importers.result_blanks import blanks_of, limits_said
from bpmn.importers.unit_words import read_unit, split_power
from bpmn.vocabulary import LIMIT_NAMES

_LIMITS = ("nor_low", "nor_high", "par_low", "par_high")
_PHRASES = ("limit", "nor", "par")
_SAYS_WHAT = ("limit", "nor", "par", *_LIMITS, "type", "unit", "choices", "formula")
"""Columns beside which a blank is no more than the place of one value."""
_BLANKS = re.compile(r"[_….·]{2,}|\.{3,}")
_LABELLED = re.compile(r"\s*([^\W\d_][^:=<>≤≥±]{1,39}?)\s*(?::|=(?!=))\s*(.+)")
_BOXED = re.compile(r"[☐☑☒□]|\[\s?\]")


class ValueReader:
    """Reads rows; ids of parameters are unique in their step."""

    def __init__(self, proposed: ProposedTables, decimal_mark: str, known: Mapping[tuple[str, str], str] | None = None) -> None:
        self._proposed = proposed
        self._mark = decimal_mark
        self._known = known or {}
        self._taken: dict[str, set[str]] = {}
        self.ids: dict[str, dict[str, str]] = {}

    def is_blank_to_fill(self, result: str) -> bool:
        """Whether a cell for the result says what is to be filled in: `______ mL`, boxes, a date."""
        return bool(_BLANKS.search(result) or _BOXED.search(result))

    def read(self, step: str, title: str, table: int, row: int, cells: Mapping[str, str], places: Mapping[str, int]) -> None:
        """Add the parameters of one row."""
        reader = _RowReader(self._proposed, self._mark, table, row, cells, places)
        for name, phrase, source in reader.values(title):
            if phrase.type is None:
                continue  # a signature, no value
            asked = cells.get("param", "")
            taken = self._taken.setdefault(step, set())
            wanted = self._known.get((step, name.casefold()), "") or (
                asked if re.fullmatch(r"[A-Za-z]\w*", asked, re.ASCII) else ""
            )
            param = (
                wanted if wanted and wanted not in taken and wanted not in ("start", "end") else identifier(asked or name, taken)
            )
            taken.add(param)
            self.ids.setdefault(step, {}).update({param.casefold(): param, name.casefold(): param})
            self._proposed.add("parameters.csv", table, row, reader.parameter(step, param, name, phrase))
            if split_power(cells.get("unit", ""))[0]:
                self._proposed.scaled.add(f"{step}.{param}")
            self._proposed.origins[f"{step}.{param}"] = (self._proposed.origin(source, self._text(source)),)

    def _text(self, cell: Cell) -> str:
        return self._proposed.tables[cell.table].rows[cell.row][cell.column] if cell.column >= 0 else ""


class _RowReader:
    """One row."""

    def __init__(
        self, proposed: ProposedTables, mark: str, table: int, row: int, cells: Mapping[str, str], places: Mapping[str, int]
    ) -> None:
        self._proposed, self._mark = proposed, mark
        self._table, self._row, self._cells, self._places = table, row, cells, places

    def values(self, title: str) -> list[tuple[str, LimitPhrase, Cell]]:
        """Name, limits and source cell of each value that the row asks for."""
        name = "" if is_not_applicable(self._cells.get("name", "")) else " ".join(self._cells.get("name", "").split())
        lines = [self._of_target(line.strip()) for line in self._cells.get("limit", "").split("\n") if line.strip()]
        names = [line.strip() for line in self._cells.get("name", "").split("\n") if line.strip()]
        source = self._cell(
            "limit" if lines else "par" if self._cells.get("par") else "nor" if self._cells.get("nor") else "name"
        )
        if len(lines) > 1 and len(names) in (0, 1, len(lines)):
            found = [self._line(line, names[i] if len(names) == len(lines) else "") for i, line in enumerate(lines)]
            if all(phrase is not None for _, phrase in found):
                return [(label or f"{name or title} {i}", phrase, source) for i, (label, phrase) in enumerate(found, 1) if phrase]
        if not any(self._cells.get(column) for column in _SAYS_WHAT):
            blanks = [blank for blank in blanks_of(self._cells.get("result", "")) if not _BOXED.search(blank.label)]
            if len(blanks) > 1 or any(blank.label for blank in blanks):
                source = self._cell("result")
                return [(b.label or f"{name or title} {i}", self._said(b.phrase), source) for i, b in enumerate(blanks, 1)]
        label, phrase = self._whole(" ".join(lines))
        return [(name or label or title, phrase, source)]

    def _said(self, phrase: LimitPhrase) -> LimitPhrase:
        """What is filled in, with the limit of it that the instruction says, where it says one only."""
        found = limits_said(self._cells.get("instruction", "") or self._cells.get("title", ""), phrase.uom) if phrase.uom else []
        column = "instruction" if self._cells.get("instruction") else "title"
        if len(found) > 1:
            self._doubt(column, f"{' and '.join(words for words, _ in found)} are several limits in {phrase.uom}; none is taken")
        if len(found) != 1:
            return phrase
        self._doubt(column, f"{found[0][0]} is taken as the limit")
        return found[0][1]

    def _of_target(self, line: str) -> str:
        """A tolerance without the number that it is one of: `± 0.5` beside a target of 25.0."""
        target = self._cells.get("target", "").strip()
        return f"{target} {line}" if re.match(r"±|\+\s?/\s?[-−–]|\+-", line) and re.match(r"\d", target) else line

    def parameter(self, step: str, param: str, name: str, phrase: LimitPhrase) -> dict[str, str]:
        """The cells of our table of parameters."""
        kind, formula = self._type(phrase), self._cells.get("formula", "")
        if kind in ("num", "int", "calc", "date_time") and phrase.type not in ("num", "int") and phrase.bounded:
            said = self._cells.get("limit") or self._cells.get("par") or self._cells.get("nor", "")
            self._proposed.leave_out(self._cell("limit"), said, f"it is no limit of a number, which {name} is")
            phrase = LimitPhrase(phrase.type)
        uom = self._unit(phrase, kind, name)
        cells = {
            "step_id": step,
            "param": param,
            "name": name,
            "type": kind,
            "unit": uom,
            "target": phrase.target,
            "formula": formula,
            "nor_low": phrase.nor_low,
            "nor_high": phrase.nor_high,
            "par_low": phrase.par_low,
            "par_high": phrase.par_high,
            "exclusive": " ".join(phrase.exclusive),
            "qualifier": "yes" if phrase.qualifier and kind == "num" and not formula else "",
            "choices": self._cells.get("choices", "").replace("\n", ";") or "; ".join(phrase.choices),
            "why": " ".join(self._cells.get("why", "").split()),
            "when": self._cells.get("when", ""),
        }
        self._explicit(cells)
        cells["class"], doubt = class_of(self._cells.get("class", ""))
        if doubt:
            self._doubt("class", doubt)
        for column in ("source", "severity", "limit_action"):
            cells[column] = self._word(column)
        if cells["type"] in ("bool", "choice", "text", "date_time"):
            cells["unit"] = cells["exclusive"] = ""
            self._one_expected(cells, name)
        return cells

    # ------------------------------------------------------------------ limits

    def _line(self, line: str, name: str) -> tuple[str, LimitPhrase | None]:
        """One line of several: `Temperature: 36.5 to 37.5 °C`."""
        match = _LABELLED.fullmatch(line)
        label, text = (match[1].strip(), match[2]) if match and not name else (name, line)
        try:
            phrase = read_limits(text, self._cells.get("unit", ""), self._mark)
        except LimitPhraseError:
            return label, None
        if phrase.doubt:
            self._doubt("limit", f"{line}: {phrase.doubt}")
        return label, phrase

    def _whole(self, text: str) -> tuple[str, LimitPhrase]:
        """The row's one value: its phrase of limits, with what the columns NOR, PAR and result add."""
        label, phrase = "", self._result()
        if text:
            match = _LABELLED.fullmatch(text)
            label = (
                match[1].strip()
                if match and not re.fullmatch(r"nor|par|target|limit|spec\w*|ziel|soll\w*", match[1], re.IGNORECASE)
                else ""
            )
            phrase = self._read("limit", match[2] if match and label else text) or phrase
        for level in ("nor", "par"):
            said = self._cells.get(level, "")
            found = self._read(level, said) if said else None
            if found is not None:
                phrase = _with_level(phrase, level, found)
        return label, phrase

    def _read(self, column: str, text: str) -> LimitPhrase | None:
        try:
            phrase = read_limits(text, self._cells.get("unit", ""), self._mark)
        except LimitPhraseError as error:
            self._proposed.leave_out(self._cell(column), text, f"this limit is not understood ({error.message})")
            return None
        if phrase.doubt and not (phrase.type == "text" and self._cells.get("type")):
            self._doubt(column, phrase.doubt)
        return phrase

    def _result(self) -> LimitPhrase:
        """What the cell for the result says of the value: boxes to tick, or the unit after the blank."""
        result = self._cells.get("result", "")
        if _BOXED.search(result) and (answer := read_answer(result)) and answer.type:
            return LimitPhrase(answer.type, par_low=answer.expected, par_high=answer.expected, choices=answer.choices)
        answer = read_answer(result.strip()) if result.strip() else None
        if answer and answer.type == "date_time":
            return LimitPhrase("date_time")
        rest = _BLANKS.sub(" ", result).strip(" _:")
        found = read_unit(rest) if _BLANKS.search(result) and rest else None
        if found is not None and found.code:
            asked = LimitPhrase("num", found.code)
            return asked if any(self._cells.get(column) for column in _SAYS_WHAT) else self._said(asked)
        return LimitPhrase("text")

    def _explicit(self, cells: dict[str, str]) -> None:
        """Limits in columns of their own; a number gets our decimal point, anything else is an expression."""
        for name in (*_LIMITS, "target"):
            text = self._cells.get(name, "").strip()
            if text in ("", "-", "–", "—", "n/a", "N/A"):
                continue
            number, uom, doubt = read_number(text, self._mark)
            power, _ = split_power(self._cells.get("unit", ""))
            cells[name] = (f"{number}e{power}" if power and "e" not in number else number) if number else text
            cells["unit"] = cells["unit"] or uom
            if doubt:
                self._doubt(name, doubt)

    def _one_expected(self, cells: dict[str, str], name: str) -> None:
        """Of an answer, a limit is the one that is expected."""
        said = list(dict.fromkeys(cells[limit] for limit in _LIMITS if cells[limit]))
        if cells["type"] == "bool":
            words = {"yes": "true", "ja": "true", "y": "true", "no": "false", "nein": "false", "n": "false"}
            said = list(dict.fromkeys(words.get(text.casefold(), text.casefold()) for text in said))
        if len(said) == 1 and cells["type"] != "date_time":
            for limit in _LIMITS:
                cells[limit] = said[0] if cells[limit] or limit.startswith("par") else ""
        elif said and cells["type"] != "date_time":
            self._doubt("limit", f"{name}: {' and '.join(said)} are several expected answers; none is kept")
            cells.update(dict.fromkeys(_LIMITS, ""))

    # ------------------------------------------------------------------ words

    def _type(self, phrase: LimitPhrase) -> str:
        said = self._cells.get("type", "")
        known = word_of("type", said) if said else None
        if known:
            return known
        if said:
            self._doubt("type", f"{said!r} is no type of value")
        numbers = [self._cells.get(name, "") for name in (*_LIMITS, "target")]
        if self._cells.get("formula") or any(re.match(r"[-+−]?\d", text.strip()) for text in numbers):
            return "num"
        if self._cells.get("choices"):
            return "choice"
        if phrase.type == "text" and read_unit(self._cells.get("unit", "")).code:
            return "num"
        if phrase.type == "text" and not phrase.bounded and not any(self._cells.get(name) for name in _PHRASES):
            self._doubt("name" if "name" in self._places else "limit", "nothing says what kind of value it is: a text")
        return phrase.type or "text"

    def _unit(self, phrase: LimitPhrase, kind: str, name: str) -> str:
        found = read_unit(split_power(self._cells.get("unit", ""))[1])
        if found.doubt:
            self._doubt("unit", found.doubt)
        uom = phrase.uom or found.code
        if not uom and kind == "num" and re.search(r"\bpH\b", name):
            return "pH"
        if not uom and kind in ("num", "int", "calc") and not self._has_unit():
            self._doubt("unit" if "unit" in self._places else "limit", "no unit of measure: a plain number")
            return "1"
        return uom

    def _has_unit(self) -> bool:
        return any(re.search(r"\d\s*[^\d\s.,eE]", self._cells.get(name, "")) for name in _LIMITS)

    def _word(self, column: str) -> str:
        said = self._cells.get(column, "")
        known = word_of(column, said) if said else ""
        if known is None:
            self._proposed.leave_out(self._cell(column), said, f"it is no {column.replace('_', ' ')} of a value")
        return known or ""

    def _doubt(self, column: str, message: str) -> None:
        self._proposed.doubt(self._cell(column), message)

    def _cell(self, column: str) -> Cell:
        return Cell(self._table, self._row, self._places.get(column, -1))


def _with_level(phrase: LimitPhrase, level: str, found: LimitPhrase) -> LimitPhrase:
    """The phrase with one level of limits from a column of its own."""
    low, high = found.par_low or found.nor_low, found.par_high or found.nor_high
    sides = {name[4:] for name in found.exclusive}
    exclusive = tuple(name for name in LIMIT_NAMES if (name[4:] in sides if name.startswith(level) else name in phrase.exclusive))
    whole = replace(
        phrase, type=found.type or phrase.type, uom=found.uom or phrase.uom, target=phrase.target or found.target,
        exclusive=exclusive, choices=found.choices or phrase.choices,
    )  # fmt: skip
    return replace(whole, nor_low=low, nor_high=high) if level == "nor" else replace(whole, par_low=low, par_high=high)
