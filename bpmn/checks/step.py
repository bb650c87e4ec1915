"""Every task of a person is a step of the recipe: what is recorded there, and what it is called, is known.

A message may have a step too: it says who reports that the message has come, and what they write down.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, name_of, says_nothing
from bpmn.diagram import Diagram, mes_elements

RULE = "step"

_BY_PERSONS = frozenset({"userTask", "manualTask"})


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses user and manual tasks without exactly one `mes:step` with a title, and steps elsewhere."""
    for node in diagram.nodes.values():
        steps = mes_elements(node.element, "step")
        if node.event == "messageEventDefinition" and node.type != "endEvent":
            for step in steps[1:]:
                yield at(step, RULE, "the message has two mes:step", "keep one")
        elif node.type not in _BY_PERSONS:
            for step in steps:
                yield at(step, RULE, f"a {node.type} is not a step of a person", "use a user task")
        elif len(steps) != 1:
            number = "no" if not steps else str(len(steps))
            yield at(node.element, RULE, f"the {name_of(node.element)} has {number} mes:step", "give it exactly one")
        elif node.step is not None and says_nothing(node.step.title or node.name):
            yield at(node.element, RULE, "the step has no title", "write what is done there", property="title")
