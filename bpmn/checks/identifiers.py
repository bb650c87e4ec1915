"""Every element that a record may point to has an id of its own that nobody can mistake for another.

The engine drops a sequence flow without an id, although the XML is valid; of two elements with one id the last wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.checks.schema import FLOW_NODES
from bpmn.diagram import BPMN, Diagram
from bpmn.expressions import RESERVED

RULE = "identifiers"

NEEDED = FLOW_NODES | {"process", "sequenceFlow", "message", "escalation", "signal", "error", "lane", "participant"}
# No quotes (ids are used in XPath), no path characters (in file names), no dots (`step.parameter`, and the engine
# builds its own names with them), ASCII only (twins from other alphabets look the same).
FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}", re.ASCII)
_ENGINE_NAMES = frozenset({"start", "end", "root"})
_WORDS = RESERVED | {"order", "previous", "start", "end", "typename"}
_TWINS = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": "_"})


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses missing, malformed, doubled, reserved and look-alike ids."""
    seen: dict[str, etree._Element] = {}
    for element in diagram.root.iter(etree.Element):
        identifier = element.get("id")
        ours = element.tag.startswith(f"{{{BPMN}}}")
        if identifier is None:
            if ours and name_of(element) in NEEDED:
                yield at(element, RULE, f"{name_of(element)} has no id", "give it an id", property="id")
        elif _own_space(element):
            continue
        elif identifier in seen:
            line = seen[identifier].sourceline
            yield at(
                element, RULE, f"the id {shown(identifier)} is used twice (first in line {line})", "rename one", property="id"
            )
        else:
            seen[identifier] = element
            yield from _form(element, identifier)
    yield from _steps(diagram)


def _own_space(element: etree._Element) -> bool:
    """Elements of ours have ids within their step or recipe; `extensions` checks those."""
    return not element.tag.startswith("{http://www.omg.org/")


def _form(element: etree._Element, identifier: str) -> Iterator[Finding]:
    if not FORM.fullmatch(identifier):
        what = "letters (A-Z, a-z), digits, _ and -, beginning with a letter or _, at most 100"
        yield at(element, RULE, f"{shown(identifier)} is not a well-formed id", f"use {what}", property="id")
    elif name_of(element) in FLOW_NODES and identifier.lower() in _ENGINE_NAMES and identifier[0].isupper():
        yield at(element, RULE, f"{identifier} is a name that the engine uses itself", "choose another id", property="id")


def _steps(diagram: Diagram) -> Iterator[Finding]:
    twins: dict[str, str] = {}
    for step_id in diagram.steps:
        node = diagram.nodes[step_id]
        if step_id in _WORDS:
            yield at(node.element, RULE, f"{step_id} is a word of the expression language", "choose another id", property="id")
        plain = step_id.lower().translate(_TWINS)
        if plain in twins:
            yield at(node.element, RULE, f"{step_id} looks like {twins[plain]}", "rename one of the two", property="id")
        twins.setdefault(plain, step_id)
