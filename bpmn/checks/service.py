"""What the system does at a service task exists, is told what it needs to know, and stands in a process of the site.

Services act on what a process is about, such as a revision; a patient's batch has nothing that they could act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram, Node
from bpmn.expressions import RESERVED
from bpmn.vocabulary import CHANGE_STATES, REVISION_STATES, SERVICE_OUTPUTS, SERVICES, Service

RULE = "service"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses services that do not exist or are told what they can't know, and services in a recipe."""
    for node in diagram.nodes.values():
        if node.service is None:
            continue
        if diagram.recipe.kind != "process":
            message = "services belong to processes of the site, not to recipes"
            yield at(node.element, RULE, message, "remove mes:service; then a person reports what was done")
        elif node.service.action not in SERVICES:
            advice = f"use one of {', '.join(SERVICES)}"
            yield at(node.element, RULE, f"{shown(node.service.action)} is no service", advice, property="action")
        else:
            yield from _value(diagram, node, node.service)


def _value(diagram: Diagram, node: Node, service: Service) -> Iterator[Finding]:
    if SERVICE_OUTPUTS.get(service.action) and (not _NAME.fullmatch(node.id) or node.id in RESERVED | {"order", "previous"}):
        advice = "use letters, digits and _, beginning with a letter"
        yield at(node.element, RULE, f"no expression can say {node.id}, which gives values", advice)
    if service.action == "change.state" and service.value not in CHANGE_STATES:
        advice = f"use one of {', '.join(CHANGE_STATES)}"
        yield at(node.element, RULE, f"{shown(service.value)} is no state of a change", advice, property="value")
    if service.action == "recipe.state" and service.value not in REVISION_STATES:
        advice = f"use one of {', '.join(REVISION_STATES)}"
        yield at(node.element, RULE, f"{shown(service.value)} is no state of a revision", advice, property="value")
    if service.action == "recipe.effective_from":
        step_id, _, name = service.value.partition(".")
        step = diagram.steps.get(step_id)
        parameter = step.parameter(name) if step else None
        if parameter is None or parameter.type != "date_time":
            message = f"{shown(service.value)} is no instant that a step records"
            yield at(node.element, RULE, message, "write <step>.<parameter> of the type date_time", property="value")
