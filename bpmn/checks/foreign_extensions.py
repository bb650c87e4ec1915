"""No instructions hide where the drawing doesn't show them: only our own extensions, and colours, are accepted.

A script before or after a task (`preScript`, `postScript`) would run on each update of the engine, invisible to whoever
approves the diagram.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.decision_tables.namespaces import DMN_READ
from bpmn.diagram import Diagram
from bpmn.vocabulary import NAMESPACE

RULE = "foreign_extensions"

_OMG = "http://www.omg.org/spec/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HARMLESS = frozenset(
    {
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
        "http://camunda.org/schema/modeler/1.0",  # only says which program drew it
    }
)

_READ = _HARMLESS | DMN_READ | {NAMESPACE}  # where a decision table may stand, and what in it, says `decision_table`


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses elements and attributes of every other namespace."""
    for element in diagram.root.iter(etree.Element):
        namespace = etree.QName(element).namespace or ""
        if not namespace.startswith(_OMG) and namespace not in _READ:
            yield at(element, RULE, f"{name_of(element)} of {shown(namespace)} is not read", "remove it")
        for attribute in element.attrib:
            name = etree.QName(str(attribute))
            if name.namespace and name.namespace != _XSI and name.namespace not in _HARMLESS:
                yield at(element, RULE, f"{name.localname} of {shown(name.namespace)} is not read", "remove it")
