"""What no table says: the recipe's number and revision, its order, who signs what: the file `recipe.json`, optional.

id, revision, title, product, late_entry_minutes
specification_step   the step at which the release specification is entered (default: the only step with QC results)
order                {field: {label, type, uom, identifier}}; fields that expressions use need not be named
verification         {code: {roles, meanings}} for the codes P, W, V, Q
steps                {step: {kind, decision_roles, verification, omit}}; `omit`: not to be scanned there ("a; b")
parameters           {step.parameter: {name, uom, severity, why, when, reporting}}
hold_times           {hold: {links}}
loops                {loop: {label, due}}; `due` is the instant an iteration becomes due, an expression
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from bpmn import vocabulary as v
from bpmn.importers.tables import Problems

FILE = "recipe.json"

_NESTED = {
    "order": {"label", "type", "uom", "identifier"},
    "verification": {"roles", "meanings"},
    "steps": {"kind", "decision_roles", "verification", "omit"},
    "parameters": {"name", "uom", "severity", "why", "when", "reporting"},
    "hold_times": {"links"},
    "loops": {"label", "due"},
}

# Who signs a code where the header says nothing, by kind of step; "" is any kind.
_SLOTS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("P", ""): (("MFG_OP",), ("performed_by",)),
    ("W", ""): (("MFG_WIT",), ("witnessed_by",)),
    ("V", ""): (("MFG_VER",), ("verified_by",)),
    ("Q", ""): (("QA_FLR",), ("approved_by_qa",)),
    ("V", "production_review"): (("MFG_SUP",), ("reviewed_by_production",)),
    ("P", "qc_results"): (("QC_ANL",), ("tested_by",)),
    ("V", "qc_results"): (("QC_REV",), ("reviewed_by_qc",)),
    ("Q", "qa_review"): (("QA_DISP",), ("reviewed_by_qa",)),
    ("Q", "disposition"): (("QA_DISP", "QP"), ("released_by", "certified_by_qp", "rejected_by")),
}
_IDENTIFIERS = {
    "coi": {"label": "Chain of identity", "identifier": True},
    "din": {"label": "Donation identification number", "identifier": True},
    "subject": {"label": "Subject", "identifier": True},
}


@dataclass(frozen=True)
class Header:
    """The header of a recipe, as its author wrote it; see the module."""

    id: str = ""
    revision: str = "1.0"
    title: str = ""
    product: str = ""
    late_entry_minutes: int = 15
    specification_step: str = ""
    order: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: dict(_IDENTIFIERS))
    verification: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hold_times: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    loops: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def slot(self, step: str, kind: str, code: v.SlotCode) -> v.Signature:
        """The signature slot of a code at a step: the step's own, the header's for all steps, or the usual one."""
        roles, meanings = _SLOTS.get((code, kind), _SLOTS[code, ""])
        usual = {"roles": roles, "meanings": meanings}
        for_all = self.verification.get(code, {}) if (code, kind) not in _SLOTS else {}
        own = self.steps.get(step, {}).get("verification", {}).get(code, {})
        said = {**usual, **for_all, **own}
        return v.Signature(code, tuple(said["roles"]), tuple(said["meanings"]))


def read_header(folder: Path, problems: Problems) -> Header:
    """The header file of a folder; the usual header where there is none."""
    path = folder / FILE
    if not path.is_file():
        return Header()
    try:
        said = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        problems.add_file(FILE, f"it is not JSON: {error}", "correct it")
        return Header()
    return header_of(said, problems)


def header_of(said: object, problems: Problems) -> Header:
    """The header that a JSON object says; the usual one where it is wrong, with every reason noted."""
    if not isinstance(said, dict):
        problems.add_file(FILE, "it is not a JSON object", 'write {"id": "...", ...}')
        return Header()
    count = len(problems.found)
    _check(said, problems)
    return replace(Header(), **said) if len(problems.found) == count else Header()


def check_references(header: Header, known: Mapping[str, set[str]], problems: Problems) -> None:
    """Every step, parameter, hold time and loop that the header speaks of is in the tables."""
    for section, names in known.items():
        for name in sorted(set(getattr(header, section)) - names):
            problems.add_file(FILE, f"the tables have no {name}", "correct the name or take it out", f"{section}.{name}")


def _check(said: dict[str, Any], problems: Problems) -> None:
    kinds = {f.name: type(getattr(Header(), f.name)) for f in fields(Header)}
    for key, value in said.items():
        if key not in kinds:
            problems.add_file(FILE, "this key is not known", f"the keys are {', '.join(kinds)}", key)
        elif type(value) is not kinds[key]:
            problems.add_file(FILE, f"it is not a {_JSON[kinds[key]]}", "correct it", key)
        elif key in _NESTED:
            for name, entry in value.items():
                _check_entry(key, name, entry, problems)


_JSON = {str: "text", int: "whole number", dict: "JSON object"}


def _check_entry(section: str, name: str, entry: object, problems: Problems) -> None:
    place = f"{section}.{name}"
    if not isinstance(entry, dict):
        problems.add_file(FILE, "it is not a JSON object", "correct it", place)
        return
    for key in sorted(set(entry) - _NESTED[section]):
        problems.add_file(FILE, "this key is not known", f"write {', '.join(sorted(_NESTED[section]))}", f"{place}.{key}")
    slots = entry.get("verification", {}) if section == "steps" else {name: entry} if section == "verification" else {}
    for code, slot in slots.items():
        if code not in ("P", "W", "V", "Q"):
            problems.add_file(FILE, f"{code} is no code that is signed", "write P, W, V or Q", place)
        _check_words(slot, "roles", v.ROLES, place, problems)
        _check_words(slot, "meanings", v.MEANINGS, place, problems)
    _check_words(entry, "decision_roles", v.ROLES, place, problems)
    words = {"kind": v.STEP_KINDS, "severity": v.SEVERITIES, "type": v.PARAMETER_TYPES, "reporting": v.REPORTING[1:]}
    for key, allowed in words.items():
        if key in entry and entry[key] not in allowed:
            problems.add_file(FILE, f"{entry[key]!r} is not known", f"write one of {', '.join(allowed)}", f"{place}.{key}")


def _check_words(entry: Mapping[str, Any], key: str, allowed: Mapping[str, str], place: str, problems: Problems) -> None:
    for word in entry.get(key, ()):
        if word not in allowed:
            problems.add_file(FILE, f"{word!r} is not known", f"write one of {', '.join(allowed)}", f"{place}.{key}")
