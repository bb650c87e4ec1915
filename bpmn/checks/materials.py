"""A material that an instruction tells people to use stands in the step's list, so that its lot comes into the record.

Source: 21 CFR 211.188(b)(4): the identification of each component used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import Diagram, mes_elements

RULE = "materials"

_USED = r"\b(?:add|use|weigh|mix|dispense|pipette|dilute|wash with|rinse with|fill|transfer|thaw|dissolve|scan)"
_MOST = 2_000  # characters of an instruction that are looked at


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns where an instruction says to use a material of the recipe that the step doesn't list."""
    known = sorted({name for step in diagram.steps.values() for name in step.materials if name.strip()}, key=len, reverse=True)
    if not known or len(known) > 500:
        return
    names = "|".join(re.escape(name.lower()) for name in known)
    used = re.compile(rf"{_USED}\s+(?:[a-z0-9.,%]+\s+){{0,3}}?({names})(?![\w-])")
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        listed = {name.lower() for name in node.step.materials}
        for name in dict.fromkeys(used.findall(node.step.instruction.lower()[:_MOST])):
            if name not in listed:
                step = mes_elements(node.element, "step")[0]
                message = f"the instruction uses {shown(name)}, which the step does not list"
                yield at(step, RULE, message, "add it to the materials of the step", "warning", property="materials")
