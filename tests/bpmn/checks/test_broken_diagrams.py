"""However a diagram is broken, the checks answer with a report; they never fail themselves."""

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bpmn.checks import CHECKS, check_diagram

RIGHT = sorted((Path(__file__).parents[2] / "data" / "checks").glob("*/right.bpmn"))
WORDS = [
    "",
    " ",
    "recipe",
    "S01",
    "begin",
    "finish",
    "UP1",
    "Days",
    "x",
    "-1",
    "1e9",
    "true",
    "stop",
    "a'b",
    "ä",
    "day",
    "order.x",
]


def break_something(root, pick):
    """One random change: an element gone, doubled, moved or renamed; an attribute gone, changed or new; other text."""
    elements = list(root.iter(etree.Element))
    element, other = pick.choice(elements), pick.choice(elements)
    parent = element.getparent()
    change = pick.randrange(7)
    if change == 0 and parent is not None:
        parent.remove(element)
    elif change == 1 and parent is not None:
        parent.append(etree.fromstring(etree.tostring(element)))
    elif change == 2 and element.attrib:
        del element.attrib[pick.choice(list(element.attrib))]
    elif change == 3 and element.attrib:
        element.set(pick.choice(list(element.attrib)), pick.choice(WORDS))
    elif change == 4:
        element.set(
            pick.choice(["id", "default", "calledElement", "attachedToRef", "type", "formula", "loopMaximum"]), pick.choice(WORDS)
        )
    elif change == 5:
        element.tag = other.tag
    else:
        element.text = pick.choice(WORDS)


@settings(max_examples=500)
@given(st.integers(0, 10**9))
def test_a_broken_diagram_is_answered_by_a_report(seed):
    pick = random.Random(seed)
    root = etree.fromstring(pick.choice(RIGHT).read_bytes())
    for _ in range(pick.randint(1, 6)):
        break_something(root, pick)
    report = check_diagram(etree.tostring(root))
    assert {finding.rule for finding in report.findings} <= {one.RULE for one in CHECKS} | {"xml_well_formed"}


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered_by_a_report(data):
    assert not check_diagram(data).ok
