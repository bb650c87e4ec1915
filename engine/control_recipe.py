"""A recipe revision as a batch runs it: steps, hold times and formulas, indexed once per revision and shared.

Nothing here changes after it is built; a process keeps one for each revision in use (`Site.control_recipe`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, parse
from engine.awaited import awaited_steps
from engine.canonical import canonical, sha256
from engine.reader import Reader
from engine.records import RecipeDocument
from engine.site import Site
from engine.workflow import Procedure

_KEY = re.compile(r"^(?P<node>[^\[]+)(?:\[(?P<iteration>[\d.]+)\])?$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def control_recipe(site: Site, reader: Reader, recipe_hash: str) -> ControlRecipe:
    """The revision with that hash, read once per process from the frozen copy that batches point to."""
    found: ControlRecipe | None = site.recipes.get(recipe_hash)
    if found is None:
        document = reader.get(RecipeDocument, hash=recipe_hash)
        found = site.recipes[recipe_hash] = ControlRecipe(document["xml"].encode(), recipe_hash)
    return found


def iteration_of(task_key: str) -> tuple[int, ...]:
    """The loop iterations of a task key: `S24[2.1]` is (2, 1), `S01` is ()."""
    found = _KEY.match(task_key)
    text = found["iteration"] if found else None
    return tuple(int(part) for part in text.split(".")) if text else ()


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold time with its limits as durations."""

    definition: v.HoldTime
    nor: timedelta | None
    par: timedelta | None

    @property
    def to_steps(self) -> tuple[str, ...]:
        """The steps whose event ends this hold time."""
        return tuple(event.partition(".")[0] for event in self.definition.to_events)


class ControlRecipe:
    """One revision, ready to run. `hash` is the SHA-256 of the approved diagram (21 CFR 211.188(a))."""

    def __init__(self, xml: bytes, hash: str) -> None:
        self.diagram = Diagram.parse(xml)
        self.hash = hash
        self.procedure = Procedure.from_xml(xml)
        self.header = self.diagram.recipe
        self.awaited = awaited_steps(self.diagram)
        self.steps = {**self.diagram.steps, **self.awaited}
        self._said: dict[str, str] = {}
        self.holds = {h.id: hold(h) for h in self.header.hold_times}

    @property
    def title(self) -> str:
        """Recipe and revision as people name it: `MR-CART-001 v3.0`."""
        return f"{self.header.id} v{self.header.revision}"

    @cached_property
    def holds_from(self) -> dict[str, tuple[Hold, ...]]:
        """Hold times that an event starts, by event name (`S10.end`)."""
        return _grouped((h.definition.from_event, h) for h in self.holds.values())

    @cached_property
    def holds_to(self) -> dict[str, tuple[Hold, ...]]:
        """Hold times that an event ends, by event name."""
        return _grouped((event, h) for h in self.holds.values() for event in h.definition.to_events)

    @cached_property
    def routing(self) -> dict[str, tuple[str, ...]]:
        """Parameters of a step, or answers of a service, that a gateway, loop, script or decision table asks for, by node."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.procedure.routing_names):
            step, dot, parameter = name.partition(".")
            if dot and (step in self.steps or (step in self.diagram.nodes and self.diagram.nodes[step].service is not None)):
                found.setdefault(step, []).append(parameter)
        return {step: tuple(parameters) for step, parameters in found.items()}

    @cached_property
    def order_names(self) -> frozenset[str]:
        """Order fields that routing asks for."""
        return frozenset(n.removeprefix("order.") for n in self.procedure.routing_names if n.startswith("order."))

    @cached_property
    def calculations(self) -> dict[str, tuple[v.Parameter, ...]]:
        """The calculated parameters of each step that has any, inputs before what uses them."""
        return {s.id: found for s in self.steps.values() if (found := _in_order(s))}

    @cached_property
    def bounded_by(self) -> dict[str, tuple[tuple[str, v.Parameter], ...]]:
        """Parameters whose limits, or whose condition to be asked for, use `step.parameter`: pairs (step, parameter)."""
        pairs = []
        for step in self.steps.values():
            for p in step.parameters:
                ordered = p.type in ("num", "int", "date_time")
                texts = [p.when, *((p.nor_low, p.nor_high, p.par_low, p.par_high) if ordered else ())]
                names = {name.removeprefix("previous.") for text in texts if text for name in parse(text).names}
                pairs += [(n if "." in n else f"{step.id}.{n}", (step.id, p)) for n in sorted(names)]
        return _grouped(pairs)

    @cached_property
    def timers_using(self) -> dict[str, tuple[str, ...]]:
        """Timers of the diagram whose due time hangs on a name (`S24.start`), by that name."""
        timers = [(n.id, n.timer.due) for n in self.diagram.nodes.values() if n.timer is not None and n.timer.due]
        return _grouped((name, node_id) for node_id, due in timers for name in parse(due).names if "." in name)

    @cached_property
    def users(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Which calculations elsewhere use `step.parameter`: pairs (step, parameter), by qualified name."""
        pairs = []
        for step in self.steps.values():
            for p in step.parameters:
                if p.source == "calc":
                    pairs += [(name, (step.id, p.id)) for name in parse(p.formula).names if "." in name]
        return _grouped(pairs)

    @cached_property
    def names_read(self) -> frozenset[str]:
        """Every qualified name (`S04.tnc`) that an expression of the recipe reads."""
        found: set[str] = set()
        for place in expression_places(self.diagram):
            try:
                found |= {name for name in parse(place.text).names if "." in name}
            except ExpressionError:
                continue  # refused before a recipe gets this far
        return frozenset(found)

    def said(self, step_id: str) -> str:
        """SHA-256 of what a step of this recipe says."""
        if step_id not in self._said:
            self._said[step_id] = sha256(canonical(asdict(self.steps[step_id])))
        return self._said[step_id]

    def from_on(self, first: Iterable[str], step_id: str) -> bool:
        """Whether a step is one of those, or can come after one of them."""
        return any(step_id == node or self.procedure.can_reach(node, step_id) for node in first)

    def shared_loops(self, step_id: str, scopes: Collection[str]) -> int:
        """How many of the loops around a step are among these scopes."""
        around = (self.diagram.nodes.get(s) for s in self.diagram.ancestors(step_id) if s in scopes)
        return sum(node is not None and repeats(node.element) for node in around)

    def loops(self, step_id: str) -> tuple[v.Loop, ...]:
        """The loops around a step, outermost first, one for each number of its task key."""
        found = []
        for scope in self.diagram.ancestors(step_id):
            node = self.diagram.nodes.get(scope)
            if node is not None and repeats(node.element):
                found.append(node.loop or v.Loop())
        return tuple(reversed(found))


def repeats(element: object) -> bool:
    """Whether a node is done more than once: it has loop characteristics."""
    return any(
        isinstance(child.tag, str) and child.tag.endswith("LoopCharacteristics")
        for child in element  # type: ignore[attr-defined]
    )


def hold(definition: v.HoldTime) -> Hold:
    """A hold time as drawn, with its limits as durations."""
    seconds = _SECONDS[definition.uom]
    limits = [
        timedelta(microseconds=int(Decimal(t) * seconds * 1_000_000)) if t else None for t in (definition.nor, definition.par)
    ]
    return Hold(definition, *limits)


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, tuple[Any, ...]]:
    found: dict[Any, list[Any]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return {key: tuple(items) for key, items in found.items()}


def _in_order(step: v.Step) -> tuple[v.Parameter, ...]:
    waiting = {p.id: p for p in step.parameters if p.source == "calc"}
    done: list[v.Parameter] = []
    while waiting:
        ready = [p for p in waiting.values() if not (parse(p.formula).names & (waiting.keys() - {p.id}))]
        for p in ready or list(waiting.values()):  # a circle is refused by the checks; here it ends as "undefined"
            done.append(waiting.pop(p.id))
    return tuple(done)
