"""What the rehearsed batches have reached of the diagram, read from their journals by replaying them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.act import Act
from engine.actor import SYSTEM, Actor
from engine.control_recipe import ControlRecipe
from engine.dry_run.routes import covered_by, demands, without
from engine.errors import BatchwrightError
from engine.running import engine_events
from engine.site import Site
from engine.transaction import perform
from engine.workflow.passage import Passage


@dataclass(frozen=True, slots=True)
class Branch:
    """A way that a gateway sent a batch: after which event, along which flow."""

    after: str
    flow: str


@dataclass(slots=True)
class Coverage:
    """What batches have met of the demands; `alone`: what only the procedure itself can reach, and why."""

    recipe: ControlRecipe
    reached: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    alone: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def add(self, site: Site, batch_id: str) -> list[Branch]:
        """Count what a batch has reached; answers the ways that gateways sent it."""
        passage = Passage(self.recipe.diagram)
        events = events_of(site, batch_id)
        branches = list(_follow(self.recipe, events, passage))
        for key, given in ((event[1], event[2]) for event in events if event[0] == "complete"):
            step_id = key.rpartition("/")[2].partition("[")[0]
            asked = {f"{step_id}.{name}" for name in self.recipe.routing.get(step_id, ())}
            self.reached |= {without(name) for name in asked - given.keys()}
        self.reached |= covered_by(passage)
        self.nodes |= passage.nodes
        return branches

    @property
    def missing(self) -> list[str]:
        """Demands that nothing has met."""
        return sorted(demands(self.recipe) - self.reached - self.alone.keys())

    def element_states(self) -> dict[str, str]:
        """Every node and flow of the diagram: "reached", "alone", "missed" or "failed"."""
        diagram = self.recipe.diagram
        behind = [diagram.flows[f] for f in self.alone if f in diagram.flows]
        events = ("startEvent", "boundaryEvent")
        alone = {f.target for f in behind} | {f.source for f in behind if diagram.nodes[f.source].type in events}
        found = {}
        for element in (*diagram.nodes, *diagram.flows):
            reached = element in self.reached or element in self.nodes
            state = "reached" if reached else "alone" if element in self.alone or element in alone else "missed"
            found[element] = "failed" if element in self.failed else state
        return found


def events_of(site: Site, batch_id: str) -> list[tuple[Any, ...]]:
    """What the procedure of a batch was told, in order."""
    found: list[tuple[Any, ...]] = []

    def read(act: Act, *, actor: Actor) -> dict[str, Any]:
        found.extend(engine_events(act, batch_id, 0))
        return {}

    perform(site, read, actor=SYSTEM, stream=f"batch:{batch_id}", source="system")
    return found


def _follow(recipe: ControlRecipe, events: list[tuple[Any, ...]], passage: Passage) -> Iterable[Branch]:
    gates = {n.id for n in recipe.diagram.nodes.values() if n.type == "exclusiveGateway"}
    run: Any = None
    for kind, *rest in events:
        before = Counter(passage.flows)
        try:
            if kind == "start":
                run = recipe.procedure.start(rest[0], passage)
            elif kind == "fire":
                run.fire(rest[0])
            elif kind == "complete":
                run.complete(rest[0], rest[1])
            else:
                run.correct(rest[0], rest[1])
        except BatchwrightError:
            return  # its batch stands still there, and the report says so
        taken = [f for f in passage.flows - before if recipe.diagram.flows[f].source in gates]
        yield from (Branch("the start" if kind == "start" else rest[0], f) for f in taken)
