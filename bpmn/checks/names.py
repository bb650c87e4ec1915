"""What is called the same is the same: no two fields of one step, and no two steps, share a name."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram, Node, mes_elements

RULE = "names"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of steps of one title, of parameters of one step without or of one name, and of what a step lists twice."""
    titles: dict[str, str] = {}
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        title = _plain(node.step.title or node.name)
        if title and title in titles:
            step = mes_elements(node.element, "step")[0]
            message = f"{titles[title]} has this title too"
            yield at(step, RULE, message, "say how the two differ", "warning", property="title")
        titles.setdefault(title, node.id)
        yield from _listed_twice(node)
        seen: dict[str, str] = {}
        for element, parameter in zip(step_elements(node, "parameter"), node.step.parameters, strict=True):
            name = _plain(parameter.name)
            if not name:
                yield at(element, RULE, f"{parameter.id} has no name", "write what is recorded", "warning", property="name")
            elif name in seen:
                message = f"{seen[name]} is called {shown(parameter.name)} too"
                yield at(element, RULE, message, "say how the two differ", "warning", property="name")
            seen.setdefault(name, parameter.id)


def _listed_twice(node: Node) -> Iterator[Finding]:
    for kind, attribute, place in (("material", "name", "materials"), ("equipment", "class", "equipment")):
        seen: set[str] = set()
        for element in step_elements(node, kind):
            name = _plain(element.get(attribute, ""))
            if name in seen:
                message = f"{shown(element.get(attribute, ''))} is listed twice"
                yield at(element, RULE, message, "keep one, or say how the two differ", "warning", property=place)
            seen.add(name)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
