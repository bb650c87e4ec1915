"""A step that is done only where a condition holds: drawn with a way round it, or refused with every reason."""

from __future__ import annotations

import pytest

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.edits import EditError
from bpmn.importers import import_tables
from bpmn.once import only_where
from tests.bpmn.diff.edits import BASE
from tests.recipe_tables import CART


@pytest.fixture(scope="module")
def cart() -> bytes:
    return import_tables(CART).xml


def test_a_step_gets_a_decision_before_it_and_a_way_round_it(cart: bytes) -> None:
    before = Diagram.parse(cart)
    drawn = only_where(cart, "S27", "day == 6", "only in D6")
    diagram = Diagram.parse(drawn)
    gate, join = diagram.nodes["S27_if"], diagram.nodes["S27_on"]
    assert (gate.type, join.type) == ("exclusiveGateway", "exclusiveGateway")
    ways = {flow.target: flow for flow in diagram.outgoing[gate.id]}
    assert (ways["S27"].condition, ways["S27"].name) == ("day == 6", "only in D6")
    assert gate.default == ways[join.id].id
    assert [flow.target for flow in diagram.outgoing["S27"]] == [join.id]
    assert [flow.target for flow in diagram.outgoing[join.id]] == [flow.target for flow in before.outgoing["S27"]]
    assert {flow.id for flow in diagram.incoming[gate.id]} == {flow.id for flow in before.incoming["S27"]}
    assert check_diagram(drawn).errors == ()
    assert drawn.count(b"BPMNShape ") == cart.count(b"BPMNShape ") + 2
    assert only_where(cart, "S27", "day == 6", "only in D6") == drawn


def test_it_can_be_drawn_twice_around_one_step(cart: bytes) -> None:
    drawn = only_where(only_where(cart, "S27", "day == 6", "only in D6"), "S27", "day == 5", "only in D5")
    assert {"S27_if", "S27_on", "S27_if2", "S27_on2"} <= Diagram.parse(drawn).nodes.keys()
    assert check_diagram(drawn).errors == ()


@pytest.mark.parametrize(
    ("step", "condition", "words"),
    [("WEIGH", "1 >", "WEIGH_if"), ("WEIGH", "unknown.name > 1", "unknown"), ("enough", "1 > 0", "ways out")],
)
def test_what_would_not_pass_the_checks_is_refused_in_words(step: str, condition: str, words: str) -> None:
    with pytest.raises(EditError) as refused:
        only_where(BASE.encode(), step, condition, "only here")
    assert any(words in reason for reason in refused.value.reasons)
