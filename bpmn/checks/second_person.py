"""A critical value that a person reads or types is checked by a second person, who signs with a role of their own.

Source: 21 CFR 211.101(d), 211.188(b)(11); EU GMP Annex 11, 6: a second check of critical data entered by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, step_elements
from bpmn.diagram import Diagram, Node
from bpmn.vocabulary import CRITICAL_CLASSES

RULE = "second_person"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of critical values entered by hand that one person alone signs, and of a check by the performer's own role."""
    for node in diagram.nodes.values():
        if node.step is None or not node.step.signatures:
            continue  # a step without signatures is refused by `verification`
        if len(node.step.signatures) == 1:
            yield from _alone(node)
        first, *others = node.step.signatures
        for element, slot in zip(step_elements(node, "signature")[1:], others, strict=False):
            if first.code == "P" and slot.code == "V" and set(slot.roles) <= set(first.roles):
                message = f"who performs the step ({', '.join(first.roles)}) may also be who verifies it"
                advice = "let another role verify, such as MFG_VER"
                yield at(element, RULE, message, advice, "warning", property="signatures")


def _alone(node: Node) -> Iterator[Finding]:
    assert node.step is not None
    elements = step_elements(node, "parameter")
    for element, parameter in zip(elements, node.step.parameters, strict=True):
        if parameter.parameter_class in CRITICAL_CLASSES and parameter.source == "manual":
            message = f"{parameter.id} is {parameter.parameter_class}, typed in, and nobody checks it"
            advice = "add a signature: witnessed_by (W) or verified_by (V)"
            yield at(element, RULE, message, advice, "warning", property="signatures")
