"""The recorded CAR-T batch on the bench's site: 42 steps with scans, devices, loops, branches and several signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from bpmn.diagram import Diagram
from engine import clock
from engine.actions.batches import start_batch
from engine.actions.tasks import sign_task, start_task
from engine.actions.timers import fire_due
from engine.transaction import perform
from tests.bench.measured import COLD_EVERY, timed
from tests.bench.site import Bench
from tests.stories.cart import BATCH, ORDER, recorded
from web.demo import recipe_xml
from web.demo.floor import Floor
from web.demo.furnish import approve_recipe, stock
from web.demo.hands import DirectHands
from web.demo.people import PEOPLE, train

BATCHES = 3


@dataclass
class CartFigures:
    """Seconds: of completing signatures warm and cold, of starts, and of bare commits beside them."""

    warm: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    step_starts: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


class TimedHands(DirectHands):
    """Hands that time every signature that completes a step."""

    figures: CartFigures
    commit: Callable[[], None]
    signed: int = 0
    evicted: bool = False

    def act(self, action: Any, who: Any, batch: str, **arguments: Any) -> dict[str, Any]:
        """One act; of signatures, every third is cold."""
        if action is not sign_task:
            taken, answer = timed(lambda: DirectHands.act(self, action, who, batch, **arguments))
            if action is start_task:
                self.figures.step_starts.append(taken)
            return answer
        self.signed += 1
        if self.signed % COLD_EVERY == 0:
            self.site.runs.take(batch, -1)
            self.evicted = True
        taken, answer = timed(lambda: DirectHands.act(self, action, who, batch, **arguments))
        if answer["completed"]:
            # A signature that completes nothing does not load the run: the next one that does is the cold one.
            (self.figures.cold if self.evicted else self.figures.warm).append(taken)
            self.evicted = False
        self.figures.bare.append(timed(self.commit)[0])
        return answer


def run_cart(bench: Bench, commit: Callable[[], None]) -> CartFigures:
    """Runs the recorded batch some times, each a year after the last."""
    xml, figures = recipe_xml(), CartFigures()
    visits = recorded()
    site, first = bench.site, min(visit.started_at for visit in visits)
    clock.simulate(first - timedelta(days=2))
    diagram = Diagram.parse(xml.encode())
    approve_recipe(site, bench.crew, xml)
    train(site, PEOPLE, diagram.recipe.id, diagram.recipe.revision)
    stock(site, bench.crew, xml)
    late = {(s.id, p.id) for s in diagram.steps.values() for p in s.parameters if p.after_end}
    hands = TimedHands(site, bench.crew)
    hands.figures, hands.commit = figures, commit
    floor = Floor(site, hands, partial(fire_due, site), lambda step, p: (step, p) in late)
    try:
        for number in range(BATCHES):
            hands.signed = 0
            batch = f"{BATCH}-{number}"
            clock.simulate(first - timedelta(minutes=30))
            actor, proof = bench.crew["MFG_SUP"]
            taken, _ = timed(
                partial(
                    perform, site, start_batch, actor=actor, stream=f"batch:{batch}", source="ui",
                    recipe_id=diagram.recipe.id, batch_id=batch, order=ORDER, proof=proof,
                )
            )  # fmt: skip
            figures.started.append(taken)
            floor.run(batch, visits)
    finally:
        clock.stop_simulating()
    return figures
