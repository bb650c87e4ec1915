"""The release specification: its attributes become parameters of the step at which results are entered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bpmn import vocabulary as v
from bpmn.importers.header import Header
from bpmn.importers.names import IDENTIFIER
from bpmn.importers.parameters import ParameterRow, check_unit
from bpmn.importers.tables import Layout, Problems, Row

LAYOUT = Layout("release_specification.csv", ("attribute", "criterion"), ("method", "unit", "class", "name", "why"))

_COMPARISON = re.compile(r"(>=|<=|≥|≤|=|>|<|NLT|NMT)\s*(.+)", re.IGNORECASE)
_LOW = {">=", "≥", "NLT", ">"}
_HIGH = {"<=", "≤", "NMT", "<"}
_EXCLUSIVE: dict[str, v.LimitName] = {">": "par_low", "<": "par_high"}
_OPPOSITES = {
    "positive": "negative",
    "present": "absent",
    "detected": "not detected",
    "pass": "fail",
    "passes": "fails",
    "conforms": "does not conform",
    "complies": "does not comply",
    "yes": "no",
}


def read_specification(rows: list[Row], step: str, header: Header, problems: Problems) -> list[ParameterRow]:
    """The attributes as parameters of that step, judged as a specification (OOS), not as a process limit."""
    found: dict[str, ParameterRow] = {}
    for row in rows:
        attribute = row["attribute"]
        if not IDENTIFIER.fullmatch(attribute):
            problems.add(row, "attribute", f"{attribute!r} can't be a name", "use ASCII letters, digits and _")
        elif attribute in found:
            problems.add(row, "attribute", f"{attribute} is already row {found[attribute].row.number}", "keep one")
        else:
            said = header.parameters.get(f"{step}.{attribute}", {})
            found[attribute] = ParameterRow(step, _read(row, said, problems), row)
            check_unit(found[attribute].parameter, row, problems)
    return list(found.values())


def _read(row: Row, said: Mapping[str, Any], problems: Problems) -> v.Parameter:
    kind, low, high, exclusive, choices = _criterion(row, problems)
    formula = row["method"][5:].strip() if row["method"].startswith("calc:") else ""
    if formula and kind != "num":
        problems.add(row, "criterion", "a calculated attribute needs a numeric criterion", "write like >=70 and <=80")
    plain = row["unit"] in ("text", "bool")
    return v.Parameter(
        id=row["attribute"],
        name=said.get("name") or row["name"] or _title(row["attribute"], "" if formula else row["method"]),
        type=kind,
        uom=said.get("uom", "" if plain else row["unit"]),
        par_low=low,
        par_high=high,
        limit_action="block",
        parameter_class=row["class"],
        source="calc" if formula else "manual",
        formula=formula,
        why=said.get("why") or row["why"] or "release specification",
        severity=said.get("severity", "major"),
        judge="specification",
        qualifier=kind == "num" and not formula,
        exclusive=exclusive,
        choices=choices,
    )


def _title(attribute: str, method: str) -> str:
    name = attribute.replace("_", " ")
    name = name.upper() if len(name) <= 3 else name[0].upper() + name[1:]
    return f"{name} ({method})" if method else name


Criterion = tuple[v.ParameterType, str, str, tuple[v.LimitName, ...], tuple[v.Choice, ...]]


def _criterion(row: Row, problems: Problems) -> Criterion:
    """Type, bounds, exclusive ones and choices that a criterion means: `>=15 and <70`, `NMT 5.0`, `not detected`."""
    text = row["criterion"]
    if not _COMPARISON.match(text):
        return _expected(row, text, problems)
    low = high = ""
    exclusive: list[v.LimitName] = []
    for part in re.split(r"\s+and\s+|,", text):
        match = _COMPARISON.fullmatch(part.strip())
        symbol = match[1].upper() if match else ""
        bound = re.sub(r"(?<=[\d)])\s*[x×]\s+(?=[A-Za-z(])", " * ", match[2].strip()) if match else ""
        if symbol in _LOW and not low:
            low = bound
            exclusive += [_EXCLUSIVE[symbol]] if symbol in _EXCLUSIVE else []
        elif symbol in _HIGH and not high:
            high = bound
            exclusive += [_EXCLUSIVE[symbol]] if symbol in _EXCLUSIVE else []
        elif symbol == "=" and not low and not high:
            low = high = bound
        else:
            message = f"{part.strip()!r} is not understood"
            problems.add(row, "criterion", message, "write like >=70 or >=15 and <70, or the expected text")
    return "num", low, high, tuple(exclusive), ()


def _expected(row: Row, text: str, problems: Problems) -> Criterion:
    if row["unit"] not in ("text", "bool", ""):
        problems.add(row, "criterion", f"{text!r} is no bound, but the unit is {row['unit']}", "write like >=70, or unit text")
    if row["unit"] != "bool":
        return "text", text, text, (), ()
    if text in ("true", "false"):
        return "bool", text, text, (), ()
    opposites = {**_OPPOSITES, **{no: yes for yes, no in _OPPOSITES.items()}}
    if text not in opposites:
        problems.add(row, "criterion", f"the opposite of {text!r} is not known", "write positive, pass ..., or unit text")
    return "choice", text, text, (), (v.Choice(text), v.Choice(opposites.get(text, "")))
