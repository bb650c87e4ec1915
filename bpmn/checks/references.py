"""Every reference leads to what it names: flows stay within their scope, events sit on an activity beside them."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.checks.schema import ACTIVITIES
from bpmn.diagram import BPMN, Diagram

RULE = "references"

_ATTRIBUTES = {
    "messageRef": "message",
    "escalationRef": "escalation",
    "errorRef": "error",
    "signalRef": "signal",
    "processRef": "process",
    "dataObjectRef": "dataObject",
    "dataStoreRef": "dataStore",
}
_TEXTS = {
    "incoming": ("sequenceFlow",),
    "outgoing": ("sequenceFlow",),
    "flowNodeRef": (),
    "sourceRef": (),
    "targetRef": (),
}


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses dangling references, flows across a border, and names that differ by a blank."""
    omg = (e for e in diagram.root.iter(etree.Element) if str(e.tag).startswith("{http://www.omg.org/"))
    kinds = {e.get("id", ""): name_of(e) for e in omg if e.get("id")}
    yield from _flows(diagram)
    yield from _boundaries(diagram)
    yield from _defaults(diagram)
    for element in diagram.root.iter(f"{{{BPMN}}}*"):
        for attribute, kind in _ATTRIBUTES.items():
            target = element.get(attribute)
            if target is not None and kinds.get(target) != kind:
                yield _missing(element, attribute, target, f"a {kind} of this file")
        if name_of(element) in _TEXTS:
            yield from _text(element, kinds, diagram)


def _missing(element: etree._Element, what: str, target: str, expected: str) -> Finding:
    return at(element, RULE, f"{what} {shown(target)} is not {expected}", "point it to an existing element")


def _text(element: etree._Element, kinds: dict[str, str], diagram: Diagram) -> Iterator[Finding]:
    target = element.text or ""
    expected = _TEXTS[name_of(element)]
    if target not in kinds or (expected and kinds[target] not in expected):
        yield _missing(element, name_of(element), target, "the id of an element of this file (blanks count)")
    elif expected:
        parent, flow = element.getparent(), diagram.flows.get(target)
        end = (flow.target if name_of(element) == "incoming" else flow.source) if flow else ""
        if parent is not None and end != parent.get("id"):
            yield _missing(element, name_of(element), target, f"a flow {name_of(element)} here")


def _flows(diagram: Diagram) -> Iterator[Finding]:
    for element in diagram.root.iter(f"{{{BPMN}}}sequenceFlow"):
        parent = element.getparent()
        scope = parent.get("id", "") if parent is not None else ""
        for end in ("sourceRef", "targetRef"):
            target = element.get(end, "")
            node = diagram.nodes.get(target)
            if node is None:
                yield _missing(element, end, target, "a step, event or gateway")
            elif node.scope != scope:
                yield at(element, RULE, f"the flow crosses the border of {node.scope}", "end it at the subprocess itself")


def _boundaries(diagram: Diagram) -> Iterator[Finding]:
    for node in diagram.nodes.values():
        if node.type != "boundaryEvent":
            continue
        host = diagram.nodes.get(node.attached_to)
        if host is None or host.type not in ACTIVITIES or host.scope != node.scope:
            yield _missing(node.element, "attachedToRef", node.attached_to, "a step or subprocess beside the event")


def _defaults(diagram: Diagram) -> Iterator[Finding]:
    for node in diagram.nodes.values():
        if node.default and node.default not in {flow.id for flow in diagram.outgoing[node.id]}:
            yield _missing(node.element, "default", node.default, "a flow out of it")
