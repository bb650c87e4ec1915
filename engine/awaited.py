"""What a recipe waits for from outside: a message that comes, a service task that another system does.

Nothing is connected that could report either, so a person does: each is a step of its own, open on the worklist, where
they write down what came and sign for it. No batch waits for something that nobody can see or act on. Who reports a
message, and what they write down, may be drawn as its step. What our own services do and send needs nobody.
"""

from __future__ import annotations

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram, Node

ROLES = ("MFG_OP", "MFG_SUP", "QC_ANL", "QA_FLR")
SENT_BY_SERVICES = frozenset({
    "recipe.superseded", "change.assessed", "change.approved", "change.returned", "change.rejected", "change.in_effect",
})  # fmt: skip
"""Messages of processes that a service of ours sends, by name."""
EVIDENCE = v.Parameter(id="evidence", name="What came or was done, and how that is known", type="text")


def awaited_steps(diagram: Diagram) -> dict[str, v.Step]:
    """A step for each message event and service task, by the id of its element."""
    return {node.id: node.step or _step(diagram, node) for node in diagram.nodes.values() if _from_outside(diagram, node)}


def message_name(diagram: Diagram, node: Node) -> str:
    """The name of the message that an event waits for; empty where it names none."""
    definition = node.element.find(f"{{{BPMN}}}messageEventDefinition")
    wanted = definition.get("messageRef") if definition is not None else None
    messages = diagram.root.iterfind(f"{{{BPMN}}}message")
    return next((m.get("name", "") for m in messages if wanted and m.get("id") == wanted), "")


def _from_outside(diagram: Diagram, node: Node) -> bool:
    if node.type == "serviceTask":
        return node.service is None
    catches = node.type in ("startEvent", "intermediateCatchEvent", "boundaryEvent")
    if not catches or node.event != "messageEventDefinition":
        return False
    return diagram.recipe.kind != "process" or message_name(diagram, node) not in SENT_BY_SERVICES


def _step(diagram: Diagram, node: Node) -> v.Step:
    name = node.name.strip() or message_name(diagram, node) or node.id
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

