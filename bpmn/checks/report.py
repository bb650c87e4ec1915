"""What the checks say: findings, and the report of all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from bpmn.diagram import Node, mes_elements
from bpmn.reading import DiagramError
from bpmn.vocabulary import NAMESPACE

_SAYS_NOTHING = re.compile(
    r"[\W_]*|t\.?b\.?[dca]\.?|to be (?:defined|determined|done|confirmed)|n\.?\s?/?\s?a\.?|todo|x{2,}|none|offen|fehlt noch",
    re.IGNORECASE,
)
_NAMED_BY = {f"{{{NAMESPACE}}}parameter": "id", f"{{{NAMESPACE}}}holdTime": "id", f"{{{NAMESPACE}}}orderField": "name"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a diagram: the rule, the element and its line, and what to do.

    An `error` keeps the diagram from being loaded, a `warning` does not. `path` lists the elements that lead to the
    problem, in the order a batch would take them. `parameter` is the id of the step's parameter, of the recipe's hold
    time or of its order field, and `property` the attribute at fault (`norLow`, `title`, `condition`, `signatures`), so
    that an editor shows the finding beside the field; empty where the element as a whole is meant.
    """

    rule: str
    message: str
    what_to_do: str
    element_id: str = ""
    line: int = 0
    severity: Literal["error", "warning"] = "error"
    path: tuple[str, ...] = ()
    parameter: str = ""
    property: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.element_id}" if self.element_id else "")
        way = f" [{' > '.join(self.path)}]" if self.path else ""
        return f"{where}: {self.severity} {self.rule}: {self.message}{way}; {self.what_to_do}"


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one diagram, by line. Only a report that is `ok` lets a diagram be loaded."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True when nothing but warnings was found."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the diagram from being loaded."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def new_errors(self, *others: Report) -> tuple[Finding, ...]:
        """The errors that none of the other reports has, wherever they stand in the file."""
        known = {_said(finding) for other in others for finding in other.errors}
        return tuple(finding for finding in self.errors if _said(finding) not in known)


def _said(finding: Finding) -> tuple[str, ...]:
    """A finding without the place in the file."""
    return finding.rule, finding.element_id, finding.parameter, re.sub(r"line \d+", "line", finding.message)


def at(
    element: etree._Element,
    rule: str,
    message: str,
    what_to_do: str,
    severity: Literal["error", "warning"] = "error",
    path: tuple[str, ...] = (),
    property: str = "",
) -> Finding:
    """A finding at an XML element: named by the id of the nearest BPMN element that has one, itself or around it.

    A parameter, hold time or order field on that way is named too.
    """
    parameter = ""
    named: etree._Element | None = element
    while named is not None and not (named.get("id") and str(named.tag).startswith("{http://www.omg.org/")):
        if not parameter and named.tag in _NAMED_BY:
            parameter = named.get(_NAMED_BY[str(named.tag)], "")
        named = named.getparent()
    element_id = named.get("id", "") if named is not None else ""
    line = line_of(element)
    return Finding(rule, message, what_to_do, element_id[:100], line, severity, path, parameter[:100], property)


def unreadable(error: DiagramError) -> Finding:
    """The finding for bytes that can't be read at all."""
    return Finding(error.rule, error.message, error.what_to_do, error.element_id, error.line)


def step_elements(node: Node, name: str) -> list[etree._Element]:
    """The elements of that name in the step of a node, in the order in which the step has them."""
    steps = mes_elements(node.element, "step")
    return steps[0].findall(f"{{{NAMESPACE}}}{name}") if steps else []


def line_of(element: etree._Element) -> int:
    """The line of an element in the file, 0 where the reader does not know it."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def name_of(element: etree._Element) -> str:
    """The local name of an element or attribute name, without its namespace."""
    return str(element.tag).rpartition("}")[2]


def says_nothing(text: str) -> bool:
    """True for a text that stands there only so that something stands there: nothing, `...`, `TBD`."""
    return _SAYS_NOTHING.fullmatch(text.strip()) is not None


def shown(text: str) -> str:
    """A text of the diagram in a message: quoted and short."""
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"
