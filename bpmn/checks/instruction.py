"""Every step of a recipe says what is to be done, so that two people do the same.

Source: 21 CFR 211.186(b)(9): complete manufacturing instructions.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, says_nothing
from bpmn.diagram import Diagram, mes_elements

RULE = "instruction"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of steps whose instruction is empty, or says no more than that it is missing."""
    for node in diagram.nodes.values():
        if node.step is not None and says_nothing(node.step.instruction):
            step = mes_elements(node.element, "step")[0]
            yield at(step, RULE, "the step has no instruction", "write what is to be done", "warning", property="instruction")
