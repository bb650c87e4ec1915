"""What people see is the process that runs: shapes belong to elements, at places a screen can show."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lxml import etree

from bpmn.checks.report import Finding, at, name_of, shown
from bpmn.diagram import Diagram

RULE = "drawing"

_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DRAWN = ("http://www.omg.org/spec/DD/20100524/DC", "http://www.omg.org/spec/DD/20100524/DI")
_NUMBERS = frozenset({"x", "y", "width", "height"})
_FURTHEST = 1_000_000


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses coordinates that are no numbers within +-1,000,000, and shapes of nothing or drawn twice."""
    ids = {element.get("id") for element in diagram.root.iter("{*}*") if element.tag.startswith("{http://www.omg.org/spec/BPMN")}
    drawn: set[str] = set()
    for element in diagram.root.iter(*(f"{{{namespace}}}*" for namespace in (_DI, *_DRAWN))):
        yield from _coordinates(element)
        target = element.get("bpmnElement")
        if target is None:
            continue
        if target not in ids:
            yield at(element, RULE, f"{shown(target)}, drawn here, does not exist", "remove the shape")
        elif target in drawn and name_of(element) != "BPMNPlane":
            yield at(element, RULE, f"{target} is drawn twice", "remove one of the shapes")
        elif name_of(element) != "BPMNPlane":
            drawn.add(target)


def _coordinates(element: etree._Element) -> Iterator[Finding]:
    for name, value in element.attrib.items():
        if name not in _NUMBERS:
            continue
        try:
            number = Decimal(str(value)) if len(value) <= 40 else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not -_FURTHEST <= number <= _FURTHEST or (name in ("width", "height") and number < 0):
            yield at(element, RULE, f"{name!s} is {shown(str(value))}", "draw it again in a modeler")
