"""What is to be scanned exists: identifiers of the order, materials and equipment of the list.

Source: 21 CFR 211.130, 211.184(c): what goes into a batch is identified; a list that is never scanned proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram, Node
from bpmn.vocabulary import Scan

RULE = "scans"

_ADVICE = {"material": "list the materials of the step", "equipment": "list the equipment classes of the step"}


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses scans of nothing, and of more identifiers than an order has; warns of materials that nobody scans."""
    identifiers = sum(field.identifier for field in diagram.recipe.order_fields)
    listed = {name for step in diagram.steps.values() for name in (*step.materials, *step.equipment)}
    for node in diagram.nodes.values():
        if node.step is not None:
            for element, scan in zip(step_elements(node, "scan"), node.step.scans, strict=True):
                for message, advice in (*_nothing(diagram, node, scan, identifiers), *_left_out(scan, listed)):
                    yield at(element, RULE, message, advice, property="scans")
    yield from _never_scanned(diagram)


def _nothing(diagram: Diagram, node: Node, scan: Scan, identifiers: int) -> Iterator[tuple[str, str]]:
    assert node.step is not None
    if scan.minimum < 1:
        yield f"at least {scan.minimum} are to be scanned, which asks for nothing", "write 1 or more, or remove the scan"
    if scan.kind == "identity":
        if scan.minimum > identifiers:
            advice = 'mark order fields with identifier="true", or lower the minimum'
            yield f"{scan.minimum} identifiers are to be scanned, an order has {identifiers}", advice
        return
    steps = diagram.steps.values() if scan.scope == "recipe" else [node.step]
    if not any(step.materials if scan.kind == "material" else step.equipment for step in steps):
        yield f"{scan.kind} is to be scanned, but the {scan.scope} lists none", _ADVICE.get(scan.kind, "list it")


def _left_out(scan: Scan, listed: set[str]) -> Iterator[tuple[str, str]]:
    for name in (part.strip() for part in scan.omit.split(";")):
        if name and name not in listed:
            yield f"{shown(name)} is left out of the scan, but is in no list", "write it as it stands in the list"


def _never_scanned(diagram: Diagram) -> Iterator[Finding]:
    everywhere = [s for step in diagram.steps.values() for s in step.scans if (s.kind, s.scope) == ("material", "recipe")]
    if everywhere:
        return  # what that scan leaves out, its author left out
    for node in diagram.nodes.values():
        if node.step is None or any(scan.kind == "material" for scan in node.step.scans):
            continue
        for element in step_elements(node, "material"):
            message = f"{shown(element.get('name', ''))} is used here, but its lot is never scanned"
            advice = "add a scan of material to this step, or one of the whole recipe where materials are staged"
            yield at(element, RULE, message, advice, "warning", property="materials")
