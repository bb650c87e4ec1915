"""`python -m bpmn.importers DIR OUT.bpmn`: draw the recipe of a folder of tables, or say all that is wrong there.

`python -m bpmn.importers FILE ... OUT.bpmn`: propose a recipe from the tables of files (.docx, .xlsx, .csv, recipe.json) as
the import page does, and say what was guessed and what is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bpmn.checks import check_diagram
from bpmn.importers import Imported, RecipeTablesError, import_tables
from bpmn.importers.proposal import propose, read_header_file, recognised
from bpmn.importers.proposed_tables import Cell, ProposedTables
from bpmn.importers.sources import read_file


def main(arguments: list[str]) -> int:
    """Write the diagram and a summary; with problems, write nothing and list them all.

    Answers 0 when the diagram also passes every check, else 1 (2 when called wrongly).
    """
    if len(arguments) < 2 or not arguments[-1].endswith(".bpmn"):
        print("usage: python -m bpmn.importers DIR|FILE ... OUT.bpmn", file=sys.stderr)
        return 2
    if not Path(arguments[0]).is_dir():
        return _propose([Path(name) for name in arguments[:-1]], Path(arguments[-1]))
    folder, out = Path(arguments[0]), Path(arguments[1])
    try:
        imported = import_tables(folder, out.stem)
    except RecipeTablesError as error:
        print(f"{out.name} was not written: {len(error.problems)} to correct in {folder}", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return 1
    return _written(imported, out)


def _propose(files: list[Path], out: Path) -> int:
    header: dict[str, Any] = {}
    try:
        for file in files:
            header |= read_header_file(file.name, file.read_bytes()) if file.suffix == ".json" else {}
        sources = [read_file(file.name, file.read_bytes()) for file in files if file.suffix != ".json"]
    except (OSError, ValueError) as error:
        print(f"{out.name} was not written: {error}", file=sys.stderr)
        return 1
    found = propose(sources, recognised(sources), header)
    proposed = ProposedTables(found.tables, found.mappings)
    for doubt in found.doubts:
        print(f"  doubtful: {proposed.place(Cell(doubt.table, doubt.row, doubt.column))}: {doubt.message}", file=sys.stderr)
    for one in found.left_out:
        print(f"  not imported: {one.place}: {one.text}: {one.why}", file=sys.stderr)
    if found.imported is None:
        for problem in found.problems:
            print(f"{out.name} was not written: {problem}", file=sys.stderr)
        return 1
    return _written(found.imported, out)


def _written(imported: Imported, out: Path) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(imported.xml)
    print(summary(imported, out))
    report = check_diagram(imported.xml)
    for finding in report.findings:
        print(f"  {finding}", file=sys.stderr)
    return 0 if report.ok else 1


def summary(imported: Imported, out: Path) -> str:
    """What the diagram holds, in a few lines."""
    recipe = imported.recipe
    units = len({step.unit_procedure for step in imported.steps})
    parameters = [p for step in imported.steps for p in step.parameters]
    calculated = sum(p.source == "calc" for p in parameters)
    specified = sum(p.judge == "specification" for p in parameters)
    lines = [
        f"{out}: {recipe.id} revision {recipe.revision}",
        f"  {len(imported.steps)} steps in {units} unit procedures",
        f"  structure: {', '.join(imported.structure) or 'one step after the other'}",
        f"  {len(parameters) - specified} parameters, {specified} attributes of the release specification; "
        f"{calculated} of them calculated",
        f"  {len(recipe.hold_times)} hold times; order: {', '.join(f.name for f in recipe.order_fields)}",
    ]
    if imported.unused_columns:
        lines.append(f"  columns not used: {', '.join(imported.unused_columns)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
