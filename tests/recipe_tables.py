"""Small tables of recipes for tests, and what a recipe drawn from them then does, wave by wave."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpmn.checks import check_diagram
from bpmn.importers import Imported, Problem, RecipeTablesError, import_tables
from engine.workflow import Procedure

CART = Path(__file__).resolve().parent / "data" / "cart"
STRUCTURE = ("id", "kind", "of", "condition", "note")
PARAMETERS = ("step_id", "param", "name", "type", "source", "formula", "why", "unit")


def table(heading: Sequence[str], *rows: Sequence[str]) -> str:
    """A CSV text; short rows are filled up."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(heading)
    lines.writerows([*row, *[""] * (len(heading) - len(row))] for row in rows)
    return text.getvalue()


def steps(**units: str) -> str:
    """steps.csv for unit procedures with their steps: `UP1="S1 S2"`."""
    rows = [(step, f"{unit} Unit", f"Step {step}", "P") for unit, names in units.items() for step in names.split()]
    return table(("step_id", "unit_procedure", "title", "verification"), *rows)


def write(folder: Path, header: Mapping[str, Any] | None = None, **tables: str) -> Path:
    """The files of a recipe: `write(tmp_path, steps=..., structure=...)`."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    if header is not None:
        (folder / "recipe.json").write_text(json.dumps(header), "utf-8")
    return folder


def drawn(folder: Path, header: Mapping[str, Any] | None = None, **tables: str) -> Imported:
    """The recipe of these tables; it passes every check of a diagram."""
    imported = import_tables(write(folder, header, **tables), "RECIPE")
    findings = [str(finding) for finding in check_diagram(imported.xml).errors]
    assert not findings, "\n".join(findings)
    return imported


def problems(folder: Path, header: Mapping[str, Any] | None = None, **tables: str) -> tuple[Problem, ...]:
    """What is wrong with these tables."""
    with pytest.raises(RecipeTablesError) as caught:
        import_tables(write(folder, header, **tables))
    return caught.value.problems


def waves(xml: bytes, **answers: object) -> list[str]:
    """The steps that are open together, completed together, until the end: `["S1", "S2 S3", "S4"]`.

    `answers` are the values of a step, by parameter: `S1={"ok": "yes"}`, or a list of them, one an iteration.
    """
    procedure = Procedure.from_xml(xml)
    run = procedure.start({})
    found: list[str] = []
    while True:
        for key in [k for k, item in run.open.items() if item.kind == "timer" and item.node_id.endswith("_due")]:
            run.fire(key)
        steps = [item for item in run.open.values() if item.kind == "step"]
        if not steps:
            return [*found, run.outcome]
        found.append(" ".join(sorted(item.key for item in steps)))
        for item in steps:
            if item.key in run.open:
                run.complete(item.key, _values(item.node_id, item.iteration, answers, procedure))


def _values(step: str, iteration: tuple[int, ...], answers: Mapping[str, Any], procedure: Procedure) -> dict[str, Any]:
    given = answers.get(step, {})
    if isinstance(given, list):
        given = given[iteration[-1] - 1]
    values = {f"{step}.{name}": Decimal(v) if isinstance(v, int) and v is not True else v for name, v in given.items()}
    return {name: value for name, value in values.items() if name in procedure.routing_names}
