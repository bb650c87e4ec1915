"""One process is the recipe, and it says so: executable, first in the file, with its number and revision.

The engine takes a process without `isExecutable` for executable; a record must not rest on what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import BPMN, Diagram, mes_elements

RULE = "process"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses a file without a process, one that is not executable, and a recipe without number, revision or any step."""
    processes = diagram.root.findall(f"{{{BPMN}}}process")
    if not processes:
        yield at(diagram.root, RULE, "there is no process", "draw the recipe as one process")
        return
    for process in processes:
        if process.get("isExecutable") != "true":
            yield at(process, RULE, "the process is not executable", 'set isExecutable="true"', property="isExecutable")
        if not diagram.scopes.get(process.get("id", "")):
            yield at(process, RULE, "the process is empty", "draw its steps")
    recipes = mes_elements(processes[0], "recipe")
    if len(recipes) != 1 or not diagram.recipe.id or not diagram.recipe.revision:
        yield at(processes[0], RULE, "the recipe has no number or revision", "give the process one mes:recipe with both")
    if diagram.recipe.kind == "master_recipe" and not diagram.steps:
        yield at(processes[0], RULE, "the recipe has no step", "type the first step's title into the table", property="steps")
    for process in processes[1:]:
        if mes_elements(process, "recipe"):
            yield at(process, RULE, "a called process has a mes:recipe", "only the first process of a file is the recipe")
