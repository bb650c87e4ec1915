"""Which values are certainly recorded when a place of the diagram is reached, whatever way the batch took.

Where ways of a decision meet, only what each of them records is certain; at a parallel join, what any branch records.
A repeated part counts once, or not at all where it may be left out. What a condition has asked for is certain after it.
An event that an escalation leads to knows what is certain wherever that is thrown.
A process that is called sees the values of its callers; its own are not seen outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

from bpmn.diagram import BPMN, Diagram, Node
from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.reads import read_when
from bpmn.flow_order import FlowOrder
from bpmn.known_names import script_names
from bpmn.soundness.net import interrupting_catchers, interrupts_its_scope

ESCALATION, THROWS = "escalationEventDefinition", ("endEvent", "intermediateThrowEvent")
EVERYTHING = -1  # of a way that no batch leaves by: whatever is asked, it is no obstacle


class Assignment:
    """What is certain, as sets of names. Only `names` are followed; a diagram with a flow back has no answers."""

    def __init__(self, diagram: Diagram, names: Iterable[str]) -> None:
        self._diagram = diagram
        self._order = FlowOrder(diagram)
        self._bit = {name: 1 << place for place, name in enumerate(sorted(names))}
        self._catchers = interrupting_catchers(diagram)
        self._before: dict[str, int] = {}
        self._at_loop: dict[str, int] = {}
        self._own: dict[str, int] = {}
        self._calls: dict[str, list[int]] = {}
        sites: dict[str, int] = {}
        for node in diagram.nodes.values():
            if node.type == "callActivity":
                called = node.element.get("calledElement", "")
                sites[called] = sites.get(called, 0) + 1
        waiting = [(diagram.process_id, 0)]
        self._played: set[str] = set()  # a process that calls itself, or an id used twice, is played once
        while waiting:
            process, entry = waiting.pop()
            self._play(process, entry)
            for called, masks in list(self._calls.items()):
                if len(masks) == sites[called]:
                    waiting.append((called, reduce(and_, masks)))
                    del self._calls[called]

    def before(self, node_id: str) -> frozenset[str]:
        """What is certain when a node is reached; everything, where no answer is possible."""
        return self._names(self._before.get(node_id, EVERYTHING))

    def at_loop(self, node_id: str) -> frozenset[str]:
        """What is certain when the condition of a repeated subprocess is looked at for the first time."""
        return self._names(self._at_loop.get(node_id, EVERYTHING))

    def _names(self, mask: int) -> frozenset[str]:
        return frozenset(name for name, bit in self._bit.items() if mask & bit)

    def _mask(self, names: Iterable[str]) -> int:
        return reduce(or_, (self._bit.get(name, 0) for name in names), 0)

    def _play(self, scope: str, entry: int) -> int:
        """What is certain at the normal end of a scope."""
        order = self._order.topological(scope) if scope not in self._played else ()
        self._played.add(scope)
        for node_id in order:
            node = self._diagram.nodes[node_id]
            self._before[node_id] = self._arriving(node, entry)
            self._own[node_id] = self._recorded(node)
        if not order:
            return entry
        starts = [n for n in order if self._diagram.nodes[n].type == "startEvent"]
        until = self._until_the_end(order)
        stopped = [self._before[n] for n in order if self._diagram.nodes[n].event == "terminateEventDefinition"]
        return reduce(and_, stopped, entry | (until[starts[0]] if starts else 0))

    def _arriving(self, node: Node, entry: int) -> int:
        if node.type == "startEvent":
            return entry
        if node.attached_to:
            entered = self._before.get(node.attached_to, EVERYTHING) | self._mask([f"{node.attached_to}.start"])
            return entered | self._thrown(node)
        flows = self._diagram.incoming[node.id]
        masks = [self._before[f.source] | self._own[f.source] | self._asked(f.id) for f in flows if f.source in self._own]
        return reduce(or_ if node.type == "parallelGateway" else and_, masks) if masks else EVERYTHING

    def _thrown(self, catcher: Node) -> int:
        """What is certain wherever the escalation that an event waits for is thrown; of other events, nothing is."""
        if catcher.event != ESCALATION:
            return 0
        inside = [n for n in self._diagram.nodes.values() if catcher.attached_to in self._diagram.ancestors(n.id)]
        if any(n.type == "callActivity" for n in inside):
            return 0  # what is called may throw it too
        wanted = _reference(catcher)
        thrown = [n for n in inside if n.event == ESCALATION and n.type in THROWS and (not wanted or _reference(n) == wanted)]
        return reduce(and_, (self._before.get(n.id, 0) for n in thrown)) if thrown else 0

    def _asked(self, flow_id: str) -> int:
        """What the conditions have asked for when this way out of a decision is taken: they are tried in order."""
        flow = self._diagram.flows[flow_id]
        if self._diagram.nodes[flow.source].type != "exclusiveGateway":
            return 0
        found = 0
        for tried in self._diagram.outgoing[flow.source]:
            if tried.id == flow_id and tried.condition:
                return found | self._mask(_read(tried.condition, True))
            if tried.condition:
                found |= self._mask(_read(tried.condition, False))
        return found

    def _recorded(self, node: Node) -> int:
        """What is certain after a node because of it."""
        if node.step is not None:
            always = [p.id for p in node.step.parameters if not (p.when or p.optional)]
            return self._mask(f"{node.id}.{name}" for name in ("start", "end", *always))
        if node.type in ("scriptTask", "serviceTask"):
            return self._mask(script_names(node))
        if node.type == "businessRuleTask":
            return self._mask(name for name in self._bit if name.startswith(f"{node.id}."))
        if node.type == "subProcess":
            return self._repeated(node, self._play(node.id, self._before[node.id]))
        if node.type == "callActivity":
            self._calls.setdefault(node.element.get("calledElement", ""), []).append(self._before[node.id])
        return 0

    def _repeated(self, node: Node, once: int) -> int:
        several = node.element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
        if several is not None:
            return once if (several.findtext(f"{{{BPMN}}}loopCardinality") or "").strip().isdigit() else 0
        standard = node.element.find(f"{{{BPMN}}}standardLoopCharacteristics")
        if standard is None:
            return once
        first = standard.get("testBefore") == "true"
        self._at_loop[node.id] = self._before[node.id] if first else once
        asked = self._mask(_read((standard.findtext(f"{{{BPMN}}}loopCondition") or "").strip(), False))
        return asked if first else once | asked

    def _until_the_end(self, order: tuple[str, ...]) -> dict[str, int]:
        """For each node, what is recorded from there on whatever happens, once every branch has ended."""
        found: dict[str, int] = {}
        for node_id in reversed(order):
            node = self._diagram.nodes[node_id]
            if node.type == "endEvent" and interrupts_its_scope(self._diagram, node, self._catchers):
                found[node_id] = EVERYTHING
                continue
            flows = [f for f in self._diagram.outgoing[node_id] if f.target in found]
            ways = [found[f.target] | self._asked(f.id) for f in flows]
            ahead = reduce(or_ if node.type == "parallelGateway" else and_, ways) if ways else 0
            found[node_id] = self._own[node_id] | ahead
            for event in self._order.following(node_id):
                attached = self._diagram.nodes[event]
                if attached.attached_to == node_id and attached.interrupting:
                    found[node_id] &= found[event]
        return found


def _reference(node: Node) -> str:
    definition = node.element.find(f"{{{BPMN}}}{ESCALATION}")
    return definition.get("escalationRef", "") if definition is not None else ""


def _read(condition: str, outcome: bool) -> frozenset[str]:
    try:
        return read_when(parse(condition), outcome)
    except ExpressionError:
        return frozenset()
