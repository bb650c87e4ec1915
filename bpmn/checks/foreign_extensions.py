"""No instructions hide where the drawing doesn't show them: what other programs wrote into the file does nothing here.

Elements and attributes of other modelers stay in the diagram and are named, so that whoever approves it knows that they
mean nothing. Those of the engine's own library are refused: a script before or after a task (`preScript`, `postScript`)
would run on each update of that engine, invisible to whoever approves the diagram.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, line_of, name_of, shown
from bpmn.decision_tables.namespaces import DMN_READ
from bpmn.diagram import Diagram
from bpmn.vocabulary import NAMESPACE

RULE = "foreign_extensions"

_OMG = "http://www.omg.org/spec/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_ENGINE = "spiffworkflow.org"
_HARMLESS = frozenset(
    {
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
        "http://camunda.org/schema/modeler/1.0",  # only says which program drew it
    }
)

_READ = _HARMLESS | DMN_READ | {NAMESPACE}  # where a decision table may stand, and what in it, says `decision_table`


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses what the engine's library could run; warns once for each element with content of another program."""
    kept: Counter[tuple[etree._Element, str]] = Counter()
    for element in diagram.root.iter(etree.Element):
        namespace = etree.QName(element).namespace or ""
        if not namespace.startswith(_OMG) and namespace not in _READ:
            if _ENGINE in namespace or not namespace:
                yield at(element, RULE, f"{name_of(element)} of {shown(namespace)} is not read", "remove it")
            else:
                kept[_holder(element), namespace] += 1
        for attribute in element.attrib:
            name = etree.QName(str(attribute))
            if not name.namespace or name.namespace in (_XSI, _XML) or name.namespace in _HARMLESS:
                continue
            if _ENGINE in name.namespace:
                yield at(element, RULE, f"{name.localname} of {shown(name.namespace)} is not read", "remove it")
            else:
                kept[_holder(element), name.namespace] += 1
    for (holder, namespace), number in kept.items():
        things = "1 element or attribute" if number == 1 else f"{number} elements and attributes"
        message = f"{things} of {shown(namespace)}: kept, but nothing of it runs here"
        yield at(holder, RULE, message, "say in the step what of it is to be done, or remove it", "warning")


def _holder(element: etree._Element) -> etree._Element:
    """The element of BPMN that something of another program stands in."""
    held: etree._Element | None = element
    while held is not None and not (str(held.tag).startswith(f"{{{_OMG}") and held.get("id")):
        held = held.getparent()
    return held if held is not None and line_of(held) else element.getroottree().getroot()
