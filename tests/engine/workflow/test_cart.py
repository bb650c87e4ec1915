"""The CAR-T master recipe on the engine: whatever is decided, it goes the way that the diagram says."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from bpmn.expressions import Value
from engine.workflow import OpenItem, Procedure
from tests.recipes import tell
from tests.stock_engine import StockRun
from tests.token_game import Game

XML = (Path(__file__).parents[3] / "bpmn/processes/master_recipes/MR-CART-001.bpmn").read_bytes()
PROCEDURE = Procedure.from_xml(XML)
ANSWERS: dict[str, list[Value]] = {
    "S13.n_viable": [Decimal(n) * 1_000_000 for n in (40, 60, 120, 200)],
    "S24.vcd": [Decimal(500_000), Decimal(2_000_000)],
    "S28.decision": ["continue", "continue", "harvest", "terminate"],
}


def answers(item: OpenItem, chance: random.Random) -> dict[str, Value]:
    names = sorted(n for n in PROCEDURE.routing_names if n.startswith(f"{item.node_id}."))
    return {name: chance.choice(ANSWERS[name]) for name in names}


def test_the_recipe_asks_for_three_values_to_find_its_way() -> None:
    assert PROCEDURE.routing_names == ANSWERS.keys()


@pytest.mark.parametrize("seed", range(6))
def test_random_batches_open_what_the_token_game_and_the_library_open(seed: int) -> None:
    chance, run, others = random.Random(seed), PROCEDURE.start(), (Game(XML, {}), StockRun(XML, {}))
    while not run.outcome:
        item = chance.choice(list(run.open.values()))
        values = answers(item, chance)
        if item.kind in ("timer", "message"):
            tell(run, ("fire", item.key))
        else:
            tell(run, ("complete", item.key, values))
        for other in others:
            if item.kind in ("timer", "message"):
                other.fire(item.key)
            else:
                other.complete(item.key, values)
        assert all(set(run.open) == other.open for other in others)
        run = PROCEDURE.restore(run.snapshot())
    assert others[0].outcome == run.outcome
