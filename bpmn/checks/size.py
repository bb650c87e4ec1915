"""A recipe has a size that people and the engine can handle: steps, width of parallel parts, depth of nesting."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.checks.schema import TASKS
from bpmn.diagram import Diagram

RULE = "size"

MAX_STEPS = 6_000
MAX_NODES = 20_000
MAX_WAYS = 200
MAX_NESTING = 20
MAX_PARAMETERS = 30_000
MAX_EXPRESSIONS = 2_000_000  # characters of formulas and limits: a second of reading


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses more than 6,000 steps, 20,000 nodes, 200 ways out of a gateway, and nesting deeper than 20."""
    steps = [node for node in diagram.nodes.values() if node.type in TASKS]
    if len(steps) > MAX_STEPS:
        yield at(steps[MAX_STEPS].element, RULE, f"more than {MAX_STEPS:,} steps", "split the recipe")
    if len(diagram.nodes) > MAX_NODES:
        yield at(diagram.root, RULE, f"more than {MAX_NODES:,} nodes", "split the recipe")
    yield from _parameters(diagram)
    for node in diagram.nodes.values():
        ways = max(len(diagram.outgoing[node.id]), len(diagram.incoming[node.id]))
        if ways > MAX_WAYS:
            yield at(node.element, RULE, f"{ways} flows at one {node.type}, more than {MAX_WAYS}", "split the step")
        if node.type == "subProcess" and len(list(diagram.ancestors(node.id))) == MAX_NESTING + 1:
            yield at(node.element, RULE, f"nested more than {MAX_NESTING} deep", "use fewer subprocesses")


def _parameters(diagram: Diagram) -> Iterator[Finding]:
    number = characters = 0
    for step in diagram.steps.values():
        number += len(step.parameters)
        for p in step.parameters:
            texts = (p.formula, p.when, p.target, p.nor_low, p.nor_high, p.par_low, p.par_high)
            characters += sum(len(text) for text in texts)
    if number > MAX_PARAMETERS:
        yield at(diagram.root, RULE, f"more than {MAX_PARAMETERS:,} parameters", "split the recipe")
    if characters > MAX_EXPRESSIONS:
        yield at(diagram.root, RULE, f"formulas and limits of more than {MAX_EXPRESSIONS:,} characters", "shorten them")
