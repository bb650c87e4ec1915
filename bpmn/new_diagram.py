"""Where a draft begins: the smallest diagram, or a copy of another revision under its own number."""

from __future__ import annotations

import re

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, mes_elements, write_element
from bpmn.layout import DC, DD, DI, lay_out
from bpmn.reading import read_xml

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NAMES = {"bpmn": BPMN, "bpmndi": DI, "dc": DC, "di": DD, "mes": v.NAMESPACE, "xsi": _XSI}


def smallest_diagram(recipe: v.Recipe) -> str:
    """A process with a start, an end and this header, laid out."""
    root = etree.Element(f"{{{BPMN}}}definitions", nsmap=_NAMES)
    process_id = element_id(recipe.id)
    root.set("id", f"{process_id}_definitions")
    root.set("targetNamespace", v.NAMESPACE)
    process = etree.SubElement(root, f"{{{BPMN}}}process", id=process_id, name=recipe.title, isExecutable="true")
    write_element(etree.SubElement(process, f"{{{BPMN}}}extensionElements"), "recipe", recipe)
    flow, ends = "start_to_end", ("start", "end")
    for node, kind, way in zip(ends, ("startEvent", "endEvent"), ("outgoing", "incoming"), strict=True):
        element = etree.SubElement(process, f"{{{BPMN}}}{kind}", id=node, name=node.capitalize())
        etree.SubElement(element, f"{{{BPMN}}}{way}").text = flow
    etree.SubElement(process, f"{{{BPMN}}}sequenceFlow", id=flow, sourceRef="start", targetRef="end")
    lay_out(root)
    return _text(root)


def with_header(xml: str, **attributes: str) -> str:
    """The same diagram with other attributes of its `mes:recipe` (`revision="2.0"`); a missing header is added.

    Nothing else changes. Raises DiagramError for what can't be read.
    """
    root = read_xml(xml.encode())
    process = root.find(f"{{{BPMN}}}process")
    if process is None:
        return xml
    headers = mes_elements(process, "recipe")
    if not headers:
        extension = process.find(f"{{{BPMN}}}extensionElements")
        if extension is None:
            extension = etree.Element(f"{{{BPMN}}}extensionElements")
            process.insert(len(process.findall(f"{{{BPMN}}}documentation")), extension)
        headers = [etree.SubElement(extension, f"{{{v.NAMESPACE}}}recipe", nsmap={"mes": v.NAMESPACE})]
    elif all(headers[0].get(name) == value for name, value in attributes.items()):
        return xml  # byte for byte
    for name, value in attributes.items():
        headers[0].set(name, value)
    return _text(root)


def element_id(name: str) -> str:
    """An id that XML allows, made of a recipe's number: `3-CART` becomes `R_3-CART`."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return plain if re.match(r"[A-Za-z_]", plain) else f"R_{plain}"


def _text(root: etree._Element) -> str:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()
