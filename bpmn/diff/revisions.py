"""Two revisions side by side: header, nodes, ways, and what stands beside the processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from bpmn import vocabulary as v
from bpmn.diagram import Flow, Node
from bpmn.diff.branches import Branches
from bpmn.diff.comparison import Comparison, Place, learn_renamed_parameters
from bpmn.diff.entries import Difference, Entry, Kind
from bpmn.diff.matching import KINDS_OF_NODES, SCOPES, Side, match, match_flows
from bpmn.diff.meanings import MEANINGS
from bpmn.diff.parts import Part
from bpmn.diff.subjects import EVENT_CODES, Structure, events_at, is_scope_of_both
from bpmn.diff.ways import OUT, home, moved, ways
from bpmn.diff.words import lines, sentence
from bpmn.known_names import is_loop

_SORTS = {
    "userTask": "step", "manualTask": "step", "exclusiveGateway": "choice", "parallelGateway": "parallel", "subProcess": "block",
    "scriptTask": "script", "serviceTask": "service", "businessRuleTask": "decision_table", "callActivity": "call",
    "startEvent": "event", "endEvent": "event", "boundaryEvent": "event", "intermediateCatchEvent": "event",
    "intermediateThrowEvent": "event",
}  # fmt: skip
_NODE_ATTRIBUTES = frozenset({"default", "name"})


def diff(old_xml: bytes, new_xml: bytes) -> Difference:
    """Every change from one revision to the other. Raises `DiagramError` where one of them can't be read."""
    old, new = Side.parse(old_xml), Side.parse(new_xml)
    entries = Revisions(old, new).entries() if old_xml != new_xml else ()
    return Difference(tuple(entries), old.diagram.hash, new.diagram.hash)


class Revisions:
    """The comparison of two diagrams."""

    def __init__(self, old: Side, new: Side) -> None:
        self.sides = (old, new)
        self.old, self.new = old, new
        self.match = match(old, new)
        self.flows = match_flows(old, new, self.match)
        self.comparison = Comparison(self.match.renamed)
        learn_renamed_parameters(self.comparison, self._steps)
        self.moved_groups = self._moved()
        self.moved = {node for group in self.moved_groups for node in group}
        self.structure = Structure(old, new, self.match, self.moved_groups)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Nodes that are in both diagrams; a broken draft may give a process the id of a node."""
        return ((o, n) for o, n in self.match.new_of.items() if o in self.old.nodes and n in self.new.nodes)

    def _steps(self) -> Iterator[tuple[str, Part, Part]]:
        for old_id, new_id in self._pairs():
            steps = [part.first("extensionElements", "mes:step") for part in (self.old.nodes[old_id], self.new.nodes[new_id])]
            if steps[0] and steps[1]:
                yield new_id, steps[0], steps[1]

    def entries(self) -> list[Entry]:
        found: list[tuple[float, Entry]] = []
        for number, (_, new_id) in enumerate(self._processes()):
            found += [(number - 1e9, entry) for entry in self._process(new_id)]
        found += [(1e9, entry) for entry in self._file()]
        found += [(1e9, entry) for entry in self._process_come_or_gone()]
        places = self._places()
        branches = self._branches()
        for old_id, new_id in self._pairs():
            here = replace(self._place(old_id, new_id), subject=self.structure.around(new_id))
            entries = [*self._node(old_id, new_id), *branches.compare(old_id, here)]
            found += [(places[new_id], entry) for entry in entries]
        found += [(places[node_id], entry) for node_id, entry in self._come_or_gone()]
        ordered = [entry for _, entry in sorted(found, key=lambda pair: pair[0])]
        return ordered or list(self._unexplained())

    # processes

    def _processes(self) -> list[tuple[str, str]]:
        return [(o, n) for o, n in self.match.new_of.items() if o in self.old.processes and n in self.new.processes]

    def _process(self, new_id: str) -> Iterator[Entry]:
        old_id = self.match.old_of[new_id]
        place = Place(old_id, new_id, "Recipe" if new_id == self.new.diagram.process_id else f"Process {new_id}")
        if old_id != new_id:
            yield place.entry("changed", "id", old_id, new_id, ("id_changed",))
        yield from self.comparison.of(place, self.old.processes[old_id], self.new.processes[new_id])

    def _file(self) -> Iterator[Entry]:
        """What stands beside the processes. Messages and escalations belong to the events that refer to them."""
        users = dict([*events_at(self.old, self.structure, is_old=True), *events_at(self.new, self.structure, is_old=False)])
        for entry in self.comparison.of(Place("", "", "The file"), self.old.root, self.new.root):
            of_event = entry.property in EVENT_CODES and entry.kind != "changed"
            user = users.get(f"{entry.property} {entry.item}", entry.subject) if of_event else entry.subject
            yield replace(entry, subject=user)

    def _process_come_or_gone(self) -> Iterator[Entry]:
        for process_id, part in self.old.processes.items():
            if process_id not in self.match.new_of:
                subject = self.structure.subject(process_id, is_old=True)
                place = Place(process_id, process_id, f"Process {process_id}", subject=subject)
                yield place.entry("removed", "process", lines(part), "", ("process_removed",), "")
        for process_id, part in self.new.processes.items():
            if process_id not in self.match.old_of:
                subject = self.structure.subject(process_id)
                place = Place(process_id, process_id, f"Process {process_id}", subject=subject)
                yield place.entry("added", "process", "", lines(part), ("process_added",), "")

    # nodes

    def _place(self, old_id: str, new_id: str) -> Place:
        step = new_id if new_id in self.new.diagram.steps else ""
        critical = dict.fromkeys(f"{new_id}.{name}" for name in (*_critical(self.old, old_id), *_critical(self.new, new_id)))
        if step and old_id in self.old.diagram.steps:
            subject = step
        elif is_scope_of_both(self.old, self.new, old_id, new_id):
            subject = self.structure.subject(new_id)
        else:
            subject = self.structure.around(new_id)
        return Place(old_id, new_id, self.new.called(new_id), step, critical=tuple(critical), subject=subject)

    def _node(self, old_id: str, new_id: str) -> Iterator[Entry]:
        place, old, new = self._place(old_id, new_id), self.old.nodes[old_id], self.new.nodes[new_id]
        before, after = self.old.diagram.nodes[old_id], self.new.diagram.nodes[new_id]
        if old_id != new_id:
            yield place.entry("changed", "id", old_id, new_id, ("id_changed",), "id")
        if before.type != after.type:
            yield place.entry("changed", "type", before.type, after.type, ("type_changed",), "kind of element")
        within = replace(place, subject=self.structure.around(new_id))
        if new_id in self.moved:
            yield from self._moved_entry(within, after)
        for entry in self.comparison.of(place, old, new, _NODE_ATTRIBUTES):
            yield replace(entry, subject=within.subject) if entry.property == "attachedToRef" else entry
        if before.name != after.name and _naming(before) != _naming(after):
            yield place.entry("changed", "name", before.name, after.name, ("renamed",))

    def _stands(self, side: Side, node_id: str) -> str:
        """Where a node stands, for people: after what, in which block."""
        diagram = side.diagram
        before = [side.called(flow.source) for flow in diagram.incoming.get(node_id, ())]
        scope = diagram.nodes[node_id].scope
        inside = f" in {side.called(scope)}" if scope in diagram.nodes else ""
        return (f"after {', '.join(before)}" if before else "first") + inside

    # what came and went

    def _come_or_gone(self) -> Iterator[tuple[str, Entry]]:
        sides: tuple[tuple[Kind, Side, dict[str, str]], ...] = (
            ("removed", self.old, self.match.new_of), ("added", self.new, self.match.old_of),
        )  # fmt: skip
        for kind, side, known in sides:
            alone = [node for node in side.diagram.nodes.values() if node.id not in known]
            splits = [node for node in alone if len(side.diagram.outgoing.get(node.id, ())) > 1]
            joins = Counter((node.type, node.scope) for node in splits)
            for node in alone:
                if not self._is_frame(side, node, joins):
                    yield node.id if kind == "added" else f"old/{node.id}", self._one_sided(side, node, kind)

    def _is_frame(self, side: Side, node: Node, joins: Counter[tuple[str, str]]) -> bool:
        """Whether a node is said by another: start and end by the block around them, a join by its split."""
        if side.nodes[node.id].parts or node.name:
            return False
        known = self.match.new_of if side is self.old else self.match.old_of
        if node.type in ("startEvent", "endEvent") and node.scope not in known:
            return True
        is_join = node.type.endswith("Gateway") and len(side.diagram.outgoing.get(node.id, ())) < 2
        if is_join and joins[node.type, node.scope] > 0:
            joins[node.type, node.scope] -= 1
            return True
        return False

    def _one_sided(self, side: Side, node: Node, kind: Kind) -> Entry:
        said = [self._stands(side, node.id), *self._branches_said(side, node), lines(side.nodes[node.id])]
        text = "\n".join(filter(None, said))
        critical = tuple(f"{node.id}.{name}" for name in _critical(side, node.id))
        meanings = (f"{_sort(node)}_{kind}", *(("critical_touched",) if critical else ()))
        old, new = (text, "") if kind == "removed" else ("", text)
        called = side.called(node.id)
        told = sentence(kind, (called,), "", old.partition("\n")[0], new.partition("\n")[0], meanings)
        step = node.id if node.step is not None else ""
        return Entry(
            kind, node.id, step, "", _sort(node), old, new, meanings, told, old_element_id=node.id, touches=critical,
            called=called, what=KINDS_OF_NODES.get(node.type, node.type),
            subject=self.structure.around(node.id, is_old=kind == "removed"),
        )  # fmt: skip

    def _branches_said(self, side: Side, node: Node) -> list[str]:
        flows = side.diagram.outgoing.get(node.id, ())
        if len(flows) < 2:
            return [f"if {flow.condition}" for flow in flows if flow.condition]
        said = []
        for flow in flows:
            when = f" if {flow.condition}" if flow.condition else " otherwise" if flow.id == node.default else ""
            said.append(f"way to {side.called(flow.target)}{when}")
        return said

    # ways

    def _name(self, is_old: bool) -> Callable[[str], str]:
        """The name that a node has in both diagrams; of what is in one of them only, a name that the other can't have."""
        known = self.match.new_of if is_old else {new: new for new in self.match.old_of}
        return lambda node_id: known.get(node_id) or f"{'old' if is_old else 'new'}/{node_id}"

    def _moved(self) -> list[set[str]]:
        """Nodes of both diagrams that stand elsewhere, by their new ids; what moved together is together."""
        elsewhere: dict[tuple[str, str], set[str]] = {}
        for old_id, new_id in self._pairs():
            homes = home(self.old, self.match, old_id, is_old=True), home(self.new, self.match, new_id, is_old=False)
            if homes[0] != homes[1]:
                elsewhere.setdefault(homes, set()).add(new_id)
        gone = {node for group in elsewhere.values() for node in group}
        old, new = ways(self.old, self._name(True)), ways(self.new, self._name(False))
        for graph in (old, new):
            for node in {*graph.after, *graph.before}:
                bare = node.removesuffix(OUT)
                if "/" in bare or bare in gone:
                    graph.take_out(node)
        groups = moved(old, new, lambda node: tuple(sorted((node, self.match.old_of.get(node, node)))))
        return [*elsewhere.values(), *({node.removesuffix(OUT) for node in group} for group in groups)]

    def _moved_entry(self, place: Place, node: Node) -> Iterator[Entry]:
        """What moved together is one entry, at the first of it."""
        together = next(group for group in self.moved_groups if node.id in group)
        diagram = self.new.diagram
        first = [n for n in together if not {flow.source for flow in diagram.incoming.get(n, ())} & together] or list(together)
        if node.id != min(first, key=self.new.places.__getitem__):
            return
        others = sorted(together - {node.id}, key=self.new.places.__getitem__)
        was, now = self._stands(self.old, place.old_id), self._stands(self.new, place.new_id)
        sort = _sort(node) if _sort(node) == _sort(self.old.diagram.nodes[place.old_id]) else "element"
        place = replace(place, item=", ".join(others), item_called=f"with {', '.join(others)}" if others else "")
        yield place.entry("moved", "place", was, now, (f"{sort}_moved",), "")

    def _branches(self) -> Branches:
        nexts = self._next_of(self.old, self._name(True)), self._next_of(self.new, self._name(False))
        return Branches(self.sides, self.moved, self.flows, self.comparison, nexts)

    def _next_of(self, side: Side, name: Callable[[str], str]) -> Callable[[Flow], str]:
        """The nodes of both diagrams that a flow comes to next, past what came, went or moved, as one text."""
        graph = ways(side, name)

        def leads_to(flow: Flow) -> str:
            found, seen, waiting = set(), set(), [name(flow.target)]
            while waiting:
                node = waiting.pop()
                if node in seen:
                    continue
                seen.add(node)
                if "/" in node.removesuffix(OUT) or node.removesuffix(OUT) in self.moved:
                    waiting.extend(graph.after.get(node, ()))
                else:
                    found.add(node)
            return " ".join(sorted(found))

        return leads_to

    # order, and what nothing named

    def _places(self) -> dict[str, float]:
        """The place in the recipe of every node of either diagram; what is gone stands where it stood."""
        places: dict[str, float] = {node_id: float(number) for number, node_id in enumerate(self.new.diagram.nodes)}
        last = -1.0
        for node_id in self.old.diagram.nodes:
            if (new_id := self.match.new_of.get(node_id, "")) in places:
                last = places[new_id]
            else:
                last += 1e-5
                places[f"old/{node_id}"] = last
        return places

    def _unexplained(self) -> Iterator[Entry]:
        """The last net: two files that differ beyond their drawing are never called alike."""
        if self._everything(self.old, self._name(True)) != self._everything(self.new, self._name(False)):
            yield Place("", "", "The file").entry("changed", "other", "", "", ("other",), "something that has no name here")

    def _everything(self, side: Side, known: Callable[[str], str]) -> list[str]:
        def name(node_id: str) -> str:
            return known(node_id) if node_id in side.diagram.nodes else node_id  # of a flow that leads nowhere

        flows = [
            f"{name(f.source)} {name(f.target)} {[p.said() for p in side.flows[f.id].parts]}" for f in side.diagram.flows.values()
        ]
        nodes = [f"{name(n.id)} {n.type} {[p.said() for p in side.nodes[n.id].parts]}" for n in side.diagram.nodes.values()]
        return sorted([*flows, *nodes, side.root.said(), *(part.said() for part in side.processes.values())])


def _sort(node: Node) -> str:
    """The word that meanings have for a kind of node."""
    if node.event == "timerEventDefinition":
        return "timer"
    if node.type in SCOPES and is_loop(node):
        return "loop"
    sort = _SORTS.get(node.type, "element")
    return sort if f"{sort}_added" in MEANINGS else "element"


def _naming(node: Node) -> str:
    """How a node is named in the drawing, with its id and its step's title, which are compared, left open."""
    title = node.step.title if node.step else ""
    text = node.name.replace(title, "{title}") if title else node.name
    return text.replace(node.id, "{id}")


def _critical(side: Side, node_id: str) -> list[str]:
    step = side.diagram.steps.get(node_id)
    return [p.id for p in step.parameters if p.parameter_class in v.CRITICAL_CLASSES] if step else []

