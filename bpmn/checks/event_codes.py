"""Every escalation and message has one meeting place: thrown inside what catches it, under a code nobody else uses.

The engine delivers an escalation also to the handlers of sibling scopes, so a code must be caught at one place only.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram, Node

RULE = "event_codes"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses events without a code, codes defined or caught twice, and escalations that nobody catches or throws."""
    yield from _definitions(diagram, "escalation", "escalationCode")
    yield from _definitions(diagram, "message", "name")
    thrown: dict[str, list[Node]] = {}
    caught: dict[str, list[Node]] = {}
    messages: dict[str, Node] = {}
    for node in diagram.nodes.values():
        reference = _reference(node)
        if reference is None:
            continue
        if not reference:
            yield at(node.element, RULE, "the event names no message or escalation", "give it a reference", property="reference")
        elif node.event == "messageEventDefinition":
            if reference in messages:
                yield at(node.element, RULE, f"{reference} is awaited at {messages[reference].id} too", "use another message")
            messages[reference] = node
        else:
            (caught if node.type == "boundaryEvent" else thrown).setdefault(reference, []).append(node)
    yield from _escalations(diagram, thrown, caught)


def _reference(node: Node) -> str | None:
    for name in ("escalation", "message"):
        definition = node.element.find(f"{{{BPMN}}}{name}EventDefinition")
        if definition is not None:
            return definition.get(f"{name}Ref", "")
    return None


def _definitions(diagram: Diagram, name: str, attribute: str) -> Iterator[Finding]:
    codes: dict[str, str] = {}
    for element in diagram.root.findall(f"{{{BPMN}}}{name}"):
        code = element.get(attribute, "")
        if not code:
            yield at(element, RULE, f"the {name} has no {attribute}", f"write its {attribute}", property=attribute)
        elif code in codes:
            yield at(element, RULE, f"{shown(code)} is the code of {codes[code]} too", "choose another code", property=attribute)
        codes.setdefault(code, element.get("id", ""))


def _escalations(diagram: Diagram, thrown: dict[str, list[Node]], caught: dict[str, list[Node]]) -> Iterator[Finding]:
    around = _call_sites(diagram)
    for reference, catchers in caught.items():
        for second in catchers[1:]:
            yield at(second.element, RULE, f"{reference} is caught at {catchers[0].id} too", "use another escalation")
        if reference not in thrown:
            yield at(catchers[0].element, RULE, f"nothing throws {reference}", "throw it inside, or remove the event")
    for reference, throwers in thrown.items():
        hosts = {catcher.attached_to for catcher in caught.get(reference, [])}
        for thrower in throwers:
            if not hosts & _enclosing(diagram, thrower.id, around):
                yield at(thrower.element, RULE, f"nobody around catches {reference}", "catch it at the subprocess")


def _call_sites(diagram: Diagram) -> dict[str, list[str]]:
    sites: dict[str, list[str]] = {}
    for node in diagram.nodes.values():
        if node.type == "callActivity":
            sites.setdefault(node.element.get("calledElement", ""), []).append(node.id)
    return sites


def _enclosing(diagram: Diagram, node_id: str, sites: dict[str, list[str]]) -> set[str]:
    """The subprocesses and call activities around a node, also those that call its process."""
    found: set[str] = set()
    waiting = [node_id]
    while waiting:
        for scope in diagram.ancestors(waiting.pop()):
            for outer in [scope] if scope in diagram.nodes else sites.get(scope, []):
                if outer not in found:
                    found.add(outer)
                    if outer != scope:
                        waiting.append(outer)
    return found
