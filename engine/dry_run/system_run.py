"""The dry run that the system makes: as many rehearsed batches as it takes to reach everything that can be reached.

First the ways through the procedure, with every edge of what is entered tried on the way; then batches in which
something earlier is such that a calculation, a lot's certificate or the order comes to an edge; at last what only the
procedure can reach because a limit ends every batch before. All of it is bounded, and the same recipe gives the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bpmn.expressions import Value
from engine import clock
from engine.batch_record import BatchRecord
from engine.dry_run.batch_view import StuckError
from engine.dry_run.candidates import Candidates
from engine.dry_run.coverage import Branch, Coverage
from engine.dry_run.limits import typed_text, verdict
from engine.dry_run.paper import Paper
from engine.dry_run.probes import Probes
from engine.dry_run.rehearsal import BEGIN, Rehearsal
from engine.dry_run.routes import Planner, Route
from engine.dry_run.tried import Tried
from engine.dry_run.walk import Walk
from engine.records import Batch

MOST_BATCHES = 120
MOST_SECONDS = 600.0
PLANNING_SECONDS = 20.0
ROUNDS = 3
EXPECTED_BATCHES = 20
Tell = Callable[[int, int, str], None]


@dataclass(slots=True)
class Path:
    """One rehearsed batch, as the report shows it."""

    batch: str
    purpose: str
    order: dict[str, str]
    tasks: list[str]
    branches: list[Branch]
    ended: str
    fault: StuckError | None


@dataclass(slots=True)
class SystemRun:
    """One dry run under way. `tell(done, total, message)` hears how far it is."""

    rehearsal: Rehearsal
    tell: Tell = lambda done, total, message: None
    paths: list[Path] = field(default_factory=list)
    done: int = 0
    total: int = 0
    stopped: str = ""
    probes: Probes = field(init=False)
    paper: Paper = field(init=False)
    coverage: Coverage = field(init=False)
    _routes: list[Route] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.probes = Probes(tell=self._say)
        self.coverage = Coverage(self.rehearsal.recipe)
        self.paper = Paper.of(self.rehearsal.recipe, BEGIN)

    def run(self) -> None:
        """Make the whole dry run."""
        self._say("The ways through the procedure are looked for.")
        candidates = Candidates(self.rehearsal.recipe, self.paper)
        planner = Planner(self.rehearsal.recipe, candidates)
        usual = planner.usual()
        self.total = EXPECTED_BATCHES * len(usual.moves)  # a guess, so that the way does not seem done before it is known
        self._rehearse_all([usual], "as it is meant to be")
        self._take_over(self.paths[0].batch)
        for seed in range(ROUNDS):
            if not self.coverage.missing:
                break
            planner = Planner(self.rehearsal.recipe, candidates, seed)
            routes = planner.routes(seconds=PLANNING_SECONDS, covered=self.coverage.reached)
            self._rehearse_all(routes, "another way through the procedure")
        if self._wants_haste():
            self._rehearse(self._routes[0], "without waiting anywhere", hasty=True)
        self._rehearse_edges()
        self._procedure_alone(planner)

    def _take_over(self, batch_id: str) -> None:
        """What the first batch has recorded is what the others usually record."""
        with self.rehearsal.site.read() as reader:
            batch = BatchRecord(self.rehearsal.site, reader, batch_id) if reader.find(Batch, id=batch_id) else None
            for step_id in self.rehearsal.recipe.steps if batch is not None else ():
                assert batch is not None
                first = min((t for t in batch.tasks_of(step_id) if t["ended_at"]), key=lambda t: t["started_at"], default=None)
                if first is not None:
                    values = {n: x for n, x in batch.typed_values(first["key"]).items() if x is not None}
                    self.paper.recorded(step_id, values, clock.parse(first["started_at"]), clock.parse(first["ended_at"]))

    def _say(self, message: str) -> None:
        self.tell(self.done, max(self.total, self.done), message)

    def _rehearse_all(self, routes: list[Route], purpose: str) -> None:
        self.total = max(self.total, self.done + sum(len(r.moves) for r in routes))
        for route in routes:
            self._routes.append(route)
            self._rehearse(route, purpose)

    def _rehearse(
        self, route: Route, purpose: str, overrides: Mapping[str, Value] | None = None, until: str = "", *, hasty: bool = False
    ) -> None:
        """One batch along a route, if the bounds allow one more."""
        if len(self.paths) >= MOST_BATCHES or time.monotonic() - self._began > MOST_SECONDS:
            self.stopped = f"after {len(self.paths)} batches, as bounded"
            return
        batch_id = f"DRY-{len(self.paths) + 1}" + ("@1" if self.rehearsal.recipe.header.kind == "process" else "")
        self.rehearsal.clock.move(BEGIN)
        walk = Walk(self.rehearsal, self.paper, batch_id, self.probes, overrides or {}, until, hasty)
        self._say(f"{batch_id}: {purpose}")
        walk.run(route, self._step_done)
        order = {n.removeprefix("order."): typed_text(x) for n, x in walk.order.items()}
        branches = self.coverage.add(self.rehearsal.site, batch_id) if walk.issued else []
        if walk.fault is not None:
            self.coverage.failed.add(walk.fault.place.rpartition("/")[2].partition("[")[0])
        self.paths.append(Path(batch_id, purpose, order, walk.path, branches, walk.ended, walk.fault))

    def _step_done(self, key: str) -> None:
        self.done += 1
        self._say(f"DRY-{len(self.paths) + 1}: {key}")

    # Edges that something earlier brings about

    def _wants_haste(self) -> bool:
        early = any(not t.reached and t.why for t in self.probes.holds.values())
        return early or any(not t.reached and self._hangs_on_start(t) for t in self._tried())

    def _hangs_on_start(self, tried: Tried) -> bool:
        p = self.rehearsal.recipe.steps[tried.step].parameter(tried.parameter)
        return p is not None and p.source == "calc" and "start" in p.formula

    def _tried(self) -> Iterator[Tried]:
        for found in self.probes.edges.values():
            yield from (tried for _, tried in found)

    def _rehearse_edges(self) -> None:
        """Batches whose order, lots or earlier values bring calculations to their edges; each serves several at once."""
        runs = self._grouped(list(self._ways_to_edges()))
        self.total = self.done + sum(len(route.moves) for route, _, _ in runs)
        for route, overrides, until in runs:
            told = ", ".join(f"{n} {typed_text(x)}" for n, x in overrides.items())
            self._rehearse(route, f"with {told}", overrides, until)

    def _ways_to_edges(self) -> Iterator[tuple[str, str, dict[str, Value], bool]]:
        """(step, parameter, what leads there, whether the batch ends there) for each distinct value still to be reached."""
        recipe = self.rehearsal.recipe
        for (step_id, name), found in self.probes.edges.items():
            p = recipe.steps[step_id].parameter(name)
            values = {edge.value: None for edge, tried in found if not tried.reached and not edge.qualifier}
            for value in values if p is not None else ():
                assert p is not None
                if p.source == "master":
                    yield step_id, name, {f"{step_id}.{name}": value}, p.limit_action == "stop"
                elif p.source == "calc" and (way := self.paper.leading_to(step_id, p.formula, value)):
                    yield step_id, name, way, p.limit_action == "stop"
        for step in recipe.steps.values():
            for p in step.parameters:
                for wanted in {True, False} - self.probes.asked.get((step.id, p.id), set()) if p.when else ():
                    if way := self.paper.leading_to(step.id, p.when, wanted, elsewhere=False):
                        yield step.id, p.id, way, False

    def _grouped(self, ways: list[tuple[str, str, dict[str, Value], bool]]) -> list[tuple[Route, dict[str, Value], str]]:
        """As few batches as hold all of these; whatever may end its batch is the last thing that its batch is for."""
        met: dict[str, tuple[int, int]] = {}
        for n, route in enumerate(self._routes):
            for at, move in enumerate(route.moves):
                met.setdefault(_step_of(move.key), (n, at))
        groups: list[tuple[Route, dict[str, Value], set[tuple[str, str]], str, bool]] = []
        for step_id, name, way, ends in sorted((w for w in ways if w[0] in met), key=lambda w: met[w[0]]):
            route = self._routes[met[step_id][0]]
            for number, (used, overrides, aims, last, ended) in enumerate(groups):
                apart = not (way.keys() & overrides.keys()) and (step_id, name) not in aims
                touches = any(self._touches(way, aim) for aim in aims)
                if used is route and apart and not ended and not touches:
                    groups[number] = (used, overrides | way, aims | {(step_id, name)}, step_id or last, ends)
                    break
            else:
                groups.append((route, way, {(step_id, name)}, step_id, ends))
        return [(route, overrides, last) for route, overrides, _, last, _ in groups]

    def _touches(self, way: Mapping[str, Value], aim: tuple[str, str]) -> bool:
        """Whether a change would move a calculation that another one is to bring to an edge."""
        p = self.rehearsal.recipe.steps[aim[0]].parameter(aim[1])
        text = (p.formula or p.when) if p is not None else ""
        return bool(text) and bool(way.keys() & set(self.paper.leaves(aim[0], text)))

    # What no batch can reach

    def _procedure_alone(self, planner: Planner) -> None:
        """Flows behind a limit that ends every batch before: the procedure itself takes them, with no acts around it."""
        if not self.coverage.missing:
            return
        self._say("What no batch can reach is tried on the procedure alone.")
        for route in planner.routes(seconds=PLANNING_SECONDS, stops=True, covered=self.coverage.reached):
            why = self._why_not(route)
            if route.fault or not why:
                continue
            for demand in sorted(route.covers & set(self.coverage.missing)):
                self.coverage.alone[demand] = why

    def _why_not(self, route: Route) -> str:
        """Why no batch can go this way although the procedure can; empty where a batch could."""
        values = {n: x for m in route.moves for n, x in m.values.items() if x is not None and self._stops(n, x)}
        if values:
            told = ", ".join(f"{n} {typed_text(x)}" for n, x in values.items())
            return f"A batch with {told} is stopped by the limit before it comes here."
        recipe = self.rehearsal.recipe
        sent = [_step_of(m.key) for m in route.moves if m.fires]
        sent = [n for n in sent if recipe.diagram.nodes[n].event == "messageEventDefinition" and n not in recipe.steps]
        return f"The message at {', '.join(sent)} comes from the system, when another run sends it." if sent else ""

    def _stops(self, name: str, value: Value) -> bool:
        step_id, _, parameter = name.partition(".")
        step = self.rehearsal.recipe.steps.get(step_id)
        p = step.parameter(parameter) if step is not None else None
        if step is None or p is None:
            return False
        return verdict(p, self.paper.filling(step).bounds(p, self.paper.sheets[step_id]), value).stops


def _step_of(key: str) -> str:
    return key.rpartition("/")[2].partition("[")[0]
