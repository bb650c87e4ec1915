"""What a recipe waits for from outside: a message that comes, a service task that another system does.

Nothing is connected that could report either, so a person does: each is a step of its own, open on the worklist, where
they write down what came and sign for it. No batch waits for something that nobody can see or act on.
"""

from __future__ import annotations

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram, Node

ROLES = ("MFG_OP", "MFG_SUP", "QC_ANL", "QA_FLR")
EVIDENCE = v.Parameter(id="evidence", name="What came or was done, and how that is known", type="text")


def awaited_steps(diagram: Diagram) -> dict[str, v.Step]:
    """A step for each message event and service task, by the id of its element."""
    return {node.id: _step(diagram, node) for node in diagram.nodes.values() if _from_outside(node)}


def _from_outside(node: Node) -> bool:
    catches = node.type in ("startEvent", "intermediateCatchEvent", "boundaryEvent")
    return node.type == "serviceTask" or (catches and node.event == "messageEventDefinition")


def _step(diagram: Diagram, node: Node) -> v.Step:
    name = node.name.strip() or _message_name(diagram, node) or node.id
    if node.type == "serviceTask":
        title, told = f"Done by another system: {name}", "Sign when the other system has done it."
    else:
        title, told = f"Message: {name}", "Sign when the message has come; until then leave this open."
    return v.Step(
        id=node.id,
        title=title,
        instruction=f"{told} Write down what shows it.",
        signatures=(v.Signature("P", ROLES, ("performed_by",)),),
        parameters=(EVIDENCE,),
    )


def _message_name(diagram: Diagram, node: Node) -> str:
    definition = node.element.find(f"{{{BPMN}}}messageEventDefinition")
    wanted = definition.get("messageRef") if definition is not None else None
    messages = diagram.root.iterfind(f"{{{BPMN}}}message")
    return next((m.get("name", "") for m in messages if wanted and m.get("id") == wanted), "")
