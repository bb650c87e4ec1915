"""Which flows of its diagram a run takes: what a dry run has covered, told by the engine itself and not guessed at."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bpmn.decision_tables import evaluate, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram, Flow
from engine.workflow.script_engine import ENGINE

if TYPE_CHECKING:
    from engine.workflow.instance import Token

_BEFORE = (".BoundaryEventSplit", " [child]")


class Passage:
    """Counts flows that were taken, iterations that were begun, rules of decision tables that matched.

    Given to `Procedure.start` or `replay`.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.flows: Counter[str] = Counter()
        self.iterations: dict[str, int] = {}
        self.rules: Counter[tuple[str, int]] = Counter()
        self._tables = {n.id: table_of(n.element).table for n in diagram.nodes.values() if n.type == TASK}
        self._diagram = diagram
        self._flows: dict[tuple[str, str], list[Flow]] = {}
        for flow in diagram.flows.values():
            self._flows.setdefault((flow.source, flow.target), []).append(flow)

    def __call__(self, token: Token, task_spec: Any) -> None:
        """The token goes on to this specification."""
        source, target = _node(token.task_spec.name), _node(task_spec.name)
        if task_spec.name.endswith(_BEFORE[1]):
            done: int = token.internal_data["done"]
            self.iterations[target] = max(self.iterations.get(target, 0), done + 1)
        elif flows := self._flows.get((source, target)):
            self.flows[(flows[0] if len(flows) == 1 else self._taken(token, flows)).id] += 1
            if (table := self._tables.get(source)) is not None:
                scope = token.workflow
                outcome = evaluate(table, lambda name: scope.numbers.get(name) or scope.top_workflow.value(scope.prefix, name))
                self.rules.update((source, number) for number in outcome.rules)

    @property
    def nodes(self) -> set[str]:
        """The nodes that were reached: a flow led there, or (starts and boundary events) away from there."""
        found = set()
        for flow_id in self.flows:
            flow = self._diagram.flows[flow_id]
            found.add(flow.target)
            if self._diagram.nodes[flow.source].type in ("startEvent", "boundaryEvent"):
                found.add(flow.source)
        return found

    def _taken(self, token: Token, flows: list[Flow]) -> Flow:
        """Of several flows between the same two nodes the first that holds, as at the gateway itself."""
        default = self._diagram.nodes[flows[0].source].default
        for flow in flows:
            if flow.id != default and flow.condition and ENGINE.evaluate(token, flow.condition):
                return flow
        return next((f for f in flows if f.id == default or not f.condition), flows[0])


def _node(name: str) -> str:
    for ending in _BEFORE:
        name = name.removesuffix(ending)
    return name
