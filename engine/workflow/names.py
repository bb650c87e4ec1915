"""Which routing values a recipe reads, who writes them, and where they begin anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bpmn import vocabulary as v
from bpmn.decision_tables import decision_names, output_names, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import BPMN, Diagram, Node
from bpmn.expressions import ExpressionError, parse, parse_assignments
from engine.workflow.admission import refuse

ORDER = "order"
_GIVING = frozenset({"userTask", "manualTask", "serviceTask"})


@dataclass(slots=True)
class Names:
    """`routing`: the names that come from outside, `order.weight_kg` and such as `S13.n_viable`.

    `of_node`: those that come with the completion of a node. `in_loop`: those written inside a loop, also by scripts,
    decision tables and in called processes, and the calls inside it, as paths `C1/`. `read_at`: those that a gateway, loop,
    script or decision table reads; `users`: the nodes that read or write a name.
    """

    routing: frozenset[str] = frozenset()
    order: frozenset[str] = frozenset()
    of_node: dict[str, frozenset[str]] = field(default_factory=dict)
    in_loop: dict[str, tuple[frozenset[str], tuple[str, ...]]] = field(default_factory=dict)
    read_at: dict[str, set[str]] = field(default_factory=dict)
    users: dict[str, set[str]] = field(default_factory=dict)

    def asked_of(self, node_id: str) -> frozenset[str]:
        """What the diagram asks of a decision table: the names of its outputs that a node reads."""
        asked = {name for found in self.read_at.values() for name in found}
        return frozenset(name.partition(".")[2] for name in asked if name.startswith(f"{node_id}."))

    @classmethod
    def of(cls, diagram: Diagram) -> Names:
        """Collects them. Raises UnsupportedDiagramError for a name that nothing in the diagram can give a value."""
        scripted = {name: node.id for node in diagram.nodes.values() for name in _assigned(node)}
        read: set[str] = set()
        read_at: dict[str, set[str]] = {}
        for element_id, line, scope, asked in _reads(diagram):
            found = asked - _numbers(diagram, scope)
            flow = diagram.flows.get(element_id)
            read_at.setdefault(flow.source if flow else element_id, set()).update(found)
            for name in found - scripted.keys():
                head, dot, _ = name.partition(".")
                if not dot or (head != ORDER and (head not in diagram.nodes or diagram.nodes[head].type not in _GIVING)):
                    raise refuse(element_id, line, f"nothing in the recipe gives {name} a value")
                read.add(name)
        of_node: dict[str, set[str]] = {}
        for name in read:
            of_node.setdefault(name.partition(".")[0], set()).add(name)
        names = cls(frozenset(read), frozenset(of_node.pop(ORDER, ())), {n: frozenset(s) for n, s in of_node.items()})
        for name, node_id in scripted.items():
            of_node.setdefault(node_id, set()).add(name)
        for node in diagram.nodes.values():
            if _repeats(node):
                names.in_loop[node.id] = _written_in(diagram, node.id, of_node)
        names.read_at = read_at
        written = ((node.id, set(_assigned(node))) for node in diagram.nodes.values())
        for node_id, used in (*read_at.items(), *of_node.items(), *written):
            for name in used:
                names.users.setdefault(name, set()).add(node_id)
        return names


def _written_in(diagram: Diagram, scope_id: str, written: dict[str, set[str]]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names that the nodes inside a scope write, however deep, and the paths of the calls that stand in it."""
    found: set[str] = set()
    seen, ahead, own = {scope_id}, [scope_id], {scope_id}
    calls: list[str] = []
    for scope in ahead:
        for node_id in diagram.scopes[scope]:
            found |= written.get(node_id, set())
            inner = diagram.nodes[node_id].element.get("calledElement") or node_id
            if inner != node_id and scope in own:
                calls.append(f"{node_id}/")
            elif scope in own:
                own.add(inner)
            if inner in diagram.scopes and inner not in seen:
                seen.add(inner)
                ahead.append(inner)
    return frozenset(found), tuple(calls)


def _assigned(node: Node) -> Iterator[str]:
    if node.type == TASK:
        yield from output_names(node.element)
    elif node.type == "scriptTask":
        try:
            yield from (a.name for a in parse_assignments(node.element.findtext(f"{{{BPMN}}}script") or ""))
        except ExpressionError:
            return  # refused, with its place, where the script task is built


def _reads(diagram: Diagram) -> Iterator[tuple[str, int, str, frozenset[str]]]:
    """The names that the engine will ask for: element id, line, scope whose loop numbers it sees, names."""
    for element_id, line, scope, text in _texts(diagram):
        yield element_id, line, scope, _names_in(text)
    for node in diagram.nodes.values():
        if node.type == TASK and (table := table_of(node.element).table) is not None:
            yield node.id, node.line, node.scope, decision_names(table)


def _texts(diagram: Diagram) -> Iterator[tuple[str, int, str, str]]:
    """Every expression but those of decision tables: element id, line, scope whose loop numbers it sees, text."""
    for flow in diagram.flows.values():
        if flow.condition:
            yield flow.id, flow.line, flow.scope, flow.condition
    for node in diagram.nodes.values():
        condition = node.element.findtext(f"{{{BPMN}}}standardLoopCharacteristics/{{{BPMN}}}loopCondition")
        cardinality = node.element.findtext(f"{{{BPMN}}}multiInstanceLoopCharacteristics/{{{BPMN}}}loopCardinality")
        for text, scope in ((condition, node.id), (cardinality, node.scope)):
            if text and text.strip():
                yield node.id, node.line, scope, text.strip()
        if node.type == "scriptTask":
            for line in (node.element.findtext(f"{{{BPMN}}}script") or "").split("\n"):
                if "=" in line:
                    yield node.id, node.line, node.scope, line.partition("=")[2].strip()


def _names_in(text: str) -> frozenset[str]:
    try:
        return parse(text).names
    except ExpressionError:
        return frozenset()  # refused, with its place, where the element is built


def _numbers(diagram: Diagram, scope: str) -> set[str]:
    """The loop numbers that an expression in a scope may read."""
    found = set()
    while scope in diagram.nodes:
        node = diagram.nodes[scope]
        if _repeats(node):
            found.add((node.loop or v.Loop()).name)
        scope = node.scope
    return found


def _repeats(node: Node) -> bool:
    return any(isinstance(c.tag, str) and c.tag.endswith("LoopCharacteristics") for c in node.element)
