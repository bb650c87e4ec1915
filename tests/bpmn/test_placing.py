"""A drawing that people made keeps its places when something comes in; nothing is drawn over something else."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram
from bpmn.layout import DC, DI, drawn_by_us, lay_out, place_new
from bpmn.layout.scene import Rect
from bpmn.reading import read_xml
from tests.bpmn.proposals import step_comes, step_goes
from tests.recipes import random_recipe


def shapes(root: etree._Element) -> dict[str, Rect]:
    found = {}
    for shape in root.iter(f"{{{DI}}}BPMNShape"):
        bounds = shape.find(f"{{{DC}}}Bounds")
        assert bounds is not None
        found[shape.get("bpmnElement", "")] = Rect(*(float(bounds.get(name, "")) for name in ("x", "y", "width", "height")))
    return found


def drawn(seed: int) -> etree._Element:
    root = read_xml(random_recipe(seed, 10))
    lay_out(root)
    return root


@pytest.mark.parametrize("seed", range(25))
def test_everything_has_a_place_of_its_own(seed: int) -> None:
    chance, root = random.Random(seed), drawn(seed)
    for number in range(3):
        step_comes(root, chance, f"N{number}")
        step_goes(root, chance, "")
    place_new(root)
    xml = etree.tostring(root)
    diagram, places = Diagram.parse(xml), shapes(root)
    assert places.keys() == diagram.nodes.keys()
    assert {e.get("bpmnElement") for e in root.iter(f"{{{DI}}}BPMNEdge")} == diagram.flows.keys()
    for scope, nodes in diagram.scopes.items():
        rects = [places[n] for n in nodes if not diagram.nodes[n].attached_to]
        overlapping = [(a, b) for i, a in enumerate(rects) for b in rects[:i] if _cover(a, b)]
        assert overlapping == []
        if scope in places:
            assert all(_within(rect, places[scope]) for rect in rects)
    assert not [f for f in check_diagram(xml).findings if f.rule == "drawing"]


def _cover(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def _within(rect: Rect, frame: Rect) -> bool:
    return frame.x <= rect.x and frame.y <= rect.y and rect.right <= frame.right and rect.bottom <= frame.bottom


def test_what_stands_before_it_does_not_move() -> None:
    root = drawn(3)
    before, text = shapes(root), etree.tostring(root)
    place_new(root)
    assert etree.tostring(root) == text
    flow = root.findall(f"{{{BPMN}}}process/{{{BPMN}}}sequenceFlow")[0]
    source = flow.get("sourceRef", "")
    step_comes(root, random.Random(1), "N1", flow)
    place_new(root)
    after = shapes(root)
    assert after["SN1"].x >= before[source].right
    moved = {name for name in before if after[name].x != before[name].x}
    assert source not in moved
    assert all(before[name].x >= before[source].x for name in moved)


def test_who_drew_it_is_told_from_the_places() -> None:
    root = drawn(5)
    assert drawn_by_us(root)
    bounds = next(root.iter(f"{{{DC}}}Bounds"))
    bounds.set("x", "1")
    assert not drawn_by_us(root)
