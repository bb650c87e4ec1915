"""Which of the constructs that the engine executes a diagram has, alone and nested; `ALL` are those there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bpmn.diagram import BPMN, Diagram, Node

_SCOPES = ("subprocess", "loop", "multi-instance", "call")
_INSIDE = (
    "subprocess", "loop", "multi-instance", "call", "parallel", "choice", "script", "table", "service", "wait", "terminate",
)  # fmt: skip
_EVENTS = {"timerEventDefinition": "timer", "messageEventDefinition": "message", "escalationEventDefinition": "escalation"}
_NAMES = {
    "userTask": "step", "manualTask": "manual step", "serviceTask": "service", "scriptTask": "script",
    "businessRuleTask": "table",
    "callActivity": "call", "exclusiveGateway": "choice", "parallelGateway": "parallel", "intermediateCatchEvent": "wait",
}  # fmt: skip

ALL: frozenset[str] = frozenset(
    [
        *("none start", "message start", "timer start", "none end", "escalation end", "none throw", "escalation throw"),
        *("step", "manual step", "service", "script", "table", "call", "choice", "parallel", "subprocess", "loop"),
        *("multi-instance", "timer wait", "message wait", "terminate of the process", "terminate of a scope"),
        *("loop tested before", "multi-instance by expression", "one process called twice", "escalation from deeper down"),
        *(
            f"{how} {event} on {host}"
            for how, event, host in itertools.product(
                ("interrupting", "non-interrupting"), ("timer", "message"), ("step", "manual step", "service", *_SCOPES)
            )
        ),
        *(f"{how} escalation on {host}" for how in ("interrupting", "non-interrupting") for host in _SCOPES),
        *(f"{inside} in {scope}" for scope in _SCOPES for inside in _INSIDE),
    ]
)


def constructs(xml: bytes) -> set[str]:
    """The constructs of a diagram, by the names in `ALL`."""
    diagram = Diagram.parse(xml)
    return {name for node in diagram.nodes.values() for name in _of(diagram, node)}


def kind(node: Node) -> str:
    """What a node is called here; a repeated subprocess by the way it is repeated."""
    if node.type == "subProcess":
        if node.element.find(f"{{{BPMN}}}standardLoopCharacteristics") is not None:
            return "loop"
        several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
        return "multi-instance" if several is not None else "subprocess"
    return _NAMES.get(node.type, node.type)


def _of(diagram: Diagram, node: Node) -> Iterator[str]:
    name, event = kind(node), _EVENTS.get(node.event, "none")
    yield name
    around = _around(diagram, node)
    if node.type in ("startEvent", "endEvent", "intermediateThrowEvent"):
        yield f"{event} {node.type.removesuffix('Event').removeprefix('intermediate').lower()}"
    if node.event == "terminateEventDefinition":
        yield "terminate of the process" if node.scope == diagram.process_id else "terminate of a scope"
        name = "terminate"
    if name == "wait":
        yield f"{event} wait"
    if node.type == "boundaryEvent":
        how = "interrupting" if node.interrupting else "non-interrupting"
        yield f"{how} {event} on {kind(diagram.nodes[node.attached_to])}"
    if event == "escalation" and node.type != "boundaryEvent" and not _caught_here(diagram, node):
        yield "escalation from deeper down"
    yield from (f"{name} in {scope}" for scope in around)
    yield from _details(diagram, node)


def _details(diagram: Diagram, node: Node) -> Iterator[str]:
    if node.element.find(f"{{{BPMN}}}standardLoopCharacteristics[@testBefore='true']") is not None:
        yield "loop tested before"
    if " if " in node.element.findtext(f"{{{BPMN}}}multiInstanceLoopCharacteristics/{{{BPMN}}}loopCardinality", ""):
        yield "multi-instance by expression"
    if node.type == "callActivity":
        called = node.element.get("calledElement")
        if sum(n.element.get("calledElement") == called for n in diagram.nodes.values()) > 1:
            yield "one process called twice"


def _around(diagram: Diagram, node: Node) -> set[str]:
    """The kinds of the scopes around a node; a called process is in every call of it."""
    found: set[str] = set()
    ahead = [node.scope]
    while ahead:
        scope = ahead.pop()
        callers = [n for n in diagram.nodes.values() if n.element.get("calledElement") == scope]
        for outer in [diagram.nodes[scope]] if scope in diagram.nodes else callers:
            found.add(kind(outer))
            ahead.append(outer.scope)
    return found


def _caught_here(diagram: Diagram, node: Node) -> bool:
    """Whether the escalation is caught at the very scope that throws it."""
    reference = _reference(node)
    hosts = {n.id for n in diagram.nodes.values() if n.element.get("calledElement") == node.scope} | {node.scope}
    caught = (n for n in diagram.nodes.values() if n.type == "boundaryEvent" and _reference(n) == reference)
    return any(n.attached_to in hosts for n in caught)


def _reference(node: Node) -> str:
    definition = node.element.find(f"{{{BPMN}}}escalationEventDefinition")
    return definition.get("escalationRef", "") if definition is not None else ""


def stock_faults(xml: bytes) -> set[str]:
    """The constructs of a diagram that stock SpiffWorkflow 3.2.0 gets wrong, by what happens there."""
    diagram = Diagram.parse(xml)
    found: set[str] = set()
    for node in diagram.nodes.values():
        if node.type == "boundaryEvent":
            host = kind(diagram.nodes[node.attached_to])
            if node.interrupting and host in ("loop", "multi-instance"):
                found.add("an interrupted loop keeps its tokens")
            if node.interrupting and node.event == "escalationEventDefinition":
                found.add("a scope that an escalation interrupts goes on until it rests")
            if any(kind(follower) == "multi-instance" for follower in _after(diagram, node)):
                found.add("a multi-instance activity behind a boundary event can't start")
        if node.event == "terminateEventDefinition" and node.scope != diagram.process_id:
            found.add("a terminated scope keeps tokens of its other branches")
    return found


def _after(diagram: Diagram, node: Node) -> list[Node]:
    found: dict[str, Node] = {}
    ahead = [node.id]
    while ahead:
        for flow in diagram.outgoing[ahead.pop()]:
            if flow.target not in found:
                found[flow.target] = diagram.nodes[flow.target]
                ahead.append(flow.target)
    return list(found.values())
