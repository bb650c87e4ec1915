"""A recipe diagram into SpiffWorkflow specifications, one per scope.

Built from the diagram's nodes and flows, not by the library's parser: no recursion whatever the length, and nothing is
dropped silently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import EscalationEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.exceptions import WorkflowException

from bpmn import vocabulary as v
from bpmn.decision_tables import Table, judge, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import BPMN, Diagram, Flow, Node
from bpmn.expressions import ExpressionError, parse, parse_assignments
from engine.workflow import nodes
from engine.workflow.admission import SCOPED, admit, refuse
from engine.workflow.names import Names
from engine.workflow.reach import Reach

_SIMPLE: dict[str, Callable[..., Any]] = {
    "userTask": nodes.Person,
    "manualTask": nodes.Manual,
    "serviceTask": nodes.Service,
    "exclusiveGateway": nodes.Exclusive,
    "parallelGateway": nodes.Parallel,
}


@dataclass(slots=True)
class Specification:
    """The scopes of one recipe revision, ready to run, the routing names they read and write, and what follows what."""

    process_id: str
    names: Names
    reach: Reach
    scopes: dict[str, nodes.ScopeSpec] = field(default_factory=dict)


def build(diagram: Diagram) -> Specification:
    """The specification of a diagram. Raises UnsupportedDiagramError for what the engine would misread."""
    admit(diagram)
    names = Names.of(diagram)
    specification = Specification(diagram.process_id, names, Reach(diagram, names.users))
    for scope_id in diagram.scopes:
        specification.scopes[scope_id] = _Scope(diagram, specification.names, scope_id).build()
    return specification


class _Scope:
    """Builds one scope: first every node, then what stands around a node, then the flows."""

    def __init__(self, diagram: Diagram, names: Names, scope_id: str) -> None:
        self.diagram = diagram
        self.names = names
        self.spec = nodes.ScopeSpec(scope_id)
        self.members = [diagram.nodes[node_id] for node_id in diagram.scopes[scope_id]]
        self.entries: dict[str, Any] = {}  # the specification that a flow to this node leads to
        self.exits: dict[str, Any] = {}  # and the one that its own flows leave
        self.events: dict[str, list[Node]] = {}
        for node in self.members:
            if node.attached_to:
                self.events.setdefault(node.attached_to, []).append(node)

    def build(self) -> nodes.ScopeSpec:
        for node in self.members:
            try:
                self.entries[node.id] = self.exits[node.id] = self._make(node)
            except KeyError:
                raise refuse(node.id, node.line, "this id has a meaning of its own inside the engine") from None
        for node in self.members:
            self._surround(node)
        for node in self.members:
            self._connect(node)
            self._note_reads(node)
        for task_spec in self.spec.task_specs.values():
            try:
                task_spec.test()
            except WorkflowException as error:
                raise refuse(task_spec.name, 0, str(error)) from error
        return self.spec

    def _make(self, node: Node) -> Any:
        if node.type in _SIMPLE:
            return _SIMPLE[node.type](self.spec, node.id)
        if node.type == "scriptTask":
            return nodes.Script(self.spec, node.id, script=_script(node))
        if node.type == TASK:
            return nodes.Decision(self.spec, node.id, _table(node), self.names.asked_of(node.id))
        if node.type == "callActivity":
            called = node.element.get("calledElement", "")
            return nodes.Call(self.spec, node.id, subworkflow_spec=called)
        if node.type == "subProcess":
            return nodes.Subprocess(self.spec, node.id, subworkflow_spec=node.id)
        return self._make_event(node)

    def _make_event(self, node: Node) -> Any:
        definition = self._definition(node)
        if node.type == "boundaryEvent":
            return nodes.BoundaryEvent(self.spec, node.id, definition, cancel_activity=node.interrupting)
        if node.type == "intermediateCatchEvent":
            return nodes.CatchEvent(self.spec, node.id, definition)
        if node.type == "intermediateThrowEvent":
            return nodes.ThrowEvent(self.spec, node.id, event_definition=definition)
        if node.type == "startEvent":
            start = nodes.StartEvent(self.spec, node.id, definition)
            self.spec.start.connect(start)
            return start
        end = nodes.EndEvent(self.spec, node.id, event_definition=definition)
        end.connect(self.spec.end)
        return end

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
        definition = node.element.find(f"{{{BPMN}}}escalationEventDefinition")
        reference = definition.get("escalationRef", "") if definition is not None else ""
        if not reference and node.type == "boundaryEvent":
            return None
        for escalation in self.diagram.root.iter(f"{{{BPMN}}}escalation"):
            code = escalation.get("escalationCode")
            if reference and escalation.get("id") == reference and code:
                return code
        raise refuse(node.id, node.line, f"there is no escalation {reference} with a code".replace("  ", " "))

    def _surround(self, node: Node) -> None:
        """A loop goes around its subprocess, boundary events beside their activity, before any flow is connected."""
        main = self.exits[node.id]
        if node.type == "subProcess":
            self.entries[node.id] = self.exits[node.id] = self._repeated(node, main)
        events = [self.entries[event.id] for event in self.events.get(node.id, ())]
        if not events:
            return
        if node.type in SCOPED:
            main.boundary = tuple(events)
        main = self.exits[node.id]
        split = nodes.Split(self.spec, f"{node.id}.BoundaryEventSplit")
        settle = nodes.Settle(self.spec, f"{node.id}.BoundaryEventJoin", split_task=split.name, cancel=True)
        for task_spec in (main, *events):
            split.connect(task_spec)
            task_spec.connect(settle)
        self.entries[node.id] = split

    def _repeated(self, node: Node, child: nodes.Subprocess) -> nodes.Subprocess | nodes.Repeating:
        """The node that repeats a subprocess, or the subprocess itself."""
        standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
        if standard is None and several is None:
            return child
        del self.spec.task_specs[node.id]
        child.name = f"{node.id} [child]"
        self.spec.task_specs[child.name] = child
        loop: nodes.Repeating
        if standard is not None:
            loop = nodes.Loop(self.spec, node.id, child.name, *_standard(node, standard))
        else:
            loop = nodes.Instances(self.spec, node.id, child.name, cardinality=_cardinality(node, several))
        words = node.loop or v.Loop()
        loop.first, loop.variable, loop.label = words.first, words.name, words.label
        loop.forgets = self.names.in_loop[node.id]
        child.inputs, child.loop = [loop], loop
        return loop

    def _note_reads(self, node: Node) -> None:
        """Behind a loop also what was written inside it, which another iteration might have read."""
        written, _ = self.names.in_loop.get(node.id, (frozenset(), ()))
        if names := written | self.names.read_at.get(node.id, set()):
            self.exits[node.id].reads = names

    def _connect(self, node: Node) -> None:
        source, flows = self.exits[node.id], self.diagram.outgoing.get(node.id, ())
        for flow in flows:
            if node.type != "exclusiveGateway" or _is_default(node, flow, len(flows)):
                source.connect(self.entries[flow.target])
            else:
                _expression(flow.id, flow.line, flow.condition)
                source.connect_outgoing_if(flow.condition, self.entries[flow.target])


def _is_default(node: Node, flow: Flow, count: int) -> bool:
    """The default flow is taken whatever its condition says; a single flow without a condition is one too."""
    if not flow.condition and flow.id != node.default and count > 1:
        raise refuse(flow.id, flow.line, "it is not the default flow and has no condition")
    return flow.id == node.default or not flow.condition


def _script(node: Node) -> str:
    text = node.element.findtext(f"{{{BPMN}}}script") or ""
    try:
        if parse_assignments(text):
            return text
    except ExpressionError as error:
        raise refuse(node.id, node.line, str(error)) from None
    raise refuse(node.id, node.line, "the script is empty")


def _table(node: Node) -> Table:
    """The task's table. What it leaves out or answers twice depends on what is recorded, and stops the batch there."""
    read = table_of(node.element)
    if read.table is None:
        raise refuse(node.id, node.line, "the business rule task has no decision table")
    for problem in (*read.problems, *judge(read.table, coverage=False)):
        if problem.severity == "error":
            raise refuse(node.id, problem.line or node.line, f"its table is not run: {problem.message}")
    return read.table


def _standard(node: Node, element: etree._Element) -> tuple[int | None, str | None, bool]:
    """Maximum, condition and whether it is tested before the first iteration."""
    maximum = element.get("loopMaximum")
    condition = (element.findtext(f"{{{BPMN}}}loopCondition") or "").strip() or None
    if maximum is not None and not (maximum.isdecimal() and maximum.isascii() and len(maximum) < 10 and int(maximum)):
        raise refuse(node.id, node.line, "loopMaximum is a whole number from 1")
    if maximum is None and condition is None:
        raise refuse(node.id, node.line, "a loop has a condition or a maximum")
    if condition:
        _expression(node.id, node.line, condition)
    return int(maximum) if maximum else None, condition, element.get("testBefore", "false") in ("true", "1")


def _cardinality(node: Node, element: etree._Element | None) -> str:
    if element is None or element.get("isSequential", "false") not in ("true", "1"):
        raise refuse(node.id, node.line, "several instances at once are not executed here; make it sequential")
    if [str(c.tag).rpartition("}")[2] for c in element if isinstance(c.tag, str)] != ["loopCardinality"]:
        raise refuse(node.id, node.line, "a multi-instance activity has a loopCardinality and nothing else")
    text = (element.findtext(f"{{{BPMN}}}loopCardinality") or "").strip()
    _expression(node.id, node.line, text)
    return text


def _expression(element_id: str, line: int, text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        raise refuse(element_id, line, f"{text}: {error}") from None
