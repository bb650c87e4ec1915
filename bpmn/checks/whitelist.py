"""Only what the engine is known to run right: element, event definition and position, each combination named here.

The engine accepts much more and misreads it: link events end a process silently, an error start runs at once, an
interrupting event subprocess, compensation, signal ends and conditions on tasks do something else than BPMN says.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, name_of
from bpmn.checks.schema import ACTIVITIES, EVENT_DEFINITIONS, EVENTS, FLOW_NODES
from bpmn.diagram import BPMN, Diagram, Node

RULE = "whitelist"

NODES = EVENTS | {
    *("userTask", "manualTask", "scriptTask", "serviceTask", "businessRuleTask", "callActivity", "subProcess"),
    *("exclusiveGateway", "parallelGateway"),
}
# (element, event definition) -> where it may stand: "process", "subprocess" or both
EVENTS_AT: dict[tuple[str, str], frozenset[str]] = {
    ("startEvent", ""): frozenset({"process", "subprocess"}),
    ("startEvent", "messageEventDefinition"): frozenset({"process"}),
    ("startEvent", "timerEventDefinition"): frozenset({"process"}),
    ("endEvent", ""): frozenset({"process", "subprocess"}),
    ("endEvent", "terminateEventDefinition"): frozenset({"process", "subprocess"}),
    ("endEvent", "escalationEventDefinition"): frozenset({"process", "subprocess"}),
    ("intermediateCatchEvent", "messageEventDefinition"): frozenset({"process", "subprocess"}),
    ("intermediateCatchEvent", "timerEventDefinition"): frozenset({"process", "subprocess"}),
    ("intermediateThrowEvent", ""): frozenset({"process", "subprocess"}),
    ("intermediateThrowEvent", "escalationEventDefinition"): frozenset({"process", "subprocess"}),
    ("boundaryEvent", "messageEventDefinition"): frozenset({"process", "subprocess"}),
    ("boundaryEvent", "timerEventDefinition"): frozenset({"process", "subprocess"}),
    ("boundaryEvent", "escalationEventDefinition"): frozenset({"process", "subprocess"}),
}
_NOT_READ = ("messageFlow", "import", "completionCondition", "activationCondition", "complexBehaviorDefinition")
_STAY = "use user, manual, script, service or business rule tasks, call activities, subprocesses, XOR and AND"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses, by name, whatever is not on the list."""
    for node in diagram.nodes.values():
        if node.type not in NODES:
            known = "is not run" if node.type in FLOW_NODES else "is no element of a process"
            yield at(node.element, RULE, f"{node.type} {known}", _STAY)
        elif node.type in EVENTS:
            yield from _event(diagram, node)
        else:
            yield from _activity(node)
    for element in diagram.root.iter(*(f"{{{BPMN}}}{name}" for name in _NOT_READ)):
        yield at(element, RULE, f"{name_of(element)} is not run", "remove it")


def _event(diagram: Diagram, node: Node) -> Iterator[Finding]:
    definitions = _definitions(node.element)
    if len(definitions) > 1 or node.element.get("parallelMultiple") == "true":
        yield at(node.element, RULE, "an event with several triggers is not run", "draw one event for each")
        return
    if node.element.find(f"{{{BPMN}}}eventDefinitionRef") is not None:
        yield at(node.element, RULE, "a shared event definition is not read", "define the trigger within the event")
        return
    place = "subprocess" if node.scope in diagram.nodes else "process"
    allowed = EVENTS_AT.get((node.type, node.event), frozenset())
    trigger = node.event.removesuffix("EventDefinition") or "none"
    if place not in allowed:
        there = f" in a {place}" if allowed else ""
        yield at(node.element, RULE, f"{node.type} with trigger {trigger} is not run{there}", "use another event")
    elif node.type == "boundaryEvent":
        host = diagram.nodes.get(node.attached_to)
        inside = host is None or host.type in ("subProcess", "callActivity")
        if node.event == "escalationEventDefinition" and not inside:
            yield at(node.element, RULE, "an escalation is caught only at a subprocess", "attach it to the subprocess")
    elif node.type == "startEvent" and node.element.get("isInterrupting") == "false":
        yield at(node.element, RULE, "a start event that interrupts nothing is not run", "remove isInterrupting")


def _activity(node: Node) -> Iterator[Finding]:
    element = node.element
    if definitions := _definitions(element):
        yield at(definitions[0], RULE, f"{node.type} has no trigger", "draw an event")
    if node.type not in ACTIVITIES:
        return
    if element.get("triggeredByEvent") == "true":
        yield at(element, RULE, "an event subprocess is not run", "use a boundary event")
    if element.get("isForCompensation") == "true":
        yield at(element, RULE, "compensation is not run", "draw the steps that make good as ordinary steps")
    if element.get("startQuantity", "1") != "1" or element.get("completionQuantity", "1") != "1":
        yield at(element, RULE, "quantities of tokens are not run", "remove startQuantity and completionQuantity")
    if node.default:
        yield at(element, RULE, "a default flow out of a task is not run", "decide at an exclusive gateway")
    for name in ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics"):
        if node.type != "subProcess" and element.find(f"{{{BPMN}}}{name}") is not None:
            yield at(element, RULE, f"a {node.type} is not repeated", "put it into a subprocess and repeat that")


def _definitions(element: etree._Element) -> list[etree._Element]:
    return [child for child in element.iterchildren(f"{{{BPMN}}}*") if name_of(child) in EVENT_DEFINITIONS]
