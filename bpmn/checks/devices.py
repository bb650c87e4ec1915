"""A value that a device reports comes from equipment that the step names, so that the record says which one it was.

Source: 21 CFR 211.182, 211.105: the equipment used is identified in the record.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, step_elements
from bpmn.diagram import Diagram

RULE = "devices"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of values from a device in a step that names no equipment class."""
    for node in diagram.nodes.values():
        if node.step is None or node.step.equipment or node.step.kind == "qc_results":
            continue
        elements = step_elements(node, "parameter")
        for element, parameter in zip(elements, node.step.parameters, strict=True):
            if parameter.source == "device":
                message = f"{parameter.id} comes from a device, but the step names no equipment"
                yield at(element, RULE, message, "name the equipment class", "warning", property="source")
