"""Random recipes that are sound and pass the diagram checks, and random runs through them.

The recipes reach every construct that the engine executes (`tests.constructs` says which ones a diagram has). Steps ask
for parameters and are signed, so a recipe serves the engine, the checks, the replay and the database alike. The same
seed gives the same recipe and the same run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from hypothesis import strategies as st

from bpmn.expressions import Value
from engine.workflow import Change, EngineEvent, OpenItem, Procedure, Run
from tests.recipe_blocks import Drawing

ORDER_VALUES: Mapping[str, Value] = {"order.weight_kg": Decimal("71.5"), "order.urgent": True}


@st.composite
def recipes(draw: st.DrawFn, most: int = 25) -> bytes:
    """Hypothesis: any recipe of up to about `most` steps."""
    return random_recipe(draw(st.integers(0, 2**32)), draw(st.integers(1, most)))


def random_recipe(seed: int, size: int) -> bytes:
    """A sound recipe of about `size` steps as BPMN XML."""
    return Drawing(seed).recipe(size)


def random_run(procedure: Procedure, seed: int, most: int = 300) -> Iterator[tuple[EngineEvent, Run]]:
    """Drives a run to its end, or for `most` acts, by open items and values chosen at random: each act, and the run."""
    chance = random.Random(seed)
    order: dict[str, Value] = {n: v for n, v in ORDER_VALUES.items() if n in procedure.routing_names}
    run = procedure.start(order)
    yield ("start", order), run
    for _ in range(most):
        if run.outcome:
            return
        item = chance.choice(list(run.open.values()))
        event = random_event(procedure, item, chance)
        tell(run, event)
        yield event, run


def tell(run: Run, event: EngineEvent) -> Change:
    """Does to a run what is on record."""
    if event[0] == "complete":
        return run.complete(event[1], event[2])
    if event[0] == "fire":
        return run.fire(event[1])
    raise ValueError(event)


def random_event(procedure: Procedure, item: OpenItem, chance: random.Random) -> EngineEvent:
    """What may happen to an open item."""
    if item.kind in ("timer", "message"):
        return ("fire", item.key)
    return ("complete", item.key, random_values(procedure, item, chance))


def random_values(procedure: Procedure, item: OpenItem, chance: random.Random) -> dict[str, Value]:
    """The routing values that a step of these recipes gives when it is completed."""
    makers: dict[str, Callable[[], Value]] = {
        "number": lambda: Decimal(chance.randrange(0, 10_000)).scaleb(-2),
        "ok": lambda: chance.random() < 0.5,
        "way": lambda: chance.choice(["on", "off"]),
    }
    names = sorted(n for n in procedure.routing_names if n.partition(".")[0] == item.node_id)
    return {name: makers[name.partition(".")[2]]() for name in names}
