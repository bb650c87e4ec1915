"""Who reads what a step records: whatever would lose its meaning if the step were gone, or recorded something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bpmn.decision_tables import decision_names, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, parse


@dataclass(frozen=True, slots=True)
class Reader:
    """Something at a node, flow or hold time that asks for `name` (`S20.moi`, `S20.end`, or `S20` for who signed it)."""

    name: str
    at: str
    words: str

    @property
    def sentence(self) -> str:
        """What needs what."""
        return f"{self.words[0].upper()}{self.words[1:]} needs {self.name}"


def readers(diagram: Diagram, step_id: str) -> Iterator[Reader]:
    """Everything outside of a step that names it, in the order of the diagram."""
    yield from _expressions(diagram, step_id)
    for node in diagram.nodes.values():
        if node.type == TASK and (table := table_of(node.element).table) is not None:
            for name in sorted(decision_names(table)):
                if name.partition(".")[0] == step_id:
                    yield Reader(name, node.id, f"the decision table {node.id}")
        if node.loop is not None and node.loop.previous == step_id:
            yield Reader(step_id, node.id, f"the first iteration of {node.id}, which takes its previous values from it")
        if node.service is not None and node.service.value.partition(".")[0] == step_id:
            yield Reader(node.service.value, node.id, f"the service {node.id}")
        if node.step is not None and node.id != step_id:
            for slot in node.step.signatures:
                if step_id in slot.differs:
                    yield Reader(step_id, node.id, f"the signature {slot.code} of {node.id}, which other people sign")
    for hold in diagram.recipe.hold_times:
        for name in (hold.from_event, *hold.to_events, *hold.links):
            if name.partition(".")[0] == step_id:
                yield Reader(name, hold.id, f"the hold time {hold.id}")


def _expressions(diagram: Diagram, step_id: str) -> Iterator[Reader]:
    for place in expression_places(diagram):
        if place.node_id == step_id or place.property == "decisionTable":
            continue
        try:
            names = parse(place.text).names
        except ExpressionError:
            continue
        flow = diagram.flows.get(place.node_id)
        where = f"the way from {flow.source} to {flow.target}" if flow is not None else place.node_id
        for name in sorted(names):
            if name.partition(".")[0] == step_id:
                yield Reader(name, place.node_id, f"{place.what} at {where}")
