"""Results that are judged against a specification are recorded where QC results are, and signed by who tested."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, step_elements
from bpmn.diagram import Diagram

RULE = "specification"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of results without a specification, outside of a step of QC results, and of such a step without results."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        if node.step.kind == "qc_results" and not node.step.parameters:
            message = "results are entered here, but none is asked for"
            yield at(node.element, RULE, message, "add each result with its specification", "warning", property="parameters")
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            if parameter.judge != "specification":
                continue
            if node.step.kind != "qc_results":
                message = f"{parameter.id} is judged by the specification, but this is no step of QC results"
                yield at(element, RULE, message, 'set kind="qc_results" for the step', "warning", property="judge")
            if not (parameter.par_low or parameter.par_high):
                message = f"{parameter.id} is judged by a specification that it does not have"
                yield at(element, RULE, message, "write its PAR", "warning", property="parLow")
