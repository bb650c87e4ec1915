"""Every business rule task has one decision table that gives exactly one answer for whatever can be recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at
from bpmn.decision_tables import Problem, Surroundings, judge, table_of
from bpmn.decision_tables.namespaces import DMN_READ
from bpmn.decision_tables.place import TASK, definitions_of
from bpmn.diagram import Diagram, Node
from bpmn.expressions import RESERVED
from bpmn.known_names import KnownNames, service_names

RULE = "decision_table"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses tables that are missing, not well written, overlap or leave values out; and tables where none is run."""
    known: KnownNames | None = None
    for node in diagram.nodes.values():
        if node.type == TASK:
            known = known or KnownNames(diagram)
            yield from _task(diagram, node, known)
        elif node.type == "boundaryEvent" and _kind(diagram, node.attached_to) == TASK:
            yield at(node.element, RULE, "a decision table takes no time, so nothing can happen meanwhile", "remove the event")
    yield from _elsewhere(diagram)


def around(diagram: Diagram, node_id: str, known: KnownNames | None = None) -> Surroundings:
    """What a table at this node may ask for, and which values that can have."""
    names = (known or KnownNames(diagram)).at(node_id)
    parameters = {f"{step.id}.{p.id}": p for step in diagram.steps.values() for p in step.parameters}
    choices = {name: tuple(c.value for c in p.choices) for name, p in parameters.items() if p.type == "choice" and p.choices}
    whole = {name for name, p in parameters.items() if p.type == "int"}
    for node in diagram.nodes.values():
        whole |= {name for name, kind in service_names(node).items() if kind == "int"}
    return Surroundings(names, choices, frozenset(whole))


def _task(diagram: Diagram, node: Node, known: KnownNames) -> Iterator[Finding]:
    if not _NAME.fullmatch(node.id) or node.id in RESERVED | {"order", "previous"}:
        yield at(node.element, RULE, f"no expression can say {node.id}", "use letters, digits and _, beginning with a letter")
    if len(definitions_of(node.element)) != 1:
        yield at(node.element, RULE, "the business rule task has no decision table of its own", "write its table")
        return
    read = table_of(node.element)
    problems = list(read.problems)
    if read.table is not None:
        problems += judge(read.table, around(diagram, node.id, known))
    for problem in problems:
        element = read.element(problem)
        yield _finding(node.element if element is None else element, problem)


def _finding(element: etree._Element, problem: Problem) -> Finding:
    place = f"rule {problem.rule}: " if problem.rule else ""
    return at(element, RULE, place + problem.message, problem.what_to_do, problem.severity, property="decisionTable")


def _kind(diagram: Diagram, node_id: str) -> str:
    return diagram.nodes[node_id].type if node_id in diagram.nodes else ""


def _elsewhere(diagram: Diagram) -> Iterator[Finding]:
    tasks = {node.element for node in diagram.nodes.values() if node.type == TASK}
    for element in diagram.root.iter(etree.Element):
        parent = element.getparent()
        if etree.QName(element).namespace not in DMN_READ or parent is None:
            continue
        if etree.QName(parent).namespace in DMN_READ:
            continue
        holder = parent.getparent()
        if holder not in tasks or element not in definitions_of(holder):
            yield at(element, RULE, "a decision table has no place here", "put it on a business rule task")
