"""Tables in, recipe diagram out: steps, parameters, hold times, structure and release specification in one BPMN file.

`import_tables(folder)` reads steps.csv, parameters.csv, hold_times.csv, structure.csv, release_specification.csv and
recipe.json (all but the first optional) and answers the XML, or raises RecipeTablesError with every problem by file,
row and column. The same tables give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree

from bpmn import layout
from bpmn import vocabulary as v
from bpmn.importers import hold_times, parameters, specification, steps, structure
from bpmn.importers.arrangement import Arrangement, with_choices
from bpmn.importers.drawing import Drawing
from bpmn.importers.header import Header, check_references, read_header
from bpmn.importers.names import Names
from bpmn.importers.order import order_fields
from bpmn.importers.parameters import ParameterRow
from bpmn.importers.steps import StepRow
from bpmn.importers.tables import Problem, Problems, RecipeTablesError, Row, read_table

__all__ = ["Imported", "Problem", "RecipeTablesError", "draw_recipe", "import_tables"]

LAYOUTS = (steps.LAYOUT, parameters.LAYOUT, specification.LAYOUT, structure.LAYOUT, hold_times.LAYOUT)
Origins = Mapping[str, tuple[v.Origin, ...]]


@dataclass(frozen=True, slots=True)
class Imported:
    """A recipe as drawn from its tables: the XML, what it holds, and the columns of the tables that it does not use."""

    xml: bytes
    recipe: v.Recipe
    steps: tuple[v.Step, ...]
    structure: tuple[str, ...]
    unused_columns: tuple[str, ...]


def import_tables(folder: Path, name: str = "") -> Imported:
    """Draw the recipe of a folder of tables; `name` is its id where recipe.json gives none."""
    problems = Problems()
    header = read_header(folder, problems)
    rows = {layout.file: read_table(folder, layout, problems) for layout in LAYOUTS}
    return draw_recipe(rows, header, name, problems)


def draw_recipe(
    tables: Mapping[str, list[Row]], header: Header, name: str, problems: Problems, origins: Origins | None = None
) -> Imported:
    """Draw the recipe of these rows, by the file of their layout. Raises RecipeTablesError with every problem.

    `origins`: where a step (`S01`) or a parameter (`S01.volume`) came from; it is kept in the diagram.
    """
    step_rows = steps.read_steps(tables.get(steps.LAYOUT.file, []), header, problems)
    by_id = {row.step.id: row for row in step_rows}
    found = parameters.read_parameters(tables.get(parameters.LAYOUT.file, []), by_id, header, problems)
    taken = {(one.step, one.parameter.id) for one in found}
    for one in _specification(tables.get(specification.LAYOUT.file, []), step_rows, header, problems):
        if (one.step, one.parameter.id) in taken:
            problems.add(one.row, "attribute", f"{one.step} has a parameter of that name", "give it another name")
        found.append(one)
    names = Names({step: frozenset(own) for step, own in _by_step(by_id, found).items()})
    rows = tables.get(structure.LAYOUT.file, [])
    arranged = structure.Structure(step_rows, rows, header, problems).arrange(names)
    found = parameters.check_formulas(found, names, arranged.loop_of, problems)
    types = {step: {p.id: p.type for p in own.values()} for step, own in _by_step(by_id, found).items()}
    holds = hold_times.read_hold_times(tables.get(hold_times.LAYOUT.file, []), types, header, problems)
    found = with_choices(hold_times.mark_after_end(found, holds), arranged, problems)
    whole = {step: _whole(by_id[step].step, own) for step, own in _by_step(by_id, found).items()}
    if origins:
        whole = {step: _with_origins(one, origins) for step, one in whole.items()}
    _check_header(header, found, rows, holds, whole, problems)
    recipe = v.Recipe(
        id=header.id or re.sub(r"[^A-Za-z0-9._-]+", "-", name) or "RECIPE",
        revision=header.revision,
        title=header.title or header.id or name,
        product=header.product,
        late_entry_minutes=header.late_entry_minutes,
        order_fields=order_fields(_texts(found, arranged), holds, header),
        hold_times=tuple(holds),
    )
    problems.stop_if_any()
    root = Drawing(recipe, whole).draw(arranged.body)
    layout.lay_out(root)
    etree.indent(root)
    xml = etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
    return Imported(xml, recipe, tuple(whole.values()), tuple(row["id"] for row in rows), tuple(problems.unused_columns))


def _with_origins(step: v.Step, origins: Origins) -> v.Step:
    own = tuple(replace(p, origins=origins.get(f"{step.id}.{p.id}", ())) for p in step.parameters)
    return replace(step, parameters=own, origins=origins.get(step.id, ()))


def _specification(rows: list[Row], step_rows: list[StepRow], header: Header, problems: Problems) -> list[ParameterRow]:
    if not rows:
        return []
    results = [row.step.id for row in step_rows if row.step.kind == "qc_results"]
    step = header.specification_step or (results[0] if len(results) == 1 else "")
    if step not in {row.step.id for row in step_rows}:
        problems.add_file(
            specification.LAYOUT.file, f"the step at which results are entered is {step or 'not known'}",
            "give one step the kind qc_results, or name it in recipe.json as specification_step",
        )  # fmt: skip
        return []
    return specification.read_specification(rows, step, header, problems)


def _by_step(steps: Iterable[str], found: Iterable[ParameterRow]) -> dict[str, dict[str, v.Parameter]]:
    """The parameters of each step, by id."""
    grouped: dict[str, dict[str, v.Parameter]] = {step: {} for step in steps}
    for one in found:
        grouped[one.step][one.parameter.id] = one.parameter
    return grouped


def _whole(step: v.Step, own: Mapping[str, v.Parameter]) -> v.Step:
    """A step with its parameters, and with as many identifiers to scan as they say."""
    count = parameters.identity_count(tuple(own.values()))
    scans = tuple(replace(scan, minimum=count) if scan.kind == "identity" else scan for scan in step.scans)
    return replace(step, parameters=tuple(own.values()), scans=scans)


def _texts(found: Iterable[ParameterRow], arranged: Arrangement) -> list[str]:
    """Every expression of the recipe."""
    texts = [*arranged.expressions]
    for one in found:
        p = one.parameter
        texts += [p.when, p.formula] if p.source == "calc" else [p.when]
        texts += [p.nor_low, p.nor_high, p.par_low, p.par_high] if p.type in ("num", "int") else []
    return [text for text in texts if text]


def _check_header(
    header: Header, found: Iterable[ParameterRow], rows: Iterable[Row], holds: Iterable[v.HoldTime],
    whole: Mapping[str, v.Step], problems: Problems,
) -> None:  # fmt: skip
    loops = {row["id"] for row in rows if row["kind"] == "loop"}
    known = {
        "steps": set(whole),
        "parameters": {f"{one.step}.{one.parameter.id}" for one in found},
        "hold_times": {hold.id for hold in holds},
        "loops": loops,
    }
    check_references(header, known, problems)
