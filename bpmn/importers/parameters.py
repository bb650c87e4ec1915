"""The table of parameters: what each step asks for, with two-level limits, formula and why, digit for digit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bpmn import vocabulary as v
from bpmn.importers.blocks import Loop
from bpmn.importers.header import Header
from bpmn.importers.names import IDENTIFIER, MOMENTS, Names, checked
from bpmn.importers.steps import StepRow
from bpmn.importers.tables import Layout, Problems, Row
from bpmn.units import UnknownUnitError, unit

LAYOUT = Layout(
    "parameters.csv",
    ("step_id", "param", "name", "type"),
    (
        "unit", "target", "nor_low", "nor_high", "par_low", "par_high", "limit_action", "class", "source", "formula",
        "why", "severity", "choices", "when", "exclusive", "qualifier",
    ),
)  # fmt: skip
_LIMITS = ("nor_low", "nor_high", "par_low", "par_high")
_COUNT_OF = re.compile(r"\bcount of (\d+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter as its row says it."""

    step: str
    parameter: v.Parameter
    row: Row


def read_parameters(rows: list[Row], steps: Mapping[str, StepRow], header: Header, problems: Problems) -> list[ParameterRow]:
    """The parameters in the order of the table; names in formulas and limits are judged later, by `check_formulas`."""
    found: dict[tuple[str, str], ParameterRow] = {}
    for row in rows:
        key = (row["step_id"], row["param"])
        if row["step_id"] not in steps:
            problems.add(row, "step_id", f"there is no step {row['step_id']}", "write a step of steps.csv")
        elif not IDENTIFIER.fullmatch(row["param"]) or row["param"] in MOMENTS:
            problems.add(row, "param", f"{row['param']!r} can't be a name", "use ASCII letters, digits and _; not start or end")
        elif key in found:
            problems.add(row, "param", f"{'.'.join(key)} is already row {found[key].row.number}", "give it another name")
        else:
            found[key] = ParameterRow(key[0], _read(row, steps[key[0]].step, header, problems), row)
    return list(found.values())


def _read(row: Row, step: v.Step, header: Header, problems: Problems) -> v.Parameter:
    said = header.parameters.get(f"{row['step_id']}.{row['param']}", {})
    calculated = row["type"] == "calc"
    source = row["source"] or ("calc" if calculated or row["formula"] else "manual")
    name = said.get("name", row["name"])
    limited = any(row[column] for column in _LIMITS)
    parameter = v.Parameter(
        id=row["param"],
        name=name,
        type=_one_of(row, "type", "num" if calculated else row["type"], v.PARAMETER_TYPES, problems),
        uom=said.get("uom", row["unit"]),
        target=row["target"],
        nor_low=row["nor_low"],
        nor_high=row["nor_high"],
        par_low=row["par_low"],
        par_high=row["par_high"],
        limit_action=_one_of(row, "limit_action", row["limit_action"] or ("block" if limited else "none"),
                             v.LIMIT_ACTIONS, problems),
        parameter_class=row["class"],
        source=_one_of(row, "source", source, v.SOURCES, problems),
        formula=row["formula"],
        why=said.get("why", row["why"]),
        judge="balance" if "balance" in name.lower() and limited else "limit",
        when=said.get("when", row["when"]),
        reporting=said.get("reporting", ""),
        exclusive=_exclusive(row, problems),
        qualifier=row["qualifier"] == "yes",
        choices=tuple(v.Choice(c.strip()) for c in row["choices"].split(";") if c.strip()),
    )  # fmt: skip
    asked = _one_of(row, "severity", said.get("severity", row["severity"]) or "major", v.SEVERITIES, problems)
    severity = asked if said.get("severity") or row["severity"] else severity_outside(parameter, step.deviations)
    _check(parameter, row, problems)
    return replace(parameter, severity=severity)


def _exclusive(row: Row, problems: Problems) -> tuple[v.LimitName, ...]:
    """The limits that must not be reached: `nor_high par_high`."""
    said = row["exclusive"].split()
    for name in said:
        if name not in _LIMITS or not row[name]:
            problems.add(row, "exclusive", f"{name} is no limit of this row", f"write some of {', '.join(_LIMITS)}")
    return tuple(name for name in v.LIMIT_NAMES if name in said)


def _one_of(row: Row, column: str, said: str, allowed: tuple[Any, ...], problems: Problems) -> Any:
    if said not in allowed:
        also = ", calc" if column == "type" else ""
        problems.add(row, column, f"{said!r} is not known", f"write one of {', '.join(allowed)}{also}")
        return allowed[0]
    return said


def check_unit(parameter: v.Parameter, row: Row, problems: Problems) -> None:
    """A number has a unit of measure of our list; a count or a ratio has the unit 1."""
    if parameter.type not in ("num", "int"):
        return
    try:
        unit(parameter.uom)
    except UnknownUnitError as error:
        near = f"write {' or '.join(error.near)}" if error.near else 'write a unit such as mL, or "1" for a plain number'
        problems.add(row, "unit", f"{parameter.uom!r} is no unit of measure", near)


def _check(parameter: v.Parameter, row: Row, problems: Problems) -> None:
    check_unit(parameter, row, problems)
    if parameter.source == "calc" and not parameter.formula:
        problems.add(row, "formula", "a calculated parameter has no formula", "write its formula")
    if parameter.source != "calc" and parameter.formula:
        problems.add(row, "source", f"it has a formula but its source is {parameter.source}", "write calc, or clear the formula")
    limits = [getattr(parameter, column) for column in _LIMITS]
    if parameter.type in ("bool", "choice", "text"):
        for low, high in (limits[:2], limits[2:]):
            if low != high:
                message = f"{low or 'nothing'} to {high or 'nothing'} is no single expected value"
                problems.add(row, "nor_low", message, f"a {parameter.type} has the same low and high limit")
        if parameter.type == "bool" and not set(limits) <= {"", "true", "false"}:
            problems.add(row, "nor_low", "a bool is true or false", "write true or false")


def severity_outside(parameter: v.Parameter, deviations: tuple[v.Deviation, ...]) -> v.Severity:
    """How grave a value outside PAR is: major, or critical where the step's most alike deviation says so.

    Alike means words in common, as a share of the deviation's words. An identity (class ID) that is like none of them
    gets the gravest of the step.
    """
    if not any(getattr(parameter, limit) for limit in _LIMITS):
        return "major"  # nothing judges it
    words = _words(parameter.name) | _words(parameter.id)
    alike: dict[v.Deviation, float] = {}
    for deviation in deviations:
        phrase = _words(deviation.text)
        common = sum(any(_same(word, other) for other in words) for word in phrase)
        if common:
            alike[deviation] = common / len(phrase)
    best = max(alike.values(), default=0)
    candidates = [d for d in deviations if alike.get(d) == best] if alike else []
    if not candidates and parameter.parameter_class == "ID":
        candidates = list(deviations)
    return "critical" if any(d.severity == "critical" for d in candidates) else "major"


_EMPTY_WORDS = {
    "of",
    "or",
    "and",
    "the",
    "to",
    "in",
    "out",
    "if",
    "not",
    "too",
    "with",
    "for",
    "min",
    "max",
    "per",
    "pct",
}


def _words(text: str) -> set[str]:
    """The words that say something, without what stands in brackets (`stop`, `if COI`)."""
    plain = re.sub(r"\([^)]*\)", " ", text.lower())
    return {word for word in re.findall(r"[a-z]+[0-9]*", plain) if len(word) > 2 and word not in _EMPTY_WORDS}


def _same(one: str, other: str) -> bool:
    """Equal but for their endings: identifier, identifiers; matching, mismatch are not."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and (len(longer) - len(shorter) <= 3 and len(shorter) >= 3)


def check_formulas(
    found: list[ParameterRow], names: Names, loop_of: Mapping[str, Loop], problems: Problems
) -> list[ParameterRow]:
    """Formulas and limits with every name known; `loop_of` gives the loop that a step is in, for `previous.`."""
    return [_checked(one, names, loop_of.get(one.step), problems) for one in found]


def _checked(one: ParameterRow, names: Names, loop: Loop | None, problems: Problems) -> ParameterRow:
    columns = ["when", "formula"] if one.parameter.source == "calc" else ["when"]
    if one.parameter.type in ("num", "int"):
        columns += [*_LIMITS, "target"]
    local = Names(names.parameters, frozenset({loop.counter}) if loop else frozenset())
    fresh: dict[str, Any] = {}
    for column in columns:
        text, cell = getattr(one.parameter, column), _cell(one, column)
        if text:
            fresh[column] = checked(text, one.step, local, one.row, cell, problems)
            if "previous." in text and (loop is None or not loop.previous):
                message = f"{one.step} has nothing previous at first, for {text!r}"
                problems.add(one.row, cell, message, "put it into a loop that says what previous is at first")
    return replace(one, parameter=replace(one.parameter, **fresh))


def _cell(one: ParameterRow, column: str) -> str:
    """The column of the table that says it; in a release specification it has another name."""
    if column in one.row.cells or column == "when":
        return column
    return "method" if column == "formula" else "criterion"


def identity_count(parameters: tuple[v.Parameter, ...]) -> int:
    """How many identifiers a step scans: what a scanned parameter says it counts (`count of 3`), else one."""
    counts = [_COUNT_OF.search(p.name) for p in parameters if p.source == "scan"]
    return max((int(count[1]) for count in counts if count), default=1)
