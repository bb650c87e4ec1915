"""Ways through the procedure that together take every flow: found on the bare engine, before anything is rehearsed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bpmn import vocabulary as v
from bpmn.decision_tables import table_of
from bpmn.decision_tables.place import TASK
from bpmn.expressions import Value
from engine.control_recipe import ControlRecipe
from engine.dry_run.candidates import Candidates
from engine.dry_run.filling import STOPS
from engine.errors import BatchwrightError
from engine.workflow import OpenItem, Run
from engine.workflow.passage import Passage

MOST_MOVES = 600
MOST_IN_VAIN = 240
MOST_ITERATIONS = 30
_LOOP_CONDITION = "{*}standardLoopCharacteristics/{*}loopCondition"
ANYTHING = 1.0
WANDER = (0.0, 0.3, 0.6, ANYTHING)
"""How far a way strays from the usual one; at the end of it every value, and what happens next, is drawn by lot."""
Wishes = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happens: a step is completed with these routing values, or a timer fires, or a message comes."""

    key: str
    fires: bool = False
    values: Wishes = field(default_factory=dict)


@dataclass(slots=True)
class Route:
    """One way from the start to an end. `covers`: flows by id and what loops did; `fault`: why it could not go on."""

    order: dict[str, Value]
    moves: list[Move]
    covers: frozenset[str]
    cost: int
    fault: str = ""

    @property
    def wishes(self) -> dict[str, dict[str, Value]]:
        """The routing values by task key."""
        return {m.key: {n.partition(".")[2]: x for n, x in m.values.items() if x is not None} for m in self.moves if not m.fires}


class Planner:
    """Plans routes for one recipe. The same recipe always gives the same routes."""

    def __init__(self, recipe: ControlRecipe, candidates: Candidates, seed: int = 0) -> None:
        self.recipe, self.candidates = recipe, candidates
        self._chance = random.Random(seed)
        self.demands = demands(recipe)
        self._endless = {n.id for n in recipe.diagram.nodes.values() if n.element.findtext(_LOOP_CONDITION) == "true"}

    def usual(self) -> Route:
        """The batch as it is meant to be: every value the usual one, timers only where nothing else can happen."""
        return self._walk({}, wander=0.0, stops=False)

    def routes(self, *, seconds: float, stops: bool = False, covered: Iterable[str] = ()) -> list[Route]:
        """Routes that take what is not covered yet, as few as are found; `stops`: values may be such that end a batch."""
        left = set(self.demands) - set(covered)
        found: list[Route] = []
        until, in_vain = time.monotonic() + seconds, 0
        while left and in_vain < MOST_IN_VAIN and time.monotonic() < until:
            route = self._walk(self._aim_at(left, stops), wander=self._chance.choice(WANDER), stops=stops, wanted=left)
            if route.covers & left or (route.fault and not any(r.fault == route.fault for r in found)):
                left -= route.covers
                found.append(route)
                in_vain = 0
            else:
                in_vain += 1
        return fewest(found, set(self.demands) - set(covered))

    def _aim_at(self, left: set[str], stops: bool) -> Wishes:
        """Values for one of the flows that are left, a value that is missing, or anything."""
        lacking = [name for name in self.candidates.of if without(name) in left]
        if lacking and self._chance.random() < 0.3:
            return {self._chance.choice(lacking): None}
        flows = [f for f in sorted(left) if f in self.recipe.diagram.flows]
        rounds = [f for f in flows if self.recipe.diagram.flows[f].source in self._endless]
        if rounds and self._chance.random() < 0.5:
            return self._round_after_round(self.recipe.diagram.flows[self._chance.choice(rounds)].source)
        gated = [f for f in flows if self.recipe.diagram.nodes[self.recipe.diagram.flows[f].source].type == "exclusiveGateway"]
        if gated and self._chance.random() < 0.8:
            options = self.candidates.wishes_for(self.recipe.diagram.flows[self._chance.choice(gated)], stops=stops)
            if options:
                return options[0] if self._chance.random() < 0.6 else self._chance.choice(options)
        return {}

    def _round_after_round(self, loop_id: str) -> Wishes:
        """Values with which some gateway inside a loop takes one of its ways in every round: one may lead around again."""
        diagram = self.recipe.diagram
        inside = [f for f in sorted(diagram.flows) if loop_id in diagram.ancestors(diagram.flows[f].source)]
        gated = [f for f in inside if diagram.nodes[diagram.flows[f].source].type == "exclusiveGateway"]
        options = self.candidates.wishes_for(diagram.flows[self._chance.choice(gated)], stops=False) if gated else []
        return options[0] if options else {}

    def _walk(self, wishes: Wishes, *, wander: float, stops: bool, wanted: Iterable[str] = ()) -> Route:
        """One way. `wander`: how often a value is another than the usual one, kept for the whole way or drawn anew."""
        kept: dict[str, Any] = dict(wishes)
        sticky = self._chance.random() < 0.5
        cost, passage = [0], Passage(self.recipe.diagram)

        def value_of(name: str) -> Value | None:
            if name in kept:
                return kept[name]
            options = [c for c in self.candidates.of.get(name, ()) if stops or c.cost < STOPS or c.cost == 0]
            if not options:
                return None
            chosen = self._chance.choice(options) if self._chance.random() < wander else options[0]
            cost[0] += chosen.cost
            if sticky and wander:
                kept[name] = chosen.value
            return chosen.value

        names = self.recipe.procedure.routing_names
        order = {n: x for n in sorted(names) if n.startswith("order.") and (x := value_of(n)) is not None}
        moves: list[Move] = []
        try:
            run = self.recipe.procedure.start(order, passage)
            while not run.outcome and len(moves) < MOST_MOVES:
                self._move(run, moves, value_of, wander, set(wanted))
            fault = "" if run.outcome else f"no end is reached within {MOST_MOVES} steps"
        except BatchwrightError as error:
            fault = error.message
        lacking = {without(n) for m in moves for n, x in m.values.items() if x is None}
        return Route(order, moves, covered_by(passage) | lacking, cost[0] + len(moves), fault)

    def _move(
        self, run: Run, moves: list[Move], value_of: Callable[[str], Value | None], wander: float, wanted: set[str]
    ) -> None:
        """Make one more move; it is noted first, so that a route that can't go on ends with what stopped it."""
        item = self._next(list(run.open.values()), wander, wanted)
        if item.kind in ("timer", "message"):
            moves.append(Move(item.key, fires=True))
            run.fire(item.key)
            return
        names = self.recipe.routing.get(item.node_id, ())
        values = {f"{item.node_id}.{n}": value_of(f"{item.node_id}.{n}") for n in names}
        moves.append(Move(item.key, values=values))
        run.complete(item.key, {n: x for n, x in values.items() if x is not None})

    def _next(self, items: list[OpenItem], wander: float, wanted: set[str]) -> OpenItem:
        """What happens next: the step that is open longest; now and then another, an event more often if it is wanted."""
        if wander == ANYTHING:
            return self._chance.choice(items)
        work = [i for i in items if i.kind not in ("timer", "message")]
        events = [i for i in items if i.kind in ("timer", "message")]
        if not work:
            return self._chance.choice(events) if wander else events[0]
        leads_on = [i for i in events if any(f.id in wanted for f in self.recipe.diagram.outgoing.get(i.node_id, ()))]
        if leads_on and self._chance.random() < 0.5:
            return self._chance.choice(leads_on)
        if events and self._chance.random() < wander * 0.3:
            return self._chance.choice(events)
        return self._chance.choice(work) if self._chance.random() < wander * 0.5 else work[0]


def demands(recipe: ControlRecipe) -> frozenset[str]:
    """What has to be covered: every flow; that each loop goes round again and ends at its maximum; each rule of a table."""
    found = set(recipe.diagram.flows)
    for node in recipe.diagram.nodes.values():
        loop = node.element.find("{*}standardLoopCharacteristics")
        if loop is not None:
            most = loop.get("loopMaximum", "")
            if not most.isdecimal() or int(most) > 1:
                found.add(f"{node.id} again")
            if most.isdecimal() and 1 < int(most) <= MOST_ITERATIONS:
                found.add(f"{node.id} at its maximum of {most}")
        found |= {without(f"{node.id}.{p.id}") for p in _may_lack(recipe, node.id)}
        table = table_of(node.element).table if node.type == TASK else None
        found |= {f"{node.id} rule {number}" for number in range(1, len(table.rules) + 1)} if table is not None else set()
    return frozenset(found)


def _may_lack(recipe: ControlRecipe, step_id: str) -> list[v.Parameter]:
    """Parameters that routing asks for and that may have no value to calculate with: optional ones, reported results."""
    step = recipe.steps.get(step_id)
    names = recipe.routing.get(step_id, ())
    return [p for p in step.parameters if p.id in names and (p.optional or p.qualifier)] if step is not None else []


def without(name: str) -> str:
    """The demand that a routing value is missing once."""
    return f"{name} without a value"


def covered_by(passage: Passage) -> frozenset[str]:
    """The demands that a run has covered."""
    found = set(passage.flows)
    for node_id, times in passage.iterations.items():
        if times > 1:
            found.add(f"{node_id} again")
        found.add(f"{node_id} at its maximum of {times}")
    found |= {f"{node_id} rule {number}" for node_id, number in passage.rules}
    return frozenset(found)


def fewest(routes: list[Route], wanted: set[str]) -> list[Route]:
    """As few routes as cover the same, the one that adds most first; those that can't go on stay."""
    chosen, left = [r for r in routes if r.fault], set(wanted)
    for route in chosen:
        left -= route.covers
    while True:
        best = max(routes, key=lambda r: (len(r.covers & left), -r.cost), default=None)
        if best is None or not best.covers & left:
            return chosen
        chosen.append(best)
        left -= best.covers
