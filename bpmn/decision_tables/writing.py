"""A decision table as DMN 1.5. Reading it again gives an equal table."""

from __future__ import annotations

from lxml import etree

from bpmn.decision_tables.namespaces import DMN, OUR_LANGUAGE, WRITTEN_TYPE
from bpmn.decision_tables.table import Input, Output, Rule, Table


def write_definitions(table: Table, name: str) -> etree._Element:
    """The `dmn:definitions` of a table. `name` begins every id in it, so that ids are unique in a diagram."""
    root = etree.Element(f"{{{DMN}}}definitions", nsmap={"dmn": DMN})
    root.attrib.update(
        {"id": f"{name}_definitions", "name": table.name or name, "namespace": OUR_LANGUAGE, "expressionLanguage": OUR_LANGUAGE}
    )
    decision = _child(root, "decision", id=f"{name}_decision", name=table.name or name)
    element = _child(decision, "decisionTable", id=f"{name}_table", hitPolicy=table.hit_policy)
    if table.aggregation:
        element.set("aggregation", table.aggregation)
    for i, column in enumerate(table.inputs, 1):
        _input(element, column, f"{name}_in{i}")
    for i, output in enumerate(table.outputs, 1):
        _output(element, output, f"{name}_out{i}")
    for heading in table.annotations:
        _child(element, "annotation", name=heading)
    for i, rule in enumerate(table.rules, 1):
        _rule(element, rule, f"{name}_rule{i}")
    return root


def write_file(table: Table, name: str) -> bytes:
    """The table as a `.dmn` file."""
    root = write_definitions(table, name)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _input(parent: etree._Element, column: Input, name: str) -> None:
    element = _child(parent, "input", id=name)
    if column.label:
        element.set("label", column.label)
    _text(element, "inputExpression", column.expression, id=f"{name}_expression", typeRef=WRITTEN_TYPE[column.type])
    if column.allowed:
        _text(element, "inputValues", column.allowed)


def _output(parent: etree._Element, output: Output, name: str) -> None:
    element = _child(parent, "output", id=name, name=output.name, typeRef=WRITTEN_TYPE[output.type])
    if output.label:
        element.set("label", output.label)
    if output.allowed:
        _text(element, "outputValues", output.allowed)
    if output.default:
        _text(element, "defaultOutputEntry", output.default)


def _rule(parent: etree._Element, rule: Rule, name: str) -> None:
    element = _child(parent, "rule", id=name)
    for i, text in enumerate(rule.inputs, 1):
        _text(element, "inputEntry", text.strip() or "-", id=f"{name}_in{i}")
    for i, text in enumerate(rule.outputs, 1):
        _text(element, "outputEntry", text, id=f"{name}_out{i}")
    for text in rule.annotations:
        _text(element, "annotationEntry", text)


def _child(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{DMN}}}{tag}")
    for name, value in attributes.items():
        element.set(name, value)
    return element


def _text(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    _child(_child(parent, tag, **attributes), "text").text = text
