"""Which element of one diagram is which of the other: by id first; where ids were rewritten, by what the element says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from bpmn.diagram import BPMN, Diagram, Node
from bpmn.diff.parts import Part, part_of

SCOPES = frozenset({"subProcess", "adHocSubProcess", "transaction"})


@dataclass(frozen=True)
class Side:
    """One of the two diagrams with what each of its nodes, flows and processes says."""

    diagram: Diagram
    _scopes: frozenset[etree._Element] = field(repr=False)
    _apart: frozenset[etree._Element] = field(repr=False)
    nodes: dict[str, Part] = field(default_factory=dict)
    flows: dict[str, Part] = field(default_factory=dict)
    processes: dict[str, Part] = field(default_factory=dict)

    @classmethod
    def parse(cls, xml: bytes) -> Side:
        """Read a diagram; raises `DiagramError` where the bytes are none."""
        diagram = Diagram.parse(xml)
        processes = {e.get("id", ""): e for e in diagram.root.findall(f"{{{BPMN}}}process")}
        nodes = {node.id: node.element for node in diagram.nodes.values()}
        scopes = {*processes.values(), *(n.element for n in diagram.nodes.values() if n.type in SCOPES)}
        flows = {e.get("id", ""): e for e in diagram.root.iter(f"{{{BPMN}}}sequenceFlow") if e.get("id", "") in diagram.flows}
        # What has an id of its own is compared by itself. An element whose id is used twice stays a part of its scope.
        apart = frozenset({*nodes.values(), *flows.values(), *processes.values()})
        side = cls(diagram, frozenset(scopes | {diagram.root}), apart)
        for into, elements in ((side.nodes, nodes), (side.flows, flows), (side.processes, processes)):
            into.update({key: side._said(element) for key, element in elements.items()})
        side._call_events_by_name()
        return side

    def _call_events_by_name(self) -> None:
        """A message or escalation is what it is called; its id means nothing by itself."""
        called = {e.get("id", ""): e.get("name", "") for e in self.diagram.root.findall(f"{{{BPMN}}}message")}
        called |= {e.get("id", ""): e.get("escalationCode", "") for e in self.diagram.root.findall(f"{{{BPMN}}}escalation")}
        for node in self.nodes.values() if called else ():
            for part in node.parts:
                for reference in {"messageRef", "escalationRef"} & set(part.values):
                    part.values[reference] = called.get(part.values[reference]) or part.values[reference]

    @cached_property
    def root(self) -> Part:
        """What stands beside the processes: messages, escalations, pools."""
        return self._said(self.diagram.root)

    def _said(self, element: etree._Element) -> Part:
        return part_of(element, self.is_part, keyed_by_id=self.is_scope(element))

    def is_part(self, element: etree._Element) -> bool:
        """Whether an element is compared as a part of the one around it, not by itself."""
        return element not in self._apart

    def is_scope(self, element: etree._Element) -> bool:
        """Whether an element holds nodes; what else stands in it is known by ids."""
        return element in self._scopes

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of every node in the file, for the order in which people read."""
        return {node_id: number for number, node_id in enumerate(self.diagram.nodes)}

    def title(self, node_id: str) -> str:
        """What people call a node: its name, a step's title, or what it is."""
        node = self.diagram.nodes.get(node_id)
        if node is None:
            return node_id
        return (node.step.title if node.step else "") or node.name or KINDS_OF_NODES.get(node.type, node.type)

    def called(self, node_id: str) -> str:
        """A node with its id: `S09 Harvest`; a start or end is called by what it is."""
        node, title = self.diagram.nodes.get(node_id), self.title(node_id)
        if node is not None and not node.name and node.type in ("startEvent", "endEvent"):
            return f"{title} of {node.scope}"
        return title if title.startswith(node_id) else f"{node_id} {title}"


KINDS_OF_NODES = {
    "startEvent": "the start", "endEvent": "the end", "exclusiveGateway": "choice", "parallelGateway": "parallel",
    "subProcess": "block", "boundaryEvent": "attached event", "intermediateCatchEvent": "awaited event",
    "intermediateThrowEvent": "event", "scriptTask": "script", "serviceTask": "service", "callActivity": "call",
    "businessRuleTask": "decision table", "userTask": "step", "manualTask": "step", "task": "task",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """The ids of nodes and processes of the old diagram that are still there, and what they are called in the new one."""

    new_of: dict[str, str]
    old_of: dict[str, str]

    @property
    def renamed(self) -> dict[str, str]:
        """Only those whose id changed."""
        return {old: new for old, new in self.new_of.items() if old != new}


def match(old: Side, new: Side, *, by_name: bool = False) -> Match:
    """Pairs the nodes of two diagrams. `by_name`: also where all our data is gone, by name and place alone."""
    pairs = {node_id: node_id for node_id in old.diagram.nodes if node_id in new.diagram.nodes}
    pairing = _Pairing(old, new, pairs, _processes(old, new))
    if len(pairs) < len(old.diagram.nodes) and len(pairs) < len(new.diagram.nodes):
        pairing.by(lambda side, node: (node.type, side.nodes[node.id].said()) if _says_something(side, node) else None)
        pairing.by(lambda side, node: (node.type, node.name) if node.name else None)
        pairing.by(lambda side, node: (node.type, side.title(node.id)) if node.step else None)
        while pairing.by(pairing.place) or pairing.by(pairing.content):
            pass
        if not by_name:
            pairing.drop_unlike()
    found = pairs | pairing.processes
    return Match(found, {new_id: old_id for old_id, new_id in found.items()})


def _processes(old: Side, new: Side) -> dict[str, str]:
    pairs = {name: name for name in old.processes if name in new.processes}
    if old.diagram.process_id not in pairs and new.diagram.process_id not in pairs.values():
        pairs[old.diagram.process_id] = new.diagram.process_id
    return pairs


def _says_something(side: Side, node: Node) -> bool:
    return bool(node.step or node.name or side.nodes[node.id].parts)


def match_flows(old: Side, new: Side, nodes: Match) -> dict[str, str]:
    """The flows of the old diagram that still lead from the same node to the same node; ids alone mean nothing."""
    ends: dict[tuple[str, str], list[str]] = {}
    for flow in new.diagram.flows.values():
        ends.setdefault((flow.source, flow.target), []).append(flow.id)
    found: dict[str, str] = {}
    waiting = []
    for flow in old.diagram.flows.values():
        same = ends.get((nodes.new_of.get(flow.source, ""), nodes.new_of.get(flow.target, "")), [])
        if flow.id in same:
            found[flow.id] = flow.id
            same.remove(flow.id)
        elif same:
            waiting.append((flow.id, same))
    for flow_id, same in waiting:
        if same:
            found[flow_id] = same.pop(0)
    return found


@dataclass(slots=True)
class _Pairing:
    """Pairs found so far; each pass adds those nodes that a key tells apart on both sides."""

    old: Side
    new: Side
    pairs: dict[str, str]
    processes: dict[str, str]
    by_id: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.by_id = frozenset(self.pairs)

    def by(self, key: Callable[[Side, Node], Hashable]) -> bool:
        """Pairs what has the same key, if that is one node on each side; whether anything was found."""
        taken = set(self.pairs.values())
        old = _grouped(self.old, (n for n in self.old.diagram.nodes.values() if n.id not in self.pairs), key)
        new = _grouped(self.new, (n for n in self.new.diagram.nodes.values() if n.id not in taken), key)
        found = {ids[0]: new[k][0] for k, ids in old.items() if len(ids) == 1 and len(new.get(k, ())) == 1}
        self.pairs.update(found)
        return bool(found)

    def place(self, side: Side, node: Node) -> Hashable:
        """Where a node stands among nodes that are paired already, in the words of the new diagram."""
        known = self.pairs if side is self.old else {new: new for new in self.pairs.values()}
        before = tuple(sorted(known.get(f.source, "?") for f in side.diagram.incoming.get(node.id, ())))
        after = tuple(sorted(known.get(f.target, "?") for f in side.diagram.outgoing.get(node.id, ())))
        host = known.get(node.attached_to, "")
        if not host and all(name == "?" for name in (*before, *after)):
            return None
        if "?" in before and "?" in after:
            return None
        return (node.type, node.event, before, after, host)

    def content(self, side: Side, node: Node) -> Hashable:
        """A block is the one that holds the same nodes."""
        if node.type not in SCOPES:
            return None
        known = self.pairs if side is self.old else {new: new for new in self.pairs.values()}
        inside = frozenset(known[inner] for inner in side.diagram.scopes.get(node.id, ()) if inner in known)
        return (node.type, inside) if inside else None

    def drop_unlike(self) -> None:
        """Another step in the same place is another step: only what says much the same counts as renamed."""
        for old_id, new_id in list(self.pairs.items()):
            if old_id not in self.by_id and not self._alike(old_id, new_id):
                del self.pairs[old_id]

    def _alike(self, old_id: str, new_id: str) -> bool:
        old, new = self.old.diagram.nodes[old_id], self.new.diagram.nodes[new_id]
        if not (old.step or new.step or old.type.endswith("ask")):
            return True
        if self.old.title(old_id) == self.new.title(new_id):
            return True
        asked = [{p.id for p in node.step.parameters} if node.step else set() for node in (old, new)]
        return bool(asked[0]) and len(asked[0] & asked[1]) * 2 > len(asked[0] | asked[1])


def _grouped(side: Side, nodes: Iterable[Node], key: Callable[[Side, Node], Hashable]) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = {}
    for node in nodes:
        if (value := key(side, node)) is not None:
            found.setdefault(value, []).append(node.id)
    return found
