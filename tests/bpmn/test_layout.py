"""Recipe diagrams that a person can read: nothing overlaps, one unit procedure per row, lines at right angles."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from lxml import etree

from bpmn.diagram import Diagram
from bpmn.importers import import_tables
from bpmn.layout import DC, DD, DI, lay_out
from bpmn.layout.scene import Rect
from tests.recipe_tables import CART, STRUCTURE, drawn, steps, table
from tests.recipes import random_recipe

Lines = dict[str, list[tuple[float, float]]]


@cache
def cart() -> bytes:
    return import_tables(CART).xml


def nested(tmp_path: Path) -> bytes:
    rows = table(
        STRUCTURE,
        ("P1", "parallel", "after A1 {[B1] | [C1, D1] | [E1]} joined before F1"),
        ("P2", "parallel", "{[F2, {[F3] | [F4, F5]}, F6] | [F7]}"),
        ("L1", "loop", "G1, L2, G4", "3 times"),
        ("L2", "loop", "G2, G3", "2 times"),
        ("L3", "loop", "H1, I1", "2 times"),
    )
    units = {"UP1": "A1", "UP2": "B1", "UP3": "C1", "UP4": "D1", "UP5": "E1", "UP6": "F1 F2 F3 F4 F5 F6 F7"}
    return drawn(tmp_path, steps=steps(**units, UP7="G1 G2 G3 G4", UP8="H1", UP9="I1"), structure=rows).xml


@pytest.fixture(params=["cart", "nested"])
def xml(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    return cart() if request.param == "cart" else nested(tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_any_sound_diagram_gets_places_that_stand_clear(seed: int) -> None:
    root = etree.fromstring(random_recipe(seed, 5 + 2 * seed))
    lay_out(root)
    xml = etree.tostring(root)
    test_every_node_and_flow_has_its_place(xml)
    test_shapes_of_a_scope_stand_clear_of_each_other_and_inside_it(xml)
    test_flows_run_at_right_angles_from_shape_to_shape(xml)


def rect(element: etree._Element) -> Rect:
    bounds = element.find(f"{{{DC}}}Bounds")
    assert bounds is not None
    return Rect(*(float(bounds.get(name, "")) for name in ("x", "y", "width", "height")))


def shapes(xml: bytes) -> dict[str, Rect]:
    return {e.get("bpmnElement", ""): rect(e) for e in etree.fromstring(xml).iter(f"{{{DI}}}BPMNShape")}


def lines(xml: bytes) -> Lines:
    return {
        edge.get("bpmnElement", ""): [(float(p.get("x", "")), float(p.get("y", ""))) for p in edge.iter(f"{{{DD}}}waypoint")]
        for edge in etree.fromstring(xml).iter(f"{{{DI}}}BPMNEdge")
    }


def labels(xml: bytes) -> dict[str, Rect]:
    found = etree.fromstring(xml).iter(f"{{{DI}}}BPMNLabel")
    return {parent.get("bpmnElement", ""): rect(e) for e in found if (parent := e.getparent()) is not None}


def overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def within(inner: Rect, outer: Rect) -> bool:
    return inner.x >= outer.x and inner.right <= outer.right and inner.y >= outer.y and inner.bottom <= outer.bottom


def test_every_node_and_flow_has_its_place(xml: bytes) -> None:
    diagram = Diagram.parse(xml)
    assert set(shapes(xml)) == set(diagram.nodes)
    assert set(lines(xml)) == set(diagram.flows)


def test_shapes_of_a_scope_stand_clear_of_each_other_and_inside_it(xml: bytes) -> None:
    diagram, places = Diagram.parse(xml), shapes(xml)
    for scope, members in diagram.scopes.items():
        free = [node for node in members if not diagram.nodes[node].attached_to]
        assert not [(a, b) for a, b in combinations(free, 2) if overlap(places[a], places[b])]
        if scope in places:
            assert all(within(places[node], places[scope]) for node in members)


def test_each_unit_procedure_has_a_row_of_its_own(xml: bytes) -> None:
    diagram, places = Diagram.parse(xml), shapes(xml)
    units = [places[n] for n in diagram.scopes[diagram.process_id] if diagram.nodes[n].type == "subProcess"]
    assert all(above.bottom < below.y for above, below in pairwise(units))
    assert len({unit.x for unit in units}) == 1


def test_flows_run_at_right_angles_from_shape_to_shape(xml: bytes) -> None:
    diagram, places = Diagram.parse(xml), shapes(xml)
    for flow, points in lines(xml).items():
        assert all(x1 == x2 or y1 == y2 for (x1, y1), (x2, y2) in pairwise(points))
        ends = places[diagram.flows[flow].source], places[diagram.flows[flow].target]
        for (x, y), end in zip((points[0], points[-1]), ends, strict=True):
            on_side = x in (end.x, end.right) and end.y <= y <= end.bottom
            assert on_side or (y in (end.y, end.bottom) and end.x <= x <= end.right)


def test_flows_cross_no_shape(xml: bytes) -> None:
    diagram, places = Diagram.parse(xml), shapes(xml)
    process = {node: list(diagram.ancestors(node))[-1] for node in places}
    for flow, points in lines(xml).items():
        source, target = diagram.flows[flow].source, diagram.flows[flow].target
        own = {source, target, *diagram.ancestors(source), *(n for n in places if process[n] != process[source])}
        for (x1, y1), (x2, y2) in pairwise(points):
            line = Rect(min(x1, x2), min(y1, y2), abs(x2 - x1) or 0.1, abs(y2 - y1) or 0.1)
            assert not [node for node, place in places.items() if node not in own and overlap(line, place)]


def test_names_beside_shapes_cover_neither_shapes_nor_each_other(xml: bytes) -> None:
    diagram, names = Diagram.parse(xml), labels(xml)
    leaves = {n: place for n, place in shapes(xml).items() if diagram.nodes[n].type != "subProcess"}
    assert not [(a, b) for a, b in combinations(names, 2) if overlap(names[a], names[b])]
    assert not [(a, b) for a in names for b in leaves if overlap(names[a], leaves[b])]


def test_boundary_events_stand_on_the_lower_edge(xml: bytes) -> None:
    places = shapes(xml)
    for node in Diagram.parse(xml).nodes.values():
        if node.attached_to:
            assert places[node.id].cy == places[node.attached_to].bottom


def test_laid_out_again_everything_has_the_same_place(xml: bytes) -> None:
    root = etree.fromstring(xml)
    lay_out(root)
    assert shapes(etree.tostring(root)) == shapes(xml)
    assert lines(etree.tostring(root)) == lines(xml)
