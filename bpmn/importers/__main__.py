"""`python -m bpmn.importers DIR OUT.bpmn`: draw the recipe of a folder of tables, or say all that is wrong there."""

from __future__ import annotations

import sys
from pathlib import Path

from bpmn.checks import check_diagram
from bpmn.importers import Imported, RecipeTablesError, import_tables


def main(arguments: list[str]) -> int:
    """Write the diagram and a summary; with problems, write nothing and list them all.

    Answers 0 when the diagram also passes every check, else 1 (2 when called wrongly).
    """
    if len(arguments) != 2:
        print("usage: python -m bpmn.importers DIR OUT.bpmn", file=sys.stderr)
        return 2
    folder, out = Path(arguments[0]), Path(arguments[1])
    try:
        imported = import_tables(folder, out.stem)
    except RecipeTablesError as error:
        print(f"{out.name} was not written: {len(error.problems)} to correct in {folder}", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return 1
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
