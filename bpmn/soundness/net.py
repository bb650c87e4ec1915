"""One scope of a diagram as a net of choices, joins and ends, with edges that carry tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpmn.diagram import Diagram, Node

END, TERMINATE = "", " terminate"  # no id of a diagram can be equal to these
_SINKS = {"end": END, "terminate": TERMINATE}
Catchers = Mapping[str | None, set[str]]

# Node ids passed along an edge, joined in pairs: a chain of 5,000 folds in linear time, and flattens when it is shown.
Rope = Any


def flatten(rope: Rope) -> tuple[str, ...]:
    """The ids of a rope in order; names with a blank are the net's own, of no node of the diagram."""
    found: list[str] = []
    waiting = [rope]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(reversed(part))
        elif part and " " not in part:
            found.append(part)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Shape:
    """The structure of a scope, without anything else of the diagram: hashable.

    `nodes`: (id, kind, targets in order, targets of interrupting and of other boundary events). Kinds: `choice` for
    whatever passes a token on along one way, `join` for a parallel gateway, `end`, `terminate`.
    """

    scope: str
    start: str | None
    nodes: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]

    @classmethod
    def of(cls, diagram: Diagram, scope: str, catchers: Catchers) -> Shape:
        """The shape of that scope."""
        members = set(diagram.scopes[scope])
        attached: dict[str, tuple[list[str], list[str]]] = {}
        for member in diagram.scopes[scope]:
            node = diagram.nodes[member]
            if node.type == "boundaryEvent":
                attached.setdefault(node.attached_to, ([], []))[0 if node.interrupting else 1].append(member)
        nodes, start = [], None
        for member in diagram.scopes[scope]:
            node = diagram.nodes[member]
            if node.type == "startEvent":
                start = member
            targets = tuple(flow.target for flow in diagram.outgoing[member] if flow.target in members)
            interrupting, beside = attached.get(member, ([], []))
            nodes.append((member, _kind(diagram, member, catchers), targets, tuple(interrupting), tuple(beside)))
        return cls(scope, start, tuple(nodes))

    def dead(self, blocked: frozenset[str]) -> Iterator[str]:
        """Nodes that could be reached but never are, because these joins never pass a token on."""
        ahead = self._ahead()
        alive = self._reached(ahead, blocked)
        for node_id in self._reached(ahead, frozenset()):
            if node_id not in alive:
                yield node_id

    def path_to(self, node_id: str) -> tuple[str, ...]:
        """A shortest path of ids from the start to the node."""
        ahead = self._ahead()
        came: dict[str, str | None] = {str(self.start): None}
        waiting = [str(self.start)]
        for current in waiting:
            for target in ahead[current]:
                if target not in came:
                    came[target] = current
                    waiting.append(target)
        path, step = [], node_id if node_id in came else None
        while step is not None:
            path.append(step)
            step = came[step]
        return tuple(reversed(path))

    def _ahead(self) -> dict[str, tuple[str, ...]]:
        return {node_id: targets + stops + beside for node_id, _, targets, stops, beside in self.nodes}

    def _reached(self, ahead: dict[str, tuple[str, ...]], blocked: frozenset[str]) -> dict[str, None]:
        found: dict[str, None] = {str(self.start): None}
        waiting = [str(self.start)]
        for current in waiting:
            for target in ahead[current] if current not in blocked else ():
                if target not in found:
                    found[target] = None
                    waiting.append(target)
        return found


def _kind(diagram: Diagram, node_id: str, catchers: Catchers) -> str:
    node = diagram.nodes[node_id]
    if node.type == "parallelGateway":
        return "join"
    if node.type != "endEvent":
        return "choice"
    if node.event == "terminateEventDefinition":
        return "terminate"
    return "terminate" if interrupts_its_scope(diagram, node, catchers) else "end"


def interrupts_its_scope(diagram: Diagram, node: Node, catchers: Catchers) -> bool:
    """True where an escalation is thrown that is caught by interrupting: it withdraws the scope it is thrown in."""
    hosts = catchers.get(_escalation(node), set())
    return bool(hosts and hosts & set(diagram.ancestors(node.id)))


def interrupting_catchers(diagram: Diagram) -> Catchers:
    """Which subprocesses each escalation interrupts."""
    found: dict[str | None, set[str]] = {}
    for node in diagram.nodes.values():
        if node.type == "boundaryEvent" and node.interrupting and _escalation(node) is not None:
            found.setdefault(_escalation(node), set()).add(node.attached_to)
    return found


def _escalation(node: Node) -> str | None:
    definition = node.element.find("{*}escalationEventDefinition")
    return definition.get("escalationRef") if definition is not None else None


class Edge:
    """A way that a token can be on. `via` are the nodes folded into it."""

    __slots__ = ("source", "target", "via")

    def __init__(self, source: str, target: str, via: Rope = ()) -> None:
        self.source = source
        self.target = target
        self.via = via


class Net:
    """Nodes of three kinds, joined by edges.

    A token at a `choice` goes on along one edge; a `join` takes one from every edge into it and puts one on every edge
    out of it; a `maybe` puts one on its first edge, and on its second or not.
    """

    def __init__(self, shape: Shape) -> None:
        self.kinds: dict[str, str] = {END: "end", TERMINATE: "terminate"}
        self.ins: dict[str, dict[Edge, None]] = {END: {}, TERMINATE: {}}
        self.outs: dict[str, dict[Edge, None]] = {END: {}, TERMINATE: {}}
        self.start = str(shape.start)
        self._entry: dict[str, str] = {}
        for node_id, kind, _, _, beside in shape.nodes:
            self._add(node_id, kind, beside)
        for node_id, kind, targets, stops, beside in shape.nodes:
            if kind not in _SINKS:
                self._connect(node_id, targets + stops, beside)
        # what nothing leads to never has a token; the joins behind it wait for it, and so it stays

    def _add(self, node_id: str, kind: str, beside: tuple[str, ...]) -> None:
        if kind in _SINKS:  # several branches may come to one end event, each on its own
            self._entry[node_id] = _SINKS[kind]
            return
        names = [f"{node_id} beside {event}" for event in beside]
        for name in names:
            self._node(name, "maybe")
        self._node(node_id, "join" if kind == "join" else "choice")
        self._entry[node_id] = names[0] if names else node_id

    def _node(self, name: str, kind: str) -> None:
        self.kinds[name] = kind
        self.ins[name] = {}
        self.outs[name] = {}

    def _connect(self, node_id: str, targets: tuple[str, ...], beside: tuple[str, ...]) -> None:
        names = [f"{node_id} beside {event}" for event in beside]
        for name, following, event in zip(names, [*names, node_id][1:], beside, strict=True):
            self.edge(name, following)
            self.edge(name, self._entry[event])
        for target in targets:
            entry = self._entry[target]
            self.edge(node_id, entry, target if entry in (END, TERMINATE) else ())
        if not targets:
            self.edge(node_id, END)

    def edge(self, source: str, target: str, via: Rope = ()) -> Edge:
        """A new edge between two nodes."""
        edge = Edge(source, target, via)
        self.outs[source][edge] = None
        self.ins[target][edge] = None
        return edge

    def drop(self, edge: Edge) -> None:
        """Take an edge out."""
        del self.outs[edge.source][edge]
        del self.ins[edge.target][edge]

    def remove(self, node: str) -> None:
        """Take a node out that has no edges any more."""
        del self.kinds[node], self.ins[node], self.outs[node]
