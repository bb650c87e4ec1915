"""A batch is disposed of after quality has reviewed it, and one that quality reviews is disposed of.

Without the review nobody could ever sign its release; without the disposition the batch would stay open for good.
Source: 21 CFR 211.22(a), 211.192; EU GMP Annex 16.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram, Node
from bpmn.flow_order import FlowOrder

RULE = "disposition"

_DISPOSITIONS = {"released_by", "rejected_by", "certified_by_qp"}


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses a disposition without review by QA, before results, or that nobody signs as one; warns where it is missing."""
    reviews = _of_kind(diagram, "qa_review")
    dispositions = _of_kind(diagram, "disposition")
    order = FlowOrder(diagram)
    for node in dispositions:
        assert node.step is not None
        if not reviews:
            advice = 'put a step of kind "qa_review" before it'
            yield at(node.element, RULE, "the batch is disposed of, but no step is its review by QA", advice, property="kind")
        elif not any(order.reaches(review.id, node.id) for review in reviews):
            message = f"the batch is disposed of before its review by QA ({reviews[0].id})"
            yield at(node.element, RULE, message, "put the disposition behind the review", property="kind")
        if not any(_DISPOSITIONS & set(slot.meanings) for slot in node.step.signatures):
            message = "nobody signs the disposition as one"
            advice = 'add a signature of QA_DISP with meanings="released_by rejected_by"'
            yield at(node.element, RULE, message, advice, property="signatures")
    for node in _of_kind(diagram, "qc_results"):
        before = [one for one in dispositions if order.reaches(one.id, node.id) and not order.in_one_loop(one.id, node.id)]
        if before and not any(order.reaches(node.id, one.id) for one in dispositions):
            message = f"results are entered after the disposition ({before[0].id}), and nobody decides on them"
            yield at(node.element, RULE, message, "put them before it, or a second disposition behind them", property="kind")
    for node in reviews if not dispositions else ():
        message = "the batch is reviewed by QA, but no step is its disposition"
        advice = 'put a step of kind "disposition" behind it'
        yield at(node.element, RULE, message, advice, "warning", property="kind")
    for node in dispositions[1:]:
        if order.reaches(dispositions[0].id, node.id):
            message = f"{dispositions[0].id} disposes of the batch already"
            yield at(node.element, RULE, message, "keep one disposition on each way", "warning", property="kind")


def _of_kind(diagram: Diagram, kind: str) -> list[Node]:
    return [node for node in diagram.nodes.values() if node.step is not None and node.step.kind == kind]
