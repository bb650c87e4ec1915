"""The nodes and flows of one scope as a graph, with what layout asks of it: order, and where branches meet again."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from bpmn.diagram import BPMN

_EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
# Modelers draw the kind of a task into its upper left corner: three lines of a name fit below it.
TASK_WIDTH, TASK_HEIGHT, GATEWAY, EVENT = 140, 90, 50, 36
BOUNDARY_GAP = 88
_NOT_SHAPES = {
    "extensionElements", "documentation", "sequenceFlow", "incoming", "outgoing", "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics", "ioSpecification", "property", "laneSet", "association", "auditing",
    "monitoring",
}  # fmt: skip


@dataclass(slots=True)
class Node:
    """A flow node; `boundaries` are the events at its edge, each with the end event right behind it, or ""."""

    id: str
    kind: str
    name: str
    element: etree._Element
    boundaries: list[tuple[str, str]] = field(default_factory=list)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height; a task with several events at its lower edge is wide enough for their names."""
        if self.kind in _EVENTS:
            return EVENT, EVENT
        if "ateway" in self.kind:
            return GATEWAY, GATEWAY
        return max(TASK_WIDTH, (len(self.boundaries) - 1) * BOUNDARY_GAP + EVENT), TASK_HEIGHT

    @property
    def is_gateway(self) -> bool:
        return "ateway" in self.kind

    @property
    def is_plain_end(self) -> bool:
        definitions = (child for child in self.element if str(child.tag).endswith("EventDefinition"))
        return self.kind == "endEvent" and next(definitions, None) is None

    @property
    def is_event(self) -> bool:
        return self.kind in _EVENTS


@dataclass(slots=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    name: str


@dataclass
class Graph:
    """One scope. `satellites` are boundary events and their end events: they stand at the node they belong to."""

    id: str
    nodes: dict[str, Node]
    flows: list[Flow]
    satellites: dict[str, str] = field(default_factory=dict)
    outgoing: dict[str, list[Flow]] = field(default_factory=dict)
    incoming: dict[str, list[Flow]] = field(default_factory=dict)

    @classmethod
    def read(cls, scope: etree._Element) -> Graph:
        """The graph of a process or subprocess element."""
        nodes: dict[str, Node] = {}
        flows: list[Flow] = []
        attached: dict[str, str] = {}
        for element in scope:
            if not isinstance(element.tag, str) or etree.QName(element).namespace != BPMN:
                continue
            kind, element_id = etree.QName(element).localname, element.get("id", "")
            if kind == "sequenceFlow":
                ends = element.get("sourceRef", ""), element.get("targetRef", "")
                flows.append(Flow(element_id, *ends, name_of(element)))
            elif kind not in _NOT_SHAPES:
                nodes[element_id] = Node(element_id, kind, name_of(element), element)
                if kind == "boundaryEvent":
                    attached[element_id] = element.get("attachedToRef", "")
        flows = [flow for flow in flows if flow.source in nodes and flow.target in nodes]
        graph = cls(scope.get("id", ""), nodes, flows)
        graph._connect(attached)
        return graph

    def _connect(self, attached: dict[str, str]) -> None:
        self.outgoing = {node: [] for node in self.nodes}
        self.incoming = {node: [] for node in self.nodes}
        for flow in self.flows:
            self.outgoing[flow.source].append(flow)
            self.incoming[flow.target].append(flow)
        for boundary, host in attached.items():
            if host not in self.nodes:
                continue
            self.satellites[boundary] = host
            ends = [f.target for f in self.outgoing[boundary] if self.nodes[f.target].kind == "endEvent"]
            end = ends[0] if len(ends) == 1 and len(self.incoming[ends[0]]) == 1 else ""
            self.nodes[host].boundaries.append((boundary, end))
            if end:
                self.satellites[end] = host

    def successors(self, node: str) -> list[Flow]:
        """The flows on from a node, and from its boundary events that lead further, in the order of the file."""
        own = list(self.outgoing[node])
        for boundary, end in self.nodes[node].boundaries:
            own += [] if end else self.outgoing[boundary]
        return own

    def order(self) -> list[str]:
        """Every node but satellites, each before what follows it, branch by branch in the order of the file."""
        roots = [n for n in self.nodes if n not in self.satellites and not self.incoming[n]]
        done: dict[str, None] = {}
        for root in reversed([*roots, *(n for n in self.nodes if n not in self.satellites and n not in roots)]):
            if root not in done:
                self._visit(root, done)
        return list(reversed(done))

    def _visit(self, root: str, done: dict[str, None]) -> None:
        """Depth first without recursion, last branch first; a way back (which no sound recipe has) is left out."""
        entered = {root}
        stack = [(root, iter(reversed(self.successors(root))))]
        while stack:
            node, ways = stack[-1]
            flow = next(ways, None)
            if flow is None:
                done[node] = None
                stack.pop()
            elif flow.target not in entered and flow.target not in done:
                entered.add(flow.target)
                stack.append((flow.target, iter(reversed(self.successors(flow.target)))))

    def main(self, order: list[str]) -> set[str]:
        """The nodes on a way to the usual end; what leads elsewhere stands aside.

        The usual end is the plain end furthest from the start, without the ways out of boundary events.
        """
        distance = {node: 0 if self.nodes[node].kind == "startEvent" else -1 for node in order}
        for node in order:
            for flow in self.outgoing[node] if distance[node] >= 0 else ():
                distance[flow.target] = max(distance[flow.target], distance[node] + 1)
        plain = [node for node in order if self.nodes[node].is_plain_end]
        found = {max(plain, key=distance.__getitem__)} if plain else set(order)
        for node in reversed(order):
            if any(flow.target in found for flow in self.successors(node)):
                found.add(node)
        return found

    def meetings(self, order: list[str], main: set[str]) -> dict[str, str]:
        """Where all ways on from a node meet again, "" when they don't (its immediate postdominator)."""
        meets: dict[str, str] = {"": ""}
        depth = {"": 0}
        rank = {node: index for index, node in enumerate(order)}
        for node in reversed(order):
            later = [flow.target for flow in self.successors(node) if rank[flow.target] > rank[node]]
            following = [target for target in later if target in main] or later
            common = following[0] if following else ""
            for other in following[1:]:
                while common != other:
                    if depth[common] >= depth[other]:
                        common = meets[common]
                    else:
                        other = meets[other]
            meets[node], depth[node] = common, depth[common] + 1
        return meets


def name_of(element: etree._Element) -> str:
    """The name of an element on one line."""
    return " ".join(element.get("name", "").split())
