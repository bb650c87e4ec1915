"""The table of a business rule task: where it stands in a diagram, and which names it needs and gives."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from bpmn.decision_tables.cells import parse_cell
from bpmn.decision_tables.namespaces import DMN_READ
from bpmn.decision_tables.reading import ReadTable, read_definitions
from bpmn.decision_tables.table import Table
from bpmn.decision_tables.writing import write_definitions
from bpmn.expressions import ExpressionError, parse
from bpmn.reading import read_xml

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TASK = "businessRuleTask"


def definitions_of(task: etree._Element) -> list[etree._Element]:
    """The `dmn:definitions` of a business rule task; one, where the diagram is right."""
    holder = task.find(f"{{{_BPMN}}}extensionElements")
    children = [] if holder is None else list(holder.iterchildren("{*}definitions"))
    return [child for child in children if etree.QName(child).namespace in DMN_READ]


def table_of(task: etree._Element) -> ReadTable:
    """The table of a business rule task's element; an empty answer where it has none."""
    found = definitions_of(task)
    return read_definitions(found[0]) if found else ReadTable()


def output_names(task: etree._Element) -> dict[str, str]:
    """The routing values that a business rule task writes, `<task id>.<output>`, with the type of each."""
    table = table_of(task).table
    return {f"{task.get('id', '')}.{output.name}": output.type for output in table.outputs} if table else {}


@lru_cache(maxsize=1024)
def decision_names(table: Table) -> frozenset[str]:
    """Every name that the table asks for, in inputs, cells and outputs. What can't be read asks for nothing."""
    texts = [column.expression for column in table.inputs]
    texts += [output.default for output in table.outputs if output.default]
    names: set[str] = set()
    for rule in table.rules:
        texts += [text for text in rule.outputs if text.strip()]
        for text, column in zip(rule.inputs, table.inputs, strict=True):
            try:
                names |= {name for bound in parse_cell(text, column.type).bounds for name in bound.expression.names}
            except ExpressionError:
                continue
    for text in texts:
        try:
            names |= parse(text.strip()).names
        except ExpressionError:
            continue
    return frozenset(names)


def with_table(xml: bytes, task_id: str, table: Table) -> bytes:
    """The diagram with this table at that business rule task, everything else as it was.

    Raises KeyError where the diagram has no such task, and bpmn.reading.DiagramError.
    """
    root = read_xml(xml)
    task = next((t for t in root.iter(f"{{{_BPMN}}}{TASK}") if t.get("id") == task_id), None)
    if task is None:
        raise KeyError(task_id)
    holder = task.find(f"{{{_BPMN}}}extensionElements")
    if holder is None:
        holder = etree.Element(f"{{{_BPMN}}}extensionElements")
        documentation = task.findall(f"{{{_BPMN}}}documentation")
        task.insert(len(documentation), holder)
    new, old = write_definitions(table, task_id), definitions_of(task)
    if old:
        new.tail = old[0].tail
        holder.replace(old[0], new)
        for other in old[1:]:
            holder.remove(other)
    else:
        holder.append(new)
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
