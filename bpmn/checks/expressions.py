"""Every expression of the diagram can be read, asks only for names that exist, and has the kind of value it needs."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.known_names import KIND_OF_TYPE, KnownNames, Names
from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import BPMN, Diagram, Node, mes_elements
from bpmn.expressions import EvaluationError, ExpressionError, kind, parse, parse_assignments
from bpmn.expressions.kinds import INSTANT, NUMBER, TRUTH, infer
from bpmn.expressions.values import Value
from bpmn.vocabulary import Parameter

RULE = "expressions"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses conditions, formulas, limits, timers and scripts that have no meaning in our language."""
    known = KnownNames(diagram)
    for element in diagram.root.iter(f"{{{BPMN}}}conditionExpression"):
        parent = element.getparent()
        flow = diagram.flows.get(parent.get("id", "")) if parent is not None else None
        if flow is not None and flow.source in diagram.nodes:
            yield from _expression(element, flow.condition, known.at(flow.source), TRUTH, "the condition")
    for node in diagram.nodes.values():
        yield from _node(node, known)
        if node.step is not None:
            yield from _step(node, known.in_step(node.id))


def _expression(element: etree._Element, text: str, names: Names, needed: Value | None, what: str) -> Iterator[Finding]:
    """At most one finding about one expression. `needed` is a sample of the kind of value it must have."""
    try:
        found = infer(parse(text), names)
    except ExpressionError as error:
        advice = error.hint or "write an expression of our language"
        place = f"at character {error.position + 1}"
        yield at(element, RULE, f"{what} {shown(text)} can't be read: {error.message} {place}", advice)
    except EvaluationError as error:
        yield at(
            element, RULE, f"{what} {shown(text)} has no meaning: {error.message}", "use names known at this place"
        )
    else:
        if needed is not None and found is not None and type(found) is not type(needed):
            message = f"{what} {shown(text)} is {kind(found)}, not {kind(needed)}"
            yield at(element, RULE, message, f"write an expression that is {kind(needed)}")


def _node(node: Node, known: KnownNames) -> Iterator[Finding]:
    element = node.element
    if node.type == "scriptTask":
        yield from _script(element, known.at(node.id))
    condition = element.find(f"{{{BPMN}}}standardLoopCharacteristics/{{{BPMN}}}loopCondition")
    if condition is not None:
        text = (condition.text or "").strip()
        yield from _expression(condition, text, known.at(node.id), TRUTH, "the loop condition")
    cardinality = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics/{{{BPMN}}}loopCardinality")
    if cardinality is not None:
        text = (cardinality.text or "").strip()
        yield from _expression(cardinality, text, known.at(node.scope), NUMBER, "the number of iterations")
    if node.timer is not None and node.timer.due:
        timer = mes_elements(element, "timer")[0]
        yield from _expression(timer, node.timer.due, known.at(node.id), INSTANT, "the due time")


def _script(element: etree._Element, names: Names) -> Iterator[Finding]:
    script = element.find(f"{{{BPMN}}}script")
    text = (script.text or "").strip() if script is not None else ""
    if element.get("scriptFormat", "mes") != "mes":
        yield at(
            element, RULE, f"scripts in {shown(element.get('scriptFormat', ''))} are not run", "remove scriptFormat"
        )
    if script is None or not text:
        yield at(element, RULE, "the script task has no script", "write name = expression, one a line")
        return
    try:
        lines = parse_assignments(text)
    except ExpressionError as error:
        place = f"at character {error.position + 1}"
        advice = error.hint or "write name = expression, one a line"
        yield at(script, RULE, f"the script can't be read: {error.message} {place}", advice)
        return
    for line in lines:
        yield from _expression(script, line.expression.text, names, None, f"the value of {line.name}")


def _step(node: Node, names: Names) -> Iterator[Finding]:
    assert node.step is not None
    elements = step_elements(node, "parameter")
    for element, parameter in zip(elements, node.step.parameters, strict=True):
        if parameter.formula:
            needed = KIND_OF_TYPE.get(parameter.type)
            yield from _expression(element, parameter.formula, names, needed, f"the formula of {parameter.id}")
        if parameter.when:
            yield from _expression(element, parameter.when, names, TRUTH, f"when {parameter.id} is asked for")
        yield from _limits(element, parameter, names)
    yield from _circles(node, elements)


def _limits(element: etree._Element, parameter: Parameter, names: Names) -> Iterator[Finding]:
    if parameter.type not in ("num", "int", "date_time"):
        return  # the expected value itself, judged by `limits`
    for field in ("target", "nor_low", "nor_high", "par_low", "par_high"):
        text = getattr(parameter, field)
        if text:
            what = f"{field.replace('_', ' ')} of {parameter.id}"
            yield from _expression(element, text, names, KIND_OF_TYPE[parameter.type], what)


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
            yield at(element, RULE, f"the formula of {parameter.id} needs its own result", "break the circle")
