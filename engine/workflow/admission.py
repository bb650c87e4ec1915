"""What the engine executes, and where: everything else is refused with its place, so that nothing is ever misread.

`bpmn.checks` explains to people, all problems at once; this is the engine's own last look.
"""

from __future__ import annotations

import re
from typing import Any

from bpmn.diagram import BPMN, Diagram, Node
from engine.errors import UnsupportedDiagramError

ACTIVITIES = frozenset(
    {"userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "subProcess", "callActivity"}
)
INSTANT = frozenset({"scriptTask", "businessRuleTask"})  # nothing can happen while they are at work
SCOPED = frozenset({"subProcess", "callActivity"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway"})
EVENTS = {
    "startEvent": {"", "messageEventDefinition", "timerEventDefinition"},
    "endEvent": {"", "terminateEventDefinition", "escalationEventDefinition"},
    "intermediateCatchEvent": {"messageEventDefinition", "timerEventDefinition"},
    "intermediateThrowEvent": {"", "escalationEventDefinition"},
    "boundaryEvent": {"messageEventDefinition", "timerEventDefinition", "escalationEventDefinition"},
}
NODES = ACTIVITIES | GATEWAYS | EVENTS.keys()
_MISREAD = {
    "triggeredByEvent": "an event subprocess",
    "isForCompensation": "compensation",
    "parallelMultiple": "an event that waits for several",
    "completionQuantity": "an activity that sends several tokens",
    "startQuantity": "an activity that waits for several tokens",
}
_HARMLESS = {"false", "0", "1"}
_ID = re.compile(r"[^\W\d][\w.\-]*")


def refuse(element_id: str, line: Any, what: str) -> UnsupportedDiagramError:
    """The refusal of one element, naming it and its line."""
    place = f"{element_id or 'An element'} (line {line or 0})"
    return UnsupportedDiagramError(f"{place}: {what}.", element=element_id, line=line)


def admit(diagram: Diagram) -> None:
    """Raises UnsupportedDiagramError for the first thing that the engine would misread."""
    if not diagram.scopes.get(diagram.process_id):
        raise refuse(diagram.process_id, 0, "there is no process, or nothing is in it")
    _ids(diagram)
    _calls(diagram)
    for scope_id, members in diagram.scopes.items():
        _one_start(diagram, scope_id)
        for node_id in members:
            _node(diagram.nodes[node_id])
            _flows(diagram, diagram.nodes[node_id])
            _boundary(diagram, diagram.nodes[node_id])
        _no_circle(diagram, scope_id)


def _ids(diagram: Diagram) -> None:
    """Reading keeps nodes and flows by id: one without, or with another's, would be lost without a word."""
    seen: set[str] = set()
    for element in diagram.root.iter():
        namespace, _, name = str(element.tag).rpartition("}")
        if namespace != "{" + BPMN:
            continue
        if name in NODES or name in ("sequenceFlow", "process"):
            element_id, line = element.get("id", ""), element.sourceline
            if not _ID.fullmatch(element_id):
                raise refuse(element_id, line, f"a {name} needs an id that begins with a letter")
            if element_id in seen:
                raise refuse(element_id, line, "this id is used twice")
            seen.add(element_id)


def _one_start(diagram: Diagram, scope_id: str) -> None:
    starts = [n for n in map(diagram.nodes.__getitem__, diagram.scopes[scope_id]) if n.type == "startEvent"]
    if len(starts) != 1:
        raise refuse(scope_id, starts[-1].line if starts else 0, f"it has {len(starts)} start events instead of one")
    if starts[0].event and scope_id != diagram.process_id:
        raise refuse(starts[0].id, starts[0].line, "only the recipe's own process may wait for an event at its start")


def _node(node: Node) -> None:
    children = [str(c.tag).rpartition("}")[2] for c in node.element if isinstance(c.tag, str)]
    if node.type not in NODES:
        raise refuse(node.id, node.line, f"{node.type} is not executed here")
    if node.event not in EVENTS.get(node.type, {""}):
        raise refuse(node.id, node.line, f"{node.type} with {node.event or 'no event'} is not executed here")
    if sum(c.endswith("EventDefinition") or c == "eventDefinitionRef" for c in children) > bool(node.event):
        raise refuse(node.id, node.line, "an event has one event definition, its own")
    if node.element.find(f"{{{BPMN}}}timerEventDefinition/{{{BPMN}}}timeCycle") is not None:
        raise refuse(node.id, node.line, "a timer fires once; let a subprocess repeat instead")
    for name, meaning in _MISREAD.items():
        if node.element.get(name, "false") not in _HARMLESS:
            raise refuse(node.id, node.line, f"{meaning} is not executed here")
    loops = [c for c in children if c.endswith("LoopCharacteristics")]
    if loops and (len(loops) > 1 or node.type != "subProcess"):
        raise refuse(node.id, node.line, "only a subprocess repeats, and in one way")


def _flows(diagram: Diagram, node: Node) -> None:
    outgoing, incoming = diagram.outgoing.get(node.id, ()), diagram.incoming.get(node.id, ())
    if outgoing and node.type == "endEvent":
        raise refuse(node.id, node.line, "nothing follows an end event")
    if not outgoing and node.type != "endEvent":
        raise refuse(node.id, node.line, "the path stops here without an end event")
    if incoming and node.type in ("startEvent", "boundaryEvent"):
        raise refuse(node.id, node.line, "no sequence flow leads to a start or boundary event")
    if not incoming and node.type not in ("startEvent", "boundaryEvent"):
        raise refuse(node.id, node.line, "no sequence flow leads here")
    if len(outgoing) > 1 and node.type not in GATEWAYS:
        raise refuse(node.id, node.line, "only a gateway has several outgoing sequence flows")
    for flow in outgoing:
        target = diagram.nodes.get(flow.target)
        if target is None or {flow.scope, target.scope} != {node.scope}:
            raise refuse(flow.id, flow.line, "a sequence flow leads to a node of its own scope")
        if flow.condition and node.type != "exclusiveGateway":
            raise refuse(flow.id, flow.line, "only flows out of an exclusive gateway have a condition")


def _boundary(diagram: Diagram, node: Node) -> None:
    if node.type != "boundaryEvent":
        return
    host = diagram.nodes.get(node.attached_to)
    if host is None or host.scope != node.scope or host.type not in ACTIVITIES - INSTANT:
        raise refuse(node.id, node.line, "it is attached to no step, subprocess or call of its scope")
    if node.event == "escalationEventDefinition" and host.type not in SCOPED:
        raise refuse(node.id, node.line, "only a subprocess or a call can throw the escalation that it waits for")


def _no_circle(diagram: Diagram, scope_id: str) -> None:
    targets = {n: [f.target for f in diagram.outgoing.get(n, ())] for n in diagram.scopes[scope_id]}
    for node_id in diagram.scopes[scope_id]:
        if attached_to := diagram.nodes[node_id].attached_to:
            targets[attached_to].append(node_id)
    waiting = dict.fromkeys(targets, 0)
    for target in (t for found in targets.values() for t in found):
        waiting[target] += 1
    free = [n for n, count in waiting.items() if not count]
    for node_id in free:
        for target in targets[node_id]:
            waiting[target] -= 1
            if not waiting[target]:
                free.append(target)
    if len(free) < len(targets):
        first = diagram.nodes[next(n for n, count in waiting.items() if count)]
        raise refuse(first.id, first.line, "sequence flows run in a circle; let a subprocess repeat instead")


def _calls(diagram: Diagram) -> None:
    """A call activity calls another process of the same file, none calls itself, and no process is left out."""
    calls: dict[str, set[str]] = {}
    for node in diagram.nodes.values():
        if node.type == "callActivity":
            called = node.element.get("calledElement", "")
            if called not in diagram.scopes or called in diagram.nodes:
                raise refuse(node.id, node.line, f"it calls {called or 'nothing'}, which is no process of this file")
            calls.setdefault(list(diagram.ancestors(node.id))[-1], set()).add(called)
    called_at_all = set[str]().union(*calls.values())
    for process in diagram.root.findall(f"{{{BPMN}}}process"):
        process_id = process.get("id", "")
        if process.get("isExecutable", "true") not in ("true", "1"):
            raise refuse(process_id, process.sourceline, "the process is marked as not executable")
        if process_id != diagram.process_id and process_id not in called_at_all:
            raise refuse(process_id, process.sourceline, "nothing calls this process")
    _no_self_call(calls)


def _no_self_call(calls: dict[str, set[str]]) -> None:
    for process in calls:
        reached: set[str] = set()
        ahead = [process]
        while ahead:
            for called in calls.get(ahead.pop(), set()) - reached:
                reached.add(called)
                ahead.append(called)
        if process in reached:
            raise refuse(process, 0, "the process calls itself")
