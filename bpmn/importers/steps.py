"""The table of steps: ISA-88 level, instruction, who verifies, what is scanned, what typically goes wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpmn import vocabulary as v
from bpmn.importers.header import Header
from bpmn.importers.names import IDENTIFIER
from bpmn.importers.tables import Layout, Problems, Row

LAYOUT = Layout(
    "steps.csv",
    ("step_id", "unit_procedure", "title"),
    (
        "operation", "day", "instruction", "verification", "equipment_class", "materials", "rationale",
        "typical_deviations_default_class", "kind",
    ),
    needed=True,
)  # fmt: skip
VERIFICATION = "PWVBDQ"
_OPERATION_KINDS: dict[str, v.StepKind] = {
    "prodreview": "production_review",
    "productionreview": "production_review",
    "qc": "qc_results",
    "qcresults": "qc_results",
    "qareview": "qa_review",
    "disposition": "disposition",
    "ship": "shipment",
    "shipment": "shipment",
    "shipping": "shipment",
}
_SCAN_LOT = re.compile(r"\bscan\s+(?:[\w-]+\s+){0,3}lots?\b", re.IGNORECASE)
_SEVERITY = re.compile(r"\b(info|minor|major|critical)\b", re.IGNORECASE)
_ALL = re.compile(r"all\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as its row says it, with the unit procedure (id and name) it stands in."""

    step: v.Step
    unit: tuple[str, str]
    row: Row
    verification: frozenset[str]


def read_steps(rows: list[Row], header: Header, problems: Problems) -> list[StepRow]:
    """The steps in the order of the table, without their parameters."""
    units = _units([row["unit_procedure"] for row in rows])
    found: dict[str, StepRow] = {}
    for row in rows:
        step_id = row["step_id"]
        if not IDENTIFIER.fullmatch(step_id):
            problems.add(row, "step_id", f"{step_id!r} is no identifier", "use ASCII letters, digits and _, like S01")
        elif step_id in found:
            problems.add(row, "step_id", f"{step_id} is already row {found[step_id].row.number}", "give each step its own id")
        else:
            found[step_id] = _read(row, units[row["unit_procedure"]], header, problems)
    _check_units(list(found.values()), problems)
    return list(found.values())


def _read(row: Row, unit: tuple[str, str], header: Header, problems: Problems) -> StepRow:
    codes = _codes(row, problems)
    kind = _kind(row, header, problems)
    step = v.Step(
        id=row["step_id"],
        title=row["title"],
        instruction=row["instruction"],
        unit_procedure=row["unit_procedure"],
        operation=row["operation"],
        day=row["day"],
        kind=kind,
        rationale=row["rationale"],
        decision_roles=tuple(header.steps.get(row["step_id"], {}).get("decision_roles", v.Step("", "").decision_roles)),
        signatures=tuple(header.slot(row["step_id"], kind, code) for code in _slots(codes)),
        equipment=_listed(row["equipment_class"]),
        materials=_listed(row["materials"]),
        scans=_scans(row, codes, header.steps.get(row["step_id"], {}).get("omit", "")),
        deviations=read_deviations(row["typical_deviations_default_class"]),
    )
    return StepRow(step, unit, row, codes)


def _codes(row: Row, problems: Problems) -> frozenset[str]:
    codes = [code.strip().upper() for code in row["verification"].split("+") if code.strip()]
    for code in codes:
        if code not in VERIFICATION or len(code) > 1:
            problems.add(row, "verification", f"{code!r} is not known", f"join {', '.join(VERIFICATION)} by +")
    return frozenset(codes)


def _slots(codes: frozenset[str]) -> list[v.SlotCode]:
    """Somebody performs each step, unless it is nothing but a review (V) or a gate (Q)."""
    performed = not codes or bool(codes - {"V", "Q"})
    order: tuple[v.SlotCode, ...] = ("P", "W", "V", "Q")
    return [code for code in order if code in codes or (code == "P" and performed)]


def _kind(row: Row, header: Header, problems: Problems) -> v.StepKind:
    said = header.steps.get(row["step_id"], {}).get("kind") or row["kind"]
    if not said:
        return _OPERATION_KINDS.get(re.sub(r"[\W_]", "", row["operation"]).lower(), "manufacture")
    for kind in v.STEP_KINDS:
        if kind == said:
            return kind
    problems.add(row, "kind", f"{said!r} is not known", f"write one of {', '.join(v.STEP_KINDS)}")
    return "manufacture"


def _listed(cell: str) -> tuple[str, ...]:
    """Names separated by semicolons; "all ..." names nothing itself but asks for a scan of what the recipe uses."""
    names = [name.strip() for name in cell.split(";")]
    return tuple(dict.fromkeys(name for name in names if name and not _ALL.match(name)))


def _scans(row: Row, codes: frozenset[str], omit: str) -> tuple[v.Scan, ...]:
    scans = [v.Scan("identity")] if "B" in codes else []
    everything = {"material": row["materials"], "equipment": row["equipment_class"]}
    for kind in ("material", "equipment"):
        if any(_ALL.match(name.strip()) for name in everything[kind].split(";")):
            scans.append(v.Scan(kind, scope="recipe", omit=omit))
        elif kind == "material" and _listed(row["materials"]) and _SCAN_LOT.search(f"{row['title']}. {row['instruction']}"):
            scans.append(v.Scan(kind))
    return tuple(scans)


def read_deviations(cell: str) -> tuple[v.Deviation, ...]:
    """Typical deviations with their default class: `age >36 h (minor) >48 h (major); leak (critical, stop)`.

    A class that is no severity (block, planned departure) stays in the text; such a deviation is major.
    """
    found = []
    for phrase in re.split(r";(?![^(]*\))", cell):
        before = ""
        for text, said in re.findall(r"([^()]+)(?:\(([^)]*)\))?", phrase):
            text = text.strip()
            if not text:
                continue
            if before and text[0] in "<>":
                text = f"{re.split('[<>]', before)[0].strip()} {text}"
            before = text
            found += _classes(text, said)
    return tuple(found)


def _classes(text: str, said: str) -> list[v.Deviation]:
    """One deviation for each severity in the brackets: `minor; 2 in a row major` are two."""
    notes, classed = [], []
    for part in re.split(r"[,;]", said):
        severities = [word.lower() for word in _SEVERITY.findall(part)]
        rest = _SEVERITY.sub("", part).strip(" /")
        if severities:
            classed += [(severity, rest) for severity in severities]
        elif rest:
            notes.append(rest)
    return [
        v.Deviation(text + "".join(f" ({note})" for note in [rest, *notes] if note), severity)
        for severity in v.SEVERITIES
        for found, rest in classed or [("major", "")]
        if found == severity
    ]


def _units(cells: list[str]) -> dict[str, tuple[str, str]]:
    """Id and name of each unit procedure: `UP1 Receipt` is UP1; one without such a code gets its whole name as id."""
    heads = {cell: cell.split()[0] for cell in cells}
    units = {}
    for cell, head in heads.items():
        is_code = re.fullmatch(r"[A-Z][A-Z0-9_]*", head) and list(heads.values()).count(head) == 1
        slug = re.sub(r"[^A-Za-z0-9]+", "_", cell).strip("_")
        units[cell] = (head if is_code else slug if IDENTIFIER.fullmatch(slug) else f"UP_{slug}", cell)
    return units


def _check_units(steps: list[StepRow], problems: Problems) -> None:
    ids = {step.step.id for step in steps}
    closed: set[str] = set()
    names: dict[str, str] = {}
    for before, step in zip([None, *steps], steps, strict=False):
        unit, name = step.unit
        if before is not None and before.unit[0] != unit:
            closed.add(before.unit[0])
        if unit in ids or names.setdefault(unit, name) != name:
            problems.add(step.row, "unit_procedure", f"{unit} is already something else", "give it a code of its own")
        elif unit in closed:
            message = f"{name} has other steps further up, with another unit procedure between"
            problems.add(step.row, "unit_procedure", message, "put the steps of a unit procedure together")
