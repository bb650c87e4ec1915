"""Every scope begins at one place: exactly one start event in the process and in each subprocess."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at
from bpmn.diagram import BPMN, Diagram

RULE = "start"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses scopes with no start event, with several, and flows into a start or out of an end."""
    processes = {process.get("id", ""): process for process in diagram.root.findall(f"{{{BPMN}}}process")}
    for scope, members in diagram.scopes.items():
        starts = [diagram.nodes[member] for member in members if diagram.nodes[member].type == "startEvent"]
        element = diagram.nodes[scope].element if scope in diagram.nodes else processes.get(scope)
        if not starts and element is not None and members:
            yield at(element, RULE, "there is no start event", "draw one")
        for start in starts[1:]:
            yield at(start.element, RULE, f"a second start event beside {starts[0].id}", "keep one start event")
    for node in diagram.nodes.values():
        if node.type in ("startEvent", "boundaryEvent") and diagram.incoming[node.id]:
            yield at(node.element, RULE, f"a flow leads into the {node.type}", "end the flow elsewhere")
        if node.type == "endEvent" and diagram.outgoing[node.id]:
            yield at(node.element, RULE, "a flow leads out of the end event", "end it at the last step")
