"""Every timer has a due time of ours: an instant, or the maximum of a hold time.

The engine reads literal ISO 8601 timers wrongly (a month after 31 January is 3 March) and by the wall clock of its
machine. A literal may stand there for other modelers to show; then it must at least be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram, Node, mes_elements

RULE = "timers"

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,4})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_DAYS = (366, 31, 7, 1, 1 / 24, 1 / 1440, 1 / 86400)
MAX_DAYS = 3660


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses timers without `mes:timer`, of unknown hold times, and literal times that are not valid."""
    holds = {hold.id for hold in diagram.recipe.hold_times}
    for node in diagram.nodes.values():
        definition = node.element.find(f"{{{BPMN}}}timerEventDefinition")
        if definition is not None:
            yield from _literals(definition)
            yield from _timer(node, holds)
        elif mes_elements(node.element, "timer"):
            yield at(node.element, RULE, "a mes:timer on what is no timer event", "remove it")


def _timer(node: Node, holds: set[str]) -> Iterator[Finding]:
    number = len(mes_elements(node.element, "timer"))
    if number != 1 or node.timer is None:
        yield at(
            node.element, RULE, f"the timer has {number} mes:timer", "give it one, with a due time or a hold time", property="due"
        )
    elif bool(node.timer.due) == bool(node.timer.hold):
        yield at(
            node.element, RULE, "the timer needs a due time or a hold time, one of the two", "write due or hold", property="due"
        )
    elif node.timer.hold and node.timer.working:
        problem = "a hold time runs on every day, working or not"
        yield at(node.element, RULE, problem, "remove working, or write due", property="working")
    elif node.timer.hold and node.timer.hold not in holds:
        yield at(
            node.element, RULE, f"{shown(node.timer.hold)} is no hold time of the recipe", "name one of them", property="hold"
        )
    elif node.timer.hold and node.type != "boundaryEvent":
        problem = "nothing may wait for a hold time to be exceeded: it may have ended, or never begin"
        yield at(node.element, RULE, problem, "draw it on the step that ends the hold time, or write due", property="hold")


def _literals(definition: etree._Element) -> Iterator[Finding]:
    for element in definition.iterchildren(f"{{{BPMN}}}*"):
        text = (element.text or "").strip().strip("\"'")
        name = element.tag.rpartition("}")[2]
        if name == "timeCycle":
            yield at(element, RULE, "a repeating timer is not run", "draw the repetition as a loop")
        elif name == "timeDuration" and not _is_duration(text):
            yield at(element, RULE, f"{shown(text)} is no duration", "write such as PT90M or P3D, at most ten years")
        elif name == "timeDate" and not _is_instant(text):
            yield at(element, RULE, f"{shown(text)} is no instant", "write such as 2026-03-02T08:00:00Z, with its zone")


def _is_duration(text: str) -> bool:
    match = _DURATION.fullmatch(text)
    if match is None:
        return False
    days = sum(float(number) * size for number, size in zip(match.groups(), _DAYS, strict=True) if number)
    return 0 < days <= MAX_DAYS


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False
