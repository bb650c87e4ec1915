"""Every step says who signs it and as what, with roles and meanings that exist.

Source: 21 CFR 11.50(a)(3): a signature has a meaning. 21 CFR 211.188(b)(11): who performed and who checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from lxml import etree

from bpmn.checks.report import Finding, at, shown, step_elements
from bpmn.diagram import Diagram
from bpmn.vocabulary import MEANINGS, ROLES, SlotCode

RULE = "verification"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses steps without signature, or with unknown slots, roles or meanings; at most one performer, and first."""
    for node in diagram.nodes.values():
        if node.step is None:
            continue
        if not node.step.signatures:
            yield at(node.element, RULE, "nobody signs the step", "give it a mes:signature", property="signatures")
        slots = zip(step_elements(node, "signature"), node.step.signatures, strict=True)
        for place, (element, slot) in enumerate(slots):
            if slot.code not in get_args(SlotCode):
                yield at(element, RULE, f"{shown(slot.code)} is no kind of signature", "use P, W, V or Q", property="signatures")
            if slot.code == "P" and place > 0:
                yield at(
                    element, RULE, "the performer signs after somebody else", "put P first, and only once", property="signatures"
                )
            for role in slot.roles or ("",):
                if role not in ROLES:
                    yield _none_of(ROLES, element, f"{shown(role)} is no role", "signatures")
            for meaning in slot.meanings or ("",):
                if meaning not in MEANINGS:
                    yield _none_of(MEANINGS, element, f"{shown(meaning)} is no meaning", "signatures")
        for role in node.step.decision_roles:
            if role not in ROLES:
                yield _none_of(ROLES, node.element, f"{shown(role)} decides, but is no role", "decisionRoles")


def _none_of(words: Iterable[str], element: etree._Element, message: str, place: str) -> Finding:
    return at(element, RULE, message, f"use one of {', '.join(words)}", property=place)
