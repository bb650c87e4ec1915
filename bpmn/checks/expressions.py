"""Every expression of the diagram can be read, asks only for names that exist, and has the kind of value it needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lxml import etree

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram, Node
from bpmn.expression_places import ExpressionPlace, expression_places, script_of
from bpmn.expressions import EvaluationError, ExpressionError, kind, parse, parse_assignments
from bpmn.expressions.kinds import infer

RULE = "expressions"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses conditions, formulas, limits, timers and scripts that have no meaning in our language."""
    for place in expression_places(diagram):
        if place.property != "decisionTable":  # told by the check of tables, beside their cells
            yield from _expression(place, lasting=diagram.recipe.kind == "process")
    for node in diagram.nodes.values():
        if node.type == "scriptTask":
            yield from _script(node)
        if node.step is not None:
            yield from _circles(node, step_elements(node, "parameter"))


def _expression(place: ExpressionPlace, *, lasting: bool) -> Iterator[Finding]:
    """At most one finding about one expression. `lasting`: a due time may say how long it waits from when it is reached."""
    says = f"{place.what} {shown(place.text)}"
    try:
        found = infer(parse(place.text), place.names)
    except ExpressionError as error:
        advice = error.hint or "write an expression of our language"
        message = f"{says} can't be read: {error.message} at character {error.position + 1}"
        yield at(place.element, RULE, message, advice, property=place.property)
    except EvaluationError as error:
        message = f"{says} has no meaning: {error.message}"
        advice = "use names known at this place, and put like things together"
        yield at(place.element, RULE, message, advice, property=place.property)
    else:
        needed = place.needed
        waits = lasting and place.property == "due" and isinstance(found, timedelta)
        if needed is not None and found is not None and type(found) is not type(needed) and not waits:
            message = f"{says} is {kind(found)}, not {kind(needed)}"
            advice = f"write an expression that is {kind(needed)}"
            yield at(place.element, RULE, message, advice, property=place.property)


def _script(node: Node) -> Iterator[Finding]:
    language = node.element.get("scriptFormat", "mes")
    if language != "mes":
        yield at(node.element, RULE, f"scripts in {shown(language)} are not run", "remove scriptFormat", property="scriptFormat")
    script = script_of(node)
    if script is None:
        yield at(node.element, RULE, "the script task has no script", "write name = expression, one a line", property="script")
        return
    try:
        parse_assignments(script[1])
    except ExpressionError as error:
        advice = error.hint or "write name = expression, one a line"
        message = f"the script can't be read: {error.message} at character {error.position + 1}"
        yield at(script[0], RULE, message, advice, property="script")


def _circles(node: Node, elements: list[etree._Element]) -> Iterator[Finding]:
    """A formula that needs its own result, directly or by way of others of its step."""
    assert node.step is not None
    needs: dict[str, set[str]] = {}
    own = {parameter.id for parameter in node.step.parameters}
    for parameter in node.step.parameters:
        try:
            names = parse(parameter.formula).names if parameter.formula else frozenset()
        except ExpressionError:
            names = frozenset()
        needs[parameter.id] = {name.removeprefix(f"{node.id}.") for name in names} & own
    for element, parameter in zip(elements, node.step.parameters, strict=True):
        reached, waiting = set[str](), list(needs[parameter.id])
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += needs[name]
        if parameter.id in reached:
            yield at(element, RULE, f"the formula of {parameter.id} needs its own result", "break the circle", property="formula")
