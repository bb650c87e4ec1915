"""Every repetition ends: a number of iterations that people can work off, known to be bounded before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.diagram import BPMN, Diagram, Node, mes_elements
from bpmn.expressions import ExpressionError, parse

RULE = "loops"

MAX_ITERATIONS = 1_000
_FROM_TO = f"write a whole number from 1 to {MAX_ITERATIONS}"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses loops without bound, more than 1,000 iterations, parallel instances, and loop names without a loop."""
    for node in diagram.nodes.values():
        standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
        if standard is not None:
            yield from _standard(standard)
        if several is not None:
            yield from _several(several)
        if standard is not None and several is not None:
            yield at(node.element, RULE, "two kinds of repetition on one subprocess", "keep one of them")
        if mes_elements(node.element, "loop"):
            yield from _names(diagram, node, standard is not None or several is not None)


def _standard(loop: etree._Element) -> Iterator[Finding]:
    maximum = loop.get("loopMaximum")
    if maximum is None:
        yield at(
            loop, RULE, "the loop has no loopMaximum", f"write how often at most, up to {MAX_ITERATIONS}", property="loopMaximum"
        )
    elif not _counts(maximum):
        yield at(loop, RULE, f"loopMaximum is {shown(maximum)}", _FROM_TO, property="loopMaximum")
    condition = loop.find(f"{{{BPMN}}}loopCondition")
    if condition is None or not (condition.text or "").strip():
        yield at(loop, RULE, "the loop has no condition", "write while which condition it is repeated", property="loopCondition")


def _several(loop: etree._Element) -> Iterator[Finding]:
    if loop.get("isSequential") != "true":
        yield at(loop, RULE, "parallel instances are not run", 'set isSequential="true"')
    for child in loop.iterchildren(f"{{{BPMN}}}*"):
        if name_of(child) not in ("loopCardinality", "extensionElements", "documentation"):
            yield at(child, RULE, f"{name_of(child)} is not read", "write loopCardinality only")
    cardinality = loop.find(f"{{{BPMN}}}loopCardinality")
    text = (cardinality.text or "").strip() if cardinality is not None else ""
    if not text:
        yield at(loop, RULE, "the number of iterations is missing", "write loopCardinality", property="loopCardinality")
        return
    try:
        expression = parse(text)
    except ExpressionError:
        advice = "write a whole number or an expression"
        yield at(loop, RULE, f"{shown(text)} is no number of iterations", advice, property="loopCardinality")
        return
    value = expression.try_evaluate({}) if not expression.names else None
    if value is not None and not (isinstance(value, Decimal) and _counts(str(value))):
        yield at(loop, RULE, f"{shown(text)} iterations", _FROM_TO, property="loopCardinality")


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_ITERATIONS


def _names(diagram: Diagram, node: Node, repeated: bool) -> Iterator[Finding]:
    if not repeated:
        yield at(node.element, RULE, "it names iterations, but is not repeated", "remove mes:loop or add the loop")
    if node.loop is not None and node.loop.previous and node.loop.previous not in diagram.steps:
        message = f"previous of the first iteration is {shown(node.loop.previous)}, which is no step"
        yield at(node.element, RULE, message, "name a step before the loop", property="previous")
