"""A batch is disposed of after quality has reviewed it: without that review nobody could ever sign its release.

Source: 21 CFR 211.22(a), 211.192; EU GMP Annex 16.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram

RULE = "disposition"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses a disposition in a recipe without a review by QA."""
    kinds = {step.kind for step in diagram.steps.values()}
    for node in diagram.nodes.values():
        if node.step is not None and node.step.kind == "disposition" and "qa_review" not in kinds:
            advice = 'put a step of kind "qa_review" before it'
            yield at(node.element, RULE, "the batch is disposed of, but no step is its review by QA", advice)
