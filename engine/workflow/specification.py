"""A recipe diagram into SpiffWorkflow specifications, one per scope.

Built from the diagram's nodes and flows, not by the library's parser: no recursion whatever the length, nothing dropped
silently, and only what is on the list below. `bpmn.checks` explains to people; here whatever would be misread is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import EscalationEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.specs.base import TaskSpec

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram, Flow, Node
from bpmn.expressions import ExpressionError, parse, parse_assignments
from engine.errors import UnsupportedDiagramError
from engine.workflow import nodes
from engine.workflow.names import Names

_ID = re.compile(r"[^\W\d][\w.\-]*")
_ACTIVITIES = {"userTask", "manualTask", "serviceTask", "scriptTask", "subProcess", "callActivity"}
_EVENTS = {
    "startEvent": {"", "messageEventDefinition", "timerEventDefinition"},
    "endEvent": {"", "terminateEventDefinition", "escalationEventDefinition"},
    "intermediateCatchEvent": {"messageEventDefinition", "timerEventDefinition"},
    "intermediateThrowEvent": {"", "escalationEventDefinition"},
    "boundaryEvent": {"messageEventDefinition", "timerEventDefinition", "escalationEventDefinition"},
}
_GATEWAYS = {"exclusiveGateway", "parallelGateway"}
_SCOPED = {"subProcess", "callActivity"}
_MISREAD = {  # attribute or child -> what it would mean
    "triggeredByEvent": "an event subprocess",
    "isForCompensation": "compensation",
    "parallelMultiple": "several events at once",
}


def refuse(element_id: str, line: int, what: str) -> UnsupportedDiagramError:
    """The refusal of one element, naming it and its line."""
    return UnsupportedDiagramError(f"{element_id or 'an element'} (line {line}): {what}", element=element_id, line=line)


@dataclass(slots=True)
class Specification:
    """The scopes of one recipe revision, ready to run, and the routing names they read and write."""

    process_id: str
    scopes: dict[str, nodes.ScopeSpec] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


def build(diagram: Diagram) -> Specification:
    """The specification of a diagram. Raises UnsupportedDiagramError for what the engine would misread."""
    _whole(diagram)
    names = Names.of(diagram)
    specification = Specification(diagram.process_id, names=names)
    for scope_id in diagram.scopes:
        specification.scopes[scope_id] = _Scope(diagram, names, scope_id).build()
    return specification


def _whole(diagram: Diagram) -> None:
    """Refuses a diagram that was not read whole, calls itself, or runs in circles."""
    if not diagram.process_id:
        raise refuse("", 0, "there is no process")
    seen: set[str] = set()
    for element in diagram.root.iter(f"{{{BPMN}}}*"):
        name = element.tag.rpartition("}")[2]
        if name not in _ACTIVITIES | _EVENTS.keys() | _GATEWAYS | {"sequenceFlow", "process"}:
            continue
        element_id, line = element.get("id", ""), element.sourceline or 0
        if not _ID.fullmatch(element_id):
            raise refuse(element_id, line, f"a {name} needs an id of letters and digits")
        if element_id in seen:
            raise refuse(element_id, line, "this id is used twice")
        seen.add(element_id)
    for scope_id in diagram.scopes:
        _acyclic(diagram, scope_id)
    _calls_end(diagram)


def _acyclic(diagram: Diagram, scope_id: str) -> None:
    """Repetition is a loop of a subprocess; a circle of sequence flows is refused."""
    targets = {n: [f.target for f in diagram.outgoing.get(n, ())] for n in diagram.scopes[scope_id]}
    for node_id in diagram.scopes[scope_id]:
        attached = diagram.nodes[node_id].attached_to
        if attached in targets:
            targets[attached].append(node_id)
    waiting = dict.fromkeys(targets, 0)
    for flow_targets in targets.values():
        for target in flow_targets:
            if target not in waiting:
                raise refuse(target, 0, "a sequence flow leads out of its scope or to nothing")
            waiting[target] += 1
    free = [n for n, count in waiting.items() if not count]
    for node_id in free:
        for target in targets[node_id]:
            waiting[target] -= 1
            if not waiting[target]:
                free.append(target)
    if len(free) < len(targets):
        first = next(n for n, count in waiting.items() if count)
        raise refuse(first, diagram.nodes[first].line, "sequence flows run in a circle; repeat by the loop of a subprocess")


def _calls_end(diagram: Diagram) -> None:
    """A call activity calls another process of the same file, and none calls itself, however indirectly."""
    calls: dict[str, set[str]] = {}
    for node in diagram.nodes.values():
        if node.type == "callActivity":
            called = node.element.get("calledElement", "")
            if called not in diagram.scopes or called in diagram.nodes:
                raise refuse(node.id, node.line, f"it calls {called or 'nothing'}, which is no process of this file")
            caller = list(diagram.ancestors(node.id))[-1]
            calls.setdefault(caller, set()).add(called)
    for process in calls:
        reached, ahead = set[str](), [process]
        while ahead:
            for called in calls.get(ahead.pop(), ()):
                if called == process:
                    raise refuse(process, 0, "the process calls itself")
                if called not in reached:
                    reached.add(called)
                    ahead.append(called)


@dataclass(slots=True)
class _Scope:
    """Builds one scope: first every node, then what belongs together, then the flows."""

    diagram: Diagram
    names: Names
    scope_id: str
    spec: nodes.ScopeSpec = field(init=False)
    entries: dict[str, TaskSpec] = field(default_factory=dict)
    exits: dict[str, TaskSpec] = field(default_factory=dict)
    attached: dict[str, list[Node]] = field(default_factory=dict)

    def build(self) -> nodes.ScopeSpec:
        self.spec = nodes.ScopeSpec(self.scope_id)
        members = [self.diagram.nodes[node_id] for node_id in self.diagram.scopes[self.scope_id]]
        self._one_start(members)
        for node in members:
            self._admit(node)
            try:
                self.entries[node.id] = self.exits[node.id] = self._make(node)
            except KeyError:
                raise refuse(node.id, node.line, "this id has a meaning of its own inside the engine") from None
            if node.attached_to:
                self.attached.setdefault(node.attached_to, []).append(node)
        for node in members:
            self._attach(node)
        for node in members:
            self._connect(node)
        for task_spec in self.spec.task_specs.values():
            task_spec.test()
        return self.spec

    def _one_start(self, members: list[Node]) -> None:
        starts = [n for n in members if n.type == "startEvent"]
        line = starts[-1].line if starts else 0
        if len(starts) != 1:
            raise refuse(self.scope_id, line, f"a scope has one start event, not {len(starts)}")
        if self.scope_id != self.diagram.process_id and starts[0].event:
            raise refuse(starts[0].id, line, "only the recipe's own process may wait for an event at its start")

    def _admit(self, node: Node) -> None:
        """Only what is on the list, in the place where it means what it says."""
        children = [c.tag.rpartition("}")[2] for c in node.element if isinstance(c.tag, str)]
        if node.type not in _ACTIVITIES | _EVENTS.keys() | _GATEWAYS:
            raise refuse(node.id, node.line, f"a {node.type} is not executed here")
        if node.type in _EVENTS and node.event not in _EVENTS[node.type]:
            raise refuse(node.id, node.line, f"a {node.type} with {node.event or 'no event'} is not executed here")
        if node.type not in _EVENTS and node.event:
            raise refuse(node.id, node.line, f"a {node.type} has no event")
        if sum(c.endswith("EventDefinition") or c == "eventDefinitionRef" for c in children) > bool(node.event):
            raise refuse(node.id, node.line, "an event has one event definition of its own")
        for name, meaning in _MISREAD.items():
            if node.element.get(name, "false") != "false":
                raise refuse(node.id, node.line, f"{meaning} is not executed here")
        loops = [c for c in children if c.endswith("LoopCharacteristics")]
        if loops and (len(loops) > 1 or node.type != "subProcess"):
            raise refuse(node.id, node.line, "only a subprocess may repeat, in one way")
        self._admit_flows(node)

    def _admit_flows(self, node: Node) -> None:
        outgoing = self.diagram.outgoing.get(node.id, ())
        incoming = self.diagram.incoming.get(node.id, ())
        ends = node.type == "endEvent"
        if ends == bool(outgoing):
            raise refuse(node.id, node.line, "nothing follows an end event" if ends else "a path stops here without an end event")
        if (node.type in ("startEvent", "boundaryEvent")) == bool(incoming):
            raise refuse(node.id, node.line, "it is never reached" if not incoming else "nothing leads to a start or boundary event")
        if len(outgoing) > 1 and node.type not in _GATEWAYS:
            raise refuse(node.id, node.line, "only a gateway has several outgoing sequence flows")
        for flow in outgoing:
            if flow.scope != self.scope_id or flow.target not in self.diagram.scopes[self.scope_id]:
                raise refuse(flow.id, flow.line, "a sequence flow stays within its scope")
            if flow.condition and node.type != "exclusiveGateway":
                raise refuse(flow.id, flow.line, "only flows out of an exclusive gateway have a condition")

    def _make(self, node: Node) -> TaskSpec:
        simple: dict[str, Callable[..., TaskSpec]] = {
            "userTask": nodes.Person,
            "manualTask": nodes.Manual,
            "serviceTask": nodes.Service,
            "exclusiveGateway": nodes.Exclusive,
            "parallelGateway": nodes.Parallel,
        }
        if node.type in simple:
            return simple[node.type](self.spec, node.id)
        if node.type == "scriptTask":
            return nodes.Script(self.spec, node.id, script=self._script(node))
        if node.type == "callActivity":
            called = node.element.get("calledElement")
            return nodes.Call(self.spec, node.id, called, gives=self.names.within[called])
        if node.type == "subProcess":
            return nodes.Subprocess(self.spec, node.id, subworkflow_spec=node.id)
        return self._make_event(node)

    def _make_event(self, node: Node) -> TaskSpec:
        definition = self._definition(node)
        if node.type == "startEvent":
            event = nodes.StartEvent(self.spec, node.id, definition)
            self.spec.start.connect(event)
            return event
        if node.type == "endEvent":
            event = nodes.EndEvent(self.spec, node.id, event_definition=definition)
            event.connect(self.spec.end)
            return event
        if node.type == "boundaryEvent":
            return nodes.BoundaryEvent(self.spec, node.id, definition, cancel_activity=node.interrupting)
        if node.type == "intermediateCatchEvent":
            return nodes.CatchEvent(self.spec, node.id, definition)
        return nodes.ThrowEvent(self.spec, node.id, event_definition=definition)

    def _definition(self, node: Node) -> EventDefinition:
        if node.event == "timerEventDefinition":
            return nodes.ExternalEvent("timer")
        if node.event == "messageEventDefinition":
            return nodes.ExternalEvent("message")
        if node.event == "terminateEventDefinition":
            return TerminateEventDefinition()
        if node.event == "escalationEventDefinition":
            return EscalationEventDefinition(node.id, self._escalation_code(node))
        return NoneEventDefinition()

    def _escalation_code(self, node: Node) -> str | None:
        """The code of the escalation; a boundary event without a reference catches every one."""
        reference = node.element.find(f"{{{BPMN}}}escalationEventDefinition").get("escalationRef", "")
        if not reference:
            if node.type == "boundaryEvent":
                return None
            raise refuse(node.id, node.line, "it throws an escalation without a code")
        for escalation in self.diagram.root.iter(f"{{{BPMN}}}escalation"):
            if escalation.get("id") == reference and escalation.get("escalationCode"):
                return str(escalation.get("escalationCode"))
        raise refuse(node.id, node.line, f"there is no escalation {reference} with a code")

    def _script(self, node: Node) -> str:
        text = node.element.findtext(f"{{{BPMN}}}script") or ""
        try:
            if not parse_assignments(text):
                raise refuse(node.id, node.line, "the script is empty")
        except ExpressionError as error:
            raise refuse(node.id, node.line, str(error)) from None
        return text

    def _attach(self, node: Node) -> None:
        """Loops go around their subprocess, boundary events beside their activity, before any flow is connected."""
        if node.type == "boundaryEvent":
            host = self.diagram.nodes.get(node.attached_to)
            if host is None or host.scope != self.scope_id or host.type not in _ACTIVITIES - {"scriptTask"}:
                raise refuse(node.id, node.line, "a boundary event is attached to a step or subprocess of its scope")
            if node.event == "escalationEventDefinition" and host.type not in _SCOPED:
                raise refuse(node.id, node.line, "only a subprocess or a call can throw the escalation that it waits for")
            return
        main = self.exits[node.id]
        if node.type == "subProcess":
            self.exits[node.id] = self.entries[node.id] = main = self._repeat(node, main)
        if events := self.attached.get(node.id):
            split = nodes.Split(self.spec, f"{node.id}.BoundaryEventSplit")
            settle = nodes.Settle(self.spec, f"{node.id}.BoundaryEventJoin", split_task=split.name, cancel=True)
            split.connect(main)
            main.connect(settle)
            for event in events:
                split.connect(self.entries[event.id])
                self.entries[event.id].connect(settle)
            self.entries[node.id] = split
            if node.type in _SCOPED:
                inner = self.spec.task_specs.get(f"{node.id} [child]", main)
                inner.boundary = tuple(self.entries[event.id] for event in events)

    def _repeat(self, node: Node, child: TaskSpec) -> TaskSpec:
        """The node that repeats a subprocess, or the subprocess itself."""
        standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
        if standard is None and several is None:
            return child
        del self.spec.task_specs[node.id]
        child.name = f"{node.id} [child]"
        self.spec.task_specs[child.name] = child
        if standard is not None:
            loop = self._standard(node, standard, child.name)
        else:
            loop = self._instances(node, several, child.name)
        words = node.loop or v.Loop()
        loop.first, loop.variable, loop.label = words.first, words.name, words.label
        loop.forgets = self.names.within[node.id]
        child.inputs = [loop]
        child.loop = loop
        return loop

    def _standard(self, node: Node, element: object, child: str) -> nodes.Loop:
        maximum = element.get("loopMaximum")
        condition = (element.findtext(f"{{{BPMN}}}loopCondition") or "").strip() or None
        if maximum is not None and not (maximum.isdecimal() and maximum.isascii() and int(maximum) >= 1):
            raise refuse(node.id, node.line, "loopMaximum is a whole number from 1")
        if maximum is None and condition is None:
            raise refuse(node.id, node.line, "a loop has a condition or a maximum")
        if condition:
            self._expression(node.id, node.line, condition)
        before = element.get("testBefore", "false") in ("true", "1")
        return nodes.Loop(self.spec, node.id, child, int(maximum) if maximum else None, condition, before)

    def _instances(self, node: Node, element: object, child: str) -> nodes.Instances:
        if element.get("isSequential", "false") not in ("true", "1"):
            raise refuse(node.id, node.line, "several instances at once are not executed here; make it sequential")
        others = [c.tag.rpartition("}")[2] for c in element if isinstance(c.tag, str)]
        if others != ["loopCardinality"]:
            raise refuse(node.id, node.line, "a multi-instance activity has a loopCardinality and nothing else")
        cardinality = (element.findtext(f"{{{BPMN}}}loopCardinality") or "").strip()
        self._expression(node.id, node.line, cardinality)
        return nodes.Instances(self.spec, node.id, child, cardinality=cardinality)

    def _expression(self, element_id: str, line: int, text: str) -> None:
        try:
            parse(text)
        except ExpressionError as error:
            raise refuse(element_id, line, str(error)) from None

    def _connect(self, node: Node) -> None:
        source = self.exits[node.id]
        flows = self.diagram.outgoing.get(node.id, ())
        for flow in flows:
            target = self.entries[flow.target]
            if node.type != "exclusiveGateway" or self._is_default(node, flow, len(flows)):
                source.connect(target)
            else:
                self._expression(flow.id, flow.line, flow.condition)
                source.connect_outgoing_if(flow.condition, target)

    def _is_default(self, node: Node, flow: Flow, count: int) -> bool:
        if flow.id == node.default or (count == 1 and not flow.condition):
            return True
        if not flow.condition:
            raise refuse(flow.id, flow.line, "neither a condition nor the default flow")
        return False
