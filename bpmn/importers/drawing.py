"""Blocks into BPMN: each block becomes its nodes and flows. Ids come from the tables, so they stay when drawn again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, write_element
from bpmn.importers.blocks import Body, Branch, Departure, Gateway, Loop, Stop, Task, Unit
from bpmn.layout import DC, DD, DI

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_DEPARTURE_SIGNATURES = (
    v.Signature("P", ("PROC",), ("technical_assessment_by",)),
    v.Signature("Q", ("MED",), ("risk_accepted_by",)),
    v.Signature("Q", ("QA_FLR",), ("approved_by_qa",)),
    v.Signature("Q", ("CLI_QA",), ("approved_by_client",)),
)
_DEPARTURE_PARAMETERS = (
    v.Parameter("reason", "Reason for going on", "text"),
    v.Parameter("risk", "Risk for the patient and the product", "text"),
    v.Parameter("mitigation", "What is done about the risk", "text"),
)


_FIRST = {f"{{{BPMN}}}documentation", f"{{{BPMN}}}extensionElements"}


@dataclass(frozen=True, slots=True)
class Pending:
    """A flow that has left its source and waits for its target.

    `number` is the order of the ways out of a gateway: the first whose condition holds is taken.
    """

    source: str
    condition: str = ""
    default: bool = False
    name: str = ""
    number: int = 0


@dataclass(slots=True)
class Scope:
    """A process or subprocess while it is filled."""

    id: str
    element: etree._Element
    parent: Scope | None = None
    nodes: dict[str, etree._Element] = field(default_factory=dict)
    flows: dict[str, tuple[Pending, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    terminated: bool = False


class Drawing:
    """The XML of a recipe, without the places of its shapes."""

    def __init__(self, recipe: v.Recipe, steps: Mapping[str, v.Step]) -> None:
        self._recipe = recipe
        self._steps = steps
        names = {"bpmn": BPMN, "bpmndi": DI, "dc": DC, "di": DD, "mes": v.NAMESPACE, "xsi": XSI}
        self._root = etree.Element(f"{{{BPMN}}}definitions", nsmap=names)
        self._root.set("id", f"{recipe.id}_definitions")
        self._root.set("targetNamespace", v.NAMESPACE)
        self._escalations: list[str] = []
        self._timers = _timers(recipe.hold_times)

    def draw(self, body: Body) -> etree._Element:
        """The definitions element with the whole process in it."""
        process = self._sub(self._root, "process", id=self._recipe.id, name=self._recipe.title, isExecutable="true")
        write_element(self._sub(process, "extensionElements"), "recipe", self._recipe)
        scope = Scope(self._recipe.id, process)
        self._fill(scope, body)
        for index, scope_id in enumerate(self._escalations):
            element = etree.Element(f"{{{BPMN}}}escalation")
            element.set("id", f"{scope_id}_escalation")
            element.set("name", f"{scope_id} terminated")
            element.set("escalationCode", f"{scope_id}_terminated")
            self._root.insert(index, element)
        return self._root

    # ------------------------------------------------------------------ scopes

    def _fill(self, scope: Scope, body: Body, due: str = "") -> None:
        start = self._node(scope, "startEvent", f"{scope.id}_start")
        exits = [Pending(start)]
        if due:
            exits = [self._due(scope, exits, due)]
        exits = self._body(scope, body, exits)
        if exits:
            self._node(scope, "endEvent", f"{scope.id}_end", exits)
        self._write_flows(scope)

    def _due(self, scope: Scope, exits: list[Pending], due: str) -> Pending:
        node = self._node(scope, "intermediateCatchEvent", f"{scope.id}_due", exits, name="Due")
        write_element(self._extension(scope.nodes[node]), "timer", v.Timer(due=due))
        self._definition(scope.nodes[node], "timer")
        return Pending(node)

    def _write_flows(self, scope: Scope) -> None:
        flows = sorted(scope.flows.items(), key=lambda item: item[1][0].number)
        for kind in ("outgoing", "incoming"):
            for flow_id, (pending, target) in reversed(flows):
                node = scope.nodes[pending.source if kind == "outgoing" else target]
                element = etree.Element(f"{{{BPMN}}}{kind}")
                element.text = flow_id
                node.insert(sum(child.tag in _FIRST for child in node), element)
        for flow_id, (pending, target) in flows:
            flow = self._sub(scope.element, "sequenceFlow", id=flow_id, sourceRef=pending.source, targetRef=target)
            if pending.name:
                flow.set("name", pending.name)
            if pending.condition:
                condition = self._sub(flow, "conditionExpression")
                condition.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
                condition.text = pending.condition
            if pending.default:
                scope.nodes[pending.source].set("default", flow_id)

    # ------------------------------------------------------------------ blocks

    def _body(self, scope: Scope, body: Iterable[Any], exits: list[Pending]) -> list[Pending]:
        for block in body:
            match block:
                case Task():
                    exits = [self._task(scope, block, exits)]
                case Departure():
                    exits = [self._departure(scope, block, exits)]
                case Stop():
                    exits = self._stop(scope, block, exits)
                case Gateway():
                    exits = self._gateway(scope, block, exits)
                case Unit():
                    exits = [self._subprocess(scope, block.id, block.name, block.body, exits)]
                case Loop():
                    exits = [self._loop(scope, block, exits)]
        return exits

    def _task(self, scope: Scope, block: Task, exits: list[Pending]) -> Pending:
        step = self._steps[block.id]
        self._node(scope, "userTask", block.id, exits, name=f"{block.id} {step.title}")
        self._step(scope.nodes[block.id], step)
        for hold in self._timers.get(block.id, ()):
            self._hold(scope, block.id, hold)
        return Pending(block.id)

    def _step(self, element: etree._Element, step: v.Step) -> None:
        written = write_element(self._extension(element), "step", step)
        del written.attrib["id"]  # it is the task's

    def _hold(self, scope: Scope, task: str, hold: v.HoldTime) -> None:
        boundary = self._node(
            scope, "boundaryEvent", f"{hold.id}_timer", name=hold.id, attachedToRef=task, cancelActivity="false"
        )
        write_element(self._extension(scope.nodes[boundary]), "timer", v.Timer(hold=hold.id))
        self._definition(scope.nodes[boundary], "timer")
        limits = " / ".join(limit for limit in (hold.nor, hold.par) if limit)
        self._node(scope, "endEvent", f"{hold.id}_end", [Pending(boundary)], name=f"{limits} {hold.uom}")

    def _departure(self, scope: Scope, block: Departure, exits: list[Pending]) -> Pending:
        after = self._steps[block.after]
        step = v.Step(
            id=block.id,
            title=f"Patient-specific departure after {after.id}",
            instruction=f"Decide, for this patient only, whether to go on although {after.id} asks for a departure "
            f"({block.condition}). Each of the named roles signs once.",
            unit_procedure=after.unit_procedure,
            day=after.day,
            kind="departure",
            rationale=after.rationale,
            signatures=_DEPARTURE_SIGNATURES,
            parameters=_DEPARTURE_PARAMETERS,
        )
        self._node(scope, "userTask", block.id, exits, name=step.title)
        self._step(scope.nodes[block.id], step)
        return Pending(block.id)

    def _stop(self, scope: Scope, block: Stop, exits: list[Pending]) -> list[Pending]:
        name = "Iteration ends" if block.loop else "Batch terminated"
        node = self._node(scope, "endEvent", block.id, exits, name=name)
        if block.loop or scope.parent is None:
            self._definition(scope.nodes[node], "terminate")
        else:
            scope.terminated = True
            self._definition(scope.nodes[node], "escalation", escalationRef=f"{scope.id}_escalation")
        return []

    def _gateway(self, scope: Scope, block: Gateway, exits: list[Pending]) -> list[Pending]:
        kind = "parallelGateway" if block.parallel else "exclusiveGateway"
        self._node(scope, kind, block.id, exits, name="" if block.parallel else block.name)
        if block.note:
            self._sub(scope.nodes[block.id], "documentation").text = block.note
        left: list[Pending] = []
        for number, branch in enumerate(block.branches):
            left += self._body(scope, branch.body, [self._way(block, branch, number)])
        if len(left) < 2:
            return left
        return [Pending(self._node(scope, kind, f"{block.id}_join", left))]

    def _way(self, block: Gateway, branch: Branch, number: int) -> Pending:
        if block.parallel:
            return Pending(block.id, number=number)
        return Pending(block.id, branch.condition, not branch.condition, _short(branch.condition) or "otherwise", number)

    def _loop(self, scope: Scope, block: Loop, exits: list[Pending]) -> Pending:
        first = block.first + block.maximum - 1
        name = f"{block.id} {block.counter.capitalize()} {block.first} to {first} at most"
        return self._subprocess(scope, block.id, name, block.body, exits, block)

    def _subprocess(
        self, scope: Scope, node: str, name: str, body: Body, exits: list[Pending], loop: Loop | None = None
    ) -> Pending:
        self._node(scope, "subProcess", node, exits, name=name)
        inner = Scope(node, scope.nodes[node], scope)
        if loop is not None:
            said = v.Loop(loop.label, loop.first, loop.counter, loop.previous)
            write_element(self._extension(inner.element), "loop", said)
            marker = self._sub(inner.element, "standardLoopCharacteristics", id=f"{node}_repeat", testBefore="false")
            marker.set("loopMaximum", str(loop.maximum))
            again = self._sub(marker, "loopCondition", id=f"{node}_again")
            again.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
            again.text = loop.again
        self._fill(inner, body, loop.due if loop else "")
        if inner.terminated:
            self._catch(scope, node)
        return Pending(node)

    def _catch(self, scope: Scope, node: str) -> None:
        """Lead an end of the batch out of a subprocess: through every scope around it, to the process."""
        self._escalations.append(node)
        boundary = self._node(scope, "boundaryEvent", f"{node}_terminated", name="Terminated", attachedToRef=node)
        self._definition(scope.nodes[boundary], "escalation", escalationRef=f"{node}_escalation")
        self._stop(scope, Stop(f"{node}_terminate_end"), [Pending(boundary)])

    # ------------------------------------------------------------------ elements

    def _node(self, scope: Scope, kind: str, node: str, exits: Iterable[Pending] = (), /, **attributes: str) -> str:
        scope.nodes[node] = self._sub(scope.element, kind, id=node, **attributes)
        for pending in exits:
            flow = f"{pending.source}_to_{node}"
            number = scope.counts[flow] = scope.counts.get(flow, 0) + 1
            scope.flows[f"{flow}_{number}" if number > 1 else flow] = (pending, node)
        return node

    def _extension(self, element: etree._Element) -> etree._Element:
        return self._sub(element, "extensionElements")

    def _definition(self, element: etree._Element, event: str, **attributes: str) -> None:
        self._sub(element, f"{event}EventDefinition", id=f"{element.get('id')}_event", **attributes)

    @staticmethod
    def _sub(parent: etree._Element, kind: str, /, **attributes: str) -> etree._Element:
        element = etree.SubElement(parent, f"{{{BPMN}}}{kind}")
        for key, value in attributes.items():
            if value:
                element.set(key, value)
        return element


def _short(condition: str) -> str:
    """A condition as the name of a flow, with long round numbers as powers of ten: 150000000 is 1.5e8."""

    def power(match: re.Match[str]) -> str:
        head, tail = match[1], match[2]
        return f"{head}{'.' if tail else ''}{tail}e{len(match[0]) - 1}"

    return re.sub(r"(?<![\w.])([1-9])(\d*?)0{5,}(?![\w.])", power, condition)


def _timers(holds: Iterable[v.HoldTime]) -> dict[str, list[v.HoldTime]]:
    """The maxima by the step they are drawn at: the last one that can end them."""
    found: dict[str, list[v.HoldTime]] = {}
    for hold in holds:
        if hold.kind == "max":
            found.setdefault(hold.to_events[-1].partition(".")[0], []).append(hold)
    return found
