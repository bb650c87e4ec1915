"""Every place of a diagram where an expression stands: for the check of each, and for the list a reviewer goes through.

Source: GAMP 5 (2nd edition): what a recipe computes or decides by itself is custom, so a person reviews each of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from bpmn.decision_tables import table_of
from bpmn.decision_tables.place import TASK
from bpmn.decision_tables.table import KIND_OF_COLUMN
from bpmn.diagram import BPMN, Diagram, Node, camel, mes_elements
from bpmn.expressions import ExpressionError, parse_assignments
from bpmn.expressions.kinds import INSTANT, NUMBER, TRUTH
from bpmn.expressions.values import Value
from bpmn.known_names import KIND_OF_TYPE, KnownNames, Names
from bpmn.vocabulary import NAMESPACE, Parameter

_KEPT = "expression places"
_LIMITS = ("target", "nor_low", "nor_high", "par_low", "par_high")


@dataclass(frozen=True, slots=True)
class ExpressionPlace:
    """An expression as it stands in the diagram: at which node or flow, what it is for, its text.

    `property` is the attribute (or element of BPMN) it stands in, for an editor. `needed` is a sample of
    the kind of value it must have (None: any), `names` what it may ask for.
    """

    node_id: str
    what: str
    text: str
    property: str
    needed: Value | None = field(repr=False)
    names: Names = field(repr=False)
    element: etree._Element = field(repr=False)


def expression_places(diagram: Diagram) -> tuple[ExpressionPlace, ...]:
    """All of them: conditions of flows, then node by node loops, timers, scripts, formulas and limits.

    Of decision tables the inputs; their cells are no expressions, and are judged with the table as a whole. Found once for
    each diagram and kept with it, because half a dozen checks go through them.
    """
    kept = vars(diagram)
    if _KEPT not in kept:
        kept[_KEPT] = tuple(_places(diagram))
    found: tuple[ExpressionPlace, ...] = kept[_KEPT]
    return found


def _places(diagram: Diagram) -> Iterator[ExpressionPlace]:
    known = KnownNames(diagram)
    for element in diagram.root.iter(f"{{{BPMN}}}conditionExpression"):
        parent = element.getparent()
        flow = diagram.flows.get(parent.get("id", "")) if parent is not None else None
        if flow is not None and flow.source in diagram.nodes:
            names = known.at(flow.source)
            yield ExpressionPlace(flow.id, "the condition", flow.condition, "condition", TRUTH, names, element)
    for node in diagram.nodes.values():
        yield from _loop(node, known)
        if node.timer is not None and node.timer.due:
            timer = mes_elements(node.element, "timer")[0]
            yield ExpressionPlace(node.id, "the due time", node.timer.due, "due", INSTANT, known.at_timer(node.id), timer)
        if node.type == "scriptTask":
            yield from _script(node, known.at(node.id))
        if node.type == TASK:
            yield from _decision(node, known.at(node.id))
        if node.step is not None:
            yield from _step(node, known.in_step(node.id))


def script_of(node: Node) -> tuple[etree._Element, str] | None:
    """The script of a script task with its element; None where there is none."""
    script = node.element.find(f"{{{BPMN}}}script")
    text = (script.text or "").strip() if script is not None else ""
    return (script, text) if script is not None and text else None


def _loop(node: Node, known: KnownNames) -> Iterator[ExpressionPlace]:
    standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics/{{{BPMN}}}loopCondition")
    if standard is not None:
        text = (standard.text or "").strip()
        yield ExpressionPlace(node.id, "the loop condition", text, "loopCondition", TRUTH, known.at(node.id), standard)
    several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics/{{{BPMN}}}loopCardinality")
    if several is not None:
        text = (several.text or "").strip()
        yield ExpressionPlace(node.id, "the number of iterations", text, "loopCardinality", NUMBER, known.at(node.scope), several)


def _script(node: Node, names: Names) -> Iterator[ExpressionPlace]:
    script = script_of(node)
    if script is None:
        return
    try:
        lines = parse_assignments(script[1])
    except ExpressionError:
        return  # no script of ours: there is nothing in it to list
    for line in lines:
        yield ExpressionPlace(node.id, f"the value of {line.name}", line.expression.text, "script", None, names, script[0])


def _decision(node: Node, names: Names) -> Iterator[ExpressionPlace]:
    read = table_of(node.element)
    for i, column in enumerate(read.table.inputs if read.table else (), 1):
        element, needed = read.elements.get((0, f"in{i}"), node.element), KIND_OF_COLUMN[column.type]
        yield ExpressionPlace(node.id, f"input {i} of the table", column.expression, "decisionTable", needed, names, element)


def _step(node: Node, names: Names) -> Iterator[ExpressionPlace]:
    assert node.step is not None
    elements = mes_elements(node.element, "step")[0].findall(f"{{{NAMESPACE}}}parameter")
    for element, parameter in zip(elements, node.step.parameters, strict=True):
        for name, what, needed in _of_parameter(parameter):
            yield ExpressionPlace(node.id, what, getattr(parameter, name), camel(name), needed, names, element)


def _of_parameter(parameter: Parameter) -> Iterator[tuple[str, str, Value | None]]:
    """Field, what it is for, and the kind of value it needs."""
    needed = KIND_OF_TYPE.get(parameter.type)
    if parameter.formula:
        yield "formula", f"the formula of {parameter.id}", needed
    if parameter.when:
        yield "when", f"when {parameter.id} is asked for", TRUTH
    if parameter.type not in ("num", "int", "date_time"):
        return  # such a limit is the expected value itself, not an expression
    for name in _LIMITS:
        if getattr(parameter, name):
            yield name, f"{name.replace('_', ' ')} of {parameter.id}", needed
