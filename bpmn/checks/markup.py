"""Names and descriptions are plain text; what looks like markup or a template is shown as it is, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.diagram import BPMN, Diagram

RULE = "markup"

_LOOKS_LIKE = re.compile(r"</?[A-Za-z][^<>]*>|\{\{|\$\{|<%|javascript:", re.IGNORECASE)


def check(diagram: Diagram) -> Iterator[Finding]:
    """Warns of HTML, scripts and templates in texts: they do nothing here, and somebody may have meant otherwise."""
    for element in diagram.root.iter(f"{{{BPMN}}}*"):
        texts = {"name": element.get("name", "")}
        if name_of(element) == "documentation":
            texts["documentation"] = element.text or ""
        for place, text in texts.items():
            match = _LOOKS_LIKE.search(text[:100_000])
            if match is not None:
                message = f"markup in a text: {shown(match.group())}"
                yield at(element, RULE, message, "write plain text", "warning", property=place)
