"""A recipe has a size that people and the engine can handle: steps, width of parallel parts, depth of nesting."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at
from bpmn.checks.schema import FLOW_NODES, TASKS
from bpmn.diagram import BPMN, Diagram
from bpmn.vocabulary import NAMESPACE

RULE = "size"

MAX_STEPS = 6_000
MAX_NODES = 20_000
MAX_WAYS = 200
MAX_NESTING = 20
MAX_PARAMETERS = 30_000
MAX_FLOWS = 40_000
MAX_EXPRESSIONS = 2_000_000  # characters: a second or two of reading

_ATTRIBUTES = ("formula", "when", "target", "norLow", "norHigh", "parLow", "parHigh", "due")
_TEXTS = ("conditionExpression", "script", "loopCondition", "loopCardinality")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses too many steps or nodes, more than 200 ways at a gateway, and nesting deeper than 20."""
    yield from of_file(diagram.root)
    for node in diagram.nodes.values():
        ways = max(len(diagram.outgoing[node.id]), len(diagram.incoming[node.id]))
        if ways > MAX_WAYS:
            yield at(node.element, RULE, f"{ways} flows at one {node.type}, more than {MAX_WAYS}", "split the step")
        if node.type == "subProcess" and len(list(diagram.ancestors(node.id))) == MAX_NESTING + 1:
            yield at(node.element, RULE, f"nested more than {MAX_NESTING} deep", "use fewer subprocesses")


def of_file(root: etree._Element) -> Iterator[Finding]:
    """What is too large to be looked at any further: told before anything else is read or checked."""
    steps = sum(1 for _ in root.iter(*(f"{{{BPMN}}}{name}" for name in TASKS)))
    nodes = sum(1 for _ in root.iter(*(f"{{{BPMN}}}{name}" for name in FLOW_NODES)))
    flows = sum(1 for _ in root.iter(f"{{{BPMN}}}sequenceFlow"))
    parameters = sum(1 for _ in root.iter(f"{{{NAMESPACE}}}parameter"))
    characters = sum(len(element.text or "") for element in root.iter(*(f"{{{BPMN}}}{name}" for name in _TEXTS)))
    for element in root.iter(f"{{{NAMESPACE}}}parameter", f"{{{NAMESPACE}}}timer"):
        characters += sum(len(element.get(name, "")) for name in _ATTRIBUTES)
    for number, most, what in (
        (steps, MAX_STEPS, "steps"),
        (nodes, MAX_NODES, "nodes"),
        (flows, MAX_FLOWS, "sequence flows"),
        (parameters, MAX_PARAMETERS, "parameters"),
        (characters, MAX_EXPRESSIONS, "characters of expressions"),
    ):
        if number > most:
            yield at(root, RULE, f"{number:,} {what}, more than {most:,}", "split the recipe")
