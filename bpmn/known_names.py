"""Which names an expression may use at a place of the diagram, and what kind of value each has."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from bpmn.decision_tables import output_names
from bpmn.decision_tables.place import TASK
from bpmn.diagram import BPMN, Diagram, Node
from bpmn.expressions import ExpressionError, parse_assignments
from bpmn.expressions.kinds import INSTANT, NUMBER, TEXT, TRUTH
from bpmn.expressions.values import Value
from bpmn.vocabulary import SERVICE_OUTPUTS, Loop, ParameterType

KIND_OF_TYPE: dict[str, Value] = {
    "num": NUMBER,
    "int": NUMBER,
    "bool": TRUTH,
    "choice": TEXT,
    "text": TEXT,
    "date_time": INSTANT,
}
Names = Mapping[str, Value | None]


class KnownNames:
    """The names of one diagram, collected once."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self.everywhere: dict[str, Value | None] = {
            f"order.{field.name}": KIND_OF_TYPE.get(field.type) for field in diagram.recipe.order_fields
        }
        for step_id, step in diagram.steps.items():
            self.everywhere[f"{step_id}.start"] = INSTANT
            self.everywhere[f"{step_id}.end"] = INSTANT
            for parameter in step.parameters:
                self.everywhere[f"{step_id}.{parameter.id}"] = KIND_OF_TYPE.get(parameter.type)
        self.scripted: dict[str, Value | None] = {}
        for node in diagram.nodes.values():
            self.scripted.update(dict.fromkeys(script_names(node)))
            if node.type == TASK:
                outputs = output_names(node.element)
                self.scripted.update({name: KIND_OF_TYPE[kind] for name, kind in outputs.items()})
            self.scripted.update({name: KIND_OF_TYPE[kind] for name, kind in service_names(node).items()})

    def at(self, node_id: str) -> Names:
        """What a condition or script at this node, or a loop condition of this subprocess, may use."""
        return ChainMap(self._loops(node_id), self.scripted, self.everywhere)

    def at_timer(self, node_id: str) -> Names:
        """What a due time may use. What scripts, decision tables and services give routes tokens and is no record of its own, so
        nothing is computed from it."""
        return ChainMap(self._loops(node_id), self.everywhere)

    def _loops(self, node_id: str) -> dict[str, Value | None]:
        return dict.fromkeys(loop_names(self._diagram, node_id), NUMBER)

    def in_step(self, step_id: str) -> Names:
        """What the formulas and limits of this step may use: also its own parameters, its times, its last iteration."""
        loops = loop_names(self._diagram, step_id)
        names: dict[str, Value | None] = {**dict.fromkeys(loops, NUMBER), "start": INSTANT, "end": INSTANT}
        for parameter in self._diagram.steps[step_id].parameters:
            names[parameter.id] = KIND_OF_TYPE.get(parameter.type)
            if loops:
                names[f"previous.{parameter.id}"] = KIND_OF_TYPE.get(parameter.type)
        return ChainMap(names, self.everywhere)


def loop_names(diagram: Diagram, node_id: str) -> list[str]:
    """The numbers of the iterations a node is in, innermost first; of a loop subprocess also its own."""
    around = [node_id, *diagram.ancestors(node_id)] if node_id in diagram.nodes else []
    loops = [diagram.nodes[scope] for scope in around if scope in diagram.nodes and is_loop(diagram.nodes[scope])]
    return [(loop.loop or Loop()).name for loop in loops]


def is_loop(node: Node) -> bool:
    """True for a subprocess that is repeated."""
    return any(
        node.element.find(f"{{{BPMN}}}{name}") is not None
        for name in ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
    )


def service_names(node: Node) -> dict[str, ParameterType]:
    """The routing names that a service task gives a value to, with the type of each."""
    outputs = SERVICE_OUTPUTS.get(node.service.action, {}) if node.service is not None else {}
    return {f"{node.id}.{name}": kind for name, kind in outputs.items()}


def script_names(node: Node) -> list[str]:
    """The routing names that a script task, a decision table or a service writes; none where it can't be read."""
    if node.type == TASK:
        return list(output_names(node.element))
    if node.type != "scriptTask":
        return list(service_names(node))
    try:
        return [line.name for line in parse_assignments(node.element.findtext(f"{{{BPMN}}}script") or "")]
    except ExpressionError:
        return []
