"""Every critical parameter says why: its own reason, or the rationale of its step.

Source: ICH Q8(R2) and Q11: a critical process parameter is one whose effect on quality is known, so it can be said.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, says_nothing, step_elements
from bpmn.diagram import Diagram
from bpmn.vocabulary import CRITICAL_CLASSES

RULE = "why"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses critical parameters (CPP, CQA, CQA-IPC, ID, safety) with neither a why nor a rationale of their step."""
    for node in diagram.nodes.values():
        if node.step is None or not says_nothing(node.step.rationale):
            continue
        elements = step_elements(node, "parameter")
        for element, parameter in zip(elements, node.step.parameters, strict=True):
            if parameter.parameter_class in CRITICAL_CLASSES and says_nothing(parameter.why):
                message = f"{parameter.id} is {parameter.parameter_class} and nothing says why"
                yield at(element, RULE, message, "write its why, or the rationale of the step", property="why")
