"""Ids that our records can use: added where they are missing, rewritten where others could not be written or told apart.

Everything that points to a renamed element is renamed with it: flows, shapes, lanes, boundary events, references.
"""

from __future__ import annotations

import re

from lxml import etree

from bpmn.checks.identifiers import FORM, NEEDED
from bpmn.checks.schema import FLOW_NODES
from bpmn.diagram import BPMN
from bpmn.importers.foreign.repair import Workbench, called, local

_STEPS = frozenset({"task", "userTask", "manualTask", "sendTask", "receiveTask", "businessRuleTask"})
_IN_EXPRESSIONS = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_REFERENCES = frozenset(
    [
        "sourceRef",
        "targetRef",
        "attachedToRef",
        "default",
        "bpmnElement",
        "processRef",
        "calledElement",
        "messageRef",
        "escalationRef",
        "errorRef",
        "signalRef",
        "dataObjectRef",
        "dataStoreRef",
        "itemRef",
        "itemSubjectRef",
        "categoryValueRef",
        "partitionElementRef",
        "definitionalCollaborationRef",
        "sourceElement",
        "targetElement",
        "choreographyActivityShape",
        "labelStyle",
        "operationRef",
        "structureRef",
    ]
)
_TEXTS = frozenset(
    [
        "incoming",
        "outgoing",
        "flowNodeRef",
        "sourceRef",
        "targetRef",
        "dataInputRefs",
        "dataOutputRefs",
        "loopDataInputRef",
        "inputDataItem",
    ]
)


def repair(bench: Workbench) -> None:
    """Offer an id for every element that needs one, and another one where it is not well-formed."""
    for element in list(bench.root.iter(f"{{{BPMN}}}*")):
        if element.get("id") is None and local(element) in NEEDED:
            new = bench.new_id(element.get("name") or local(element))

            def add(element: etree._Element = element, new: str = new) -> None:
                element.set("id", new)

            bench.offer("id", element, f"{called(element)} gets an id", "no id", new, add)
    for element in list(bench.root.iter(etree.Element)):
        old = element.get("id")
        if old is None or not str(element.tag).startswith("{http://www.omg.org/") or _fits(element, old):
            continue
        new = _number(bench) if local(element) in _STEPS else bench.new_id(_plain(old, element))

        def rename(old: str = old, new: str = new) -> None:
            _rename(bench.root, old, new)

        bench.offer("rename", element, f"{called(element)} gets an id that records and expressions can use", old, new, rename)
    _trim(bench)


def _number(bench: Workbench) -> str:
    """The next free number of a step."""
    number = next(n for n in range(1, len(bench.ids) + 2) if f"S{n:02}" not in bench.ids)
    return bench.new_id(f"S{number:02}")


def _fits(element: etree._Element, identifier: str) -> bool:
    if not FORM.fullmatch(identifier):
        return False
    if local(element) in _STEPS and not _IN_EXPRESSIONS.fullmatch(identifier):
        return False  # no condition or formula could name what is recorded there
    taken = local(element) in FLOW_NODES and identifier.lower() in ("start", "end", "root") and identifier[0].isupper()
    return not taken


def _plain(old: str, element: etree._Element) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", old).strip("_")
    return plain if re.search(r"[A-Za-z]", plain) else f"{local(element)}_{plain}"


def _rename(root: etree._Element, old: str, new: str) -> None:
    """Every element of that id, and every reference to it, with or without a prefix of a namespace."""
    for element in root.iter(etree.Element):
        if element.get("id") == old:
            element.set("id", new)
        for name in _REFERENCES & {str(name) for name in element.attrib}:
            value = element.get(name, "")
            if value.strip().rpartition(":")[2] == old:
                element.set(name, new)
        if local(element) in _TEXTS and (element.text or "").strip() == old:
            element.text = new


def _trim(bench: Workbench) -> None:
    """References with blanks around them mean what they mean without."""
    ids = {element.get("id") for element in bench.root.iter(etree.Element)}
    for element in list(bench.root.iter(f"{{{BPMN}}}*")):
        text = element.text or ""
        if local(element) in _TEXTS and text != text.strip() and text.strip() in ids:
            element.text = text.strip()  # white space is no content here, so nobody is asked
