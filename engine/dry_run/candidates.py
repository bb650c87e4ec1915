"""Which values make a difference to where the procedure goes: for each routing value a few, one for each way it can decide."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

from bpmn import vocabulary as v
from bpmn.decision_tables import Table, decision_names, evaluate, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram, Flow
from bpmn.expression_places import expression_places, script_of
from bpmn.expressions import EvaluationError, Expression, ExpressionError, Scope, Value, parse, parse_assignments
from bpmn.known_names import service_names
from engine.control_recipe import ControlRecipe
from engine.dry_run.filling import SEVERE, STOPS
from engine.dry_run.limits import UNKNOWN, bounds_of, verdict
from engine.dry_run.paper import NUMBER, Paper

_DECIDING = ("the condition", "the loop condition", "the number of iterations")
_TEXT = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_CONTEXTS = 10
_MOST_COMBINATIONS = 400
_MOST_NUMBERS = 12
_UNTOUCHED: dict[str, Any] = {"bool": False, "int": Decimal(0), "num": Decimal(0), "text": "", "choice": ""}
"""What a service answers of something that nothing is the matter with."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a routing name may be given; `cost` says how far it is from the batch as it is meant to be."""

    value: Value | None
    cost: int


class Derived:
    """What scripts and decision tables make of routing values on the way: needed to know what a condition hangs on."""

    def __init__(self, diagram: Diagram) -> None:
        self._made: list[tuple[frozenset[str], frozenset[str], Callable[[Scope], dict[str, Any]]]] = []
        self.texts: list[str] = []
        for node in diagram.nodes.values():
            if node.type == "scriptTask" and (script := script_of(node)) is not None:
                for line in parse_assignments(script[1]):
                    self._assignment(line.name, line.expression)
            elif node.type == TASK and (table := table_of(node.element).table) is not None:
                self._table(node.id, table)

    def _assignment(self, name: str, expression: Expression) -> None:
        self.texts.append(expression.text)

        def make(scope: Scope) -> dict[str, Any]:
            found = expression.try_evaluate(scope)
            return {} if isinstance(found, EvaluationError) else {name: found}

        self._made.append((frozenset({name}), expression.names, make))

    def _table(self, node_id: str, table: Table) -> None:
        self.texts += [c.expression for c in table.inputs] + [" ".join((*r.inputs, *r.outputs)) for r in table.rules]

        def make(scope: Scope) -> dict[str, Any]:
            try:
                outcome = evaluate(table, scope)
            except (EvaluationError, ExpressionError):
                return {}
            return {f"{node_id}.{n}": x for n, x in outcome.values.items()} | {f"{node_id} rules": str(outcome.rules)}

        names = frozenset(f"{node_id}.{o.name}" for o in table.outputs) | {f"{node_id} rules"}
        self._made.append((names, decision_names(table), make))

    def of(self, values: Mapping[str, Value | None]) -> dict[str, Any]:
        """The values with what is made of them."""
        found: dict[str, Any] = dict(values)
        for _, _, make in self._made:
            found |= make(found)
        return found

    def names_behind(self, names: Iterable[str]) -> frozenset[str]:
        """The names that these hang on, through scripts and tables."""
        found, ahead = set(names), list(names)
        for name in ahead:
            for made, needed, _ in self._made:
                if name in made:
                    ahead += sorted(needed - found)
                    found |= needed
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Something that decides where the procedure goes; `names` are all that it hangs on in the end."""

    text: str
    names: frozenset[str]
    tell: Callable[[Mapping[str, Value | None]], Any]


class Candidates:
    """The values worth trying, by routing name; the first of each is the usual one."""

    def __init__(self, recipe: ControlRecipe, paper: Paper, seed: int = 0) -> None:
        self.recipe, self.paper = recipe, paper
        self._chance = random.Random(seed)
        self.derived = Derived(recipe.diagram)
        self.deciding = list(self._deciding())
        self._loops = _loop_numbers(recipe.diagram)
        self._answered = {n: kind for node in recipe.diagram.nodes.values() for n, kind in service_names(node).items()}
        self._grids = {name: list(self._grid(name)) for name in sorted(recipe.procedure.routing_names)}
        self.of = {name: self._telling(name) for name in self._grids}

    def _deciding(self) -> Iterator[Deciding]:
        for place in expression_places(self.recipe.diagram):
            if place.what.startswith(_DECIDING):
                expression = parse(place.text)
                yield Deciding(place.text, self.derived.names_behind(expression.names), partial(self._tell, expression))
        for node in self.recipe.diagram.nodes.values():
            name = f"{node.id} rules"
            if node.type == TASK:
                yield Deciding("", self.derived.names_behind([name]), partial(self._rules, name))

    def _tell(self, expression: Expression, values: Mapping[str, Value | None]) -> Any:
        return _told(expression, self.derived.of(values))

    def _rules(self, name: str, values: Mapping[str, Value | None]) -> Any:
        return self.derived.of(values).get(name, "undefined")

    def _grid(self, name: str) -> Iterator[Candidate]:
        head, _, rest = name.partition(".")
        usual = self.paper.order.get(rest) if head == "order" else self._usual(head, rest)
        if name in self._answered:
            usual = _UNTOUCHED[self._answered[name]]
        yield Candidate(usual, 0)
        parameter = self.recipe.steps[head].parameter(rest) if head in self.recipe.steps else None
        kind = parameter.type if parameter else self._order_type(rest) if head == "order" else self._answered.get(name, "")
        for value in dict.fromkeys(self._values(name, kind, parameter, usual)):
            if value != usual:
                yield Candidate(value, 1 + self._cost(head, parameter, value))
        if parameter is not None and (parameter.when or parameter.optional or parameter.qualifier):
            yield Candidate(None, 3)

    def _order_type(self, name: str) -> str:
        return next((f.type for f in self.recipe.header.order_fields if f.name == name), "text")

    def _usual(self, step_id: str, name: str) -> Value | None:
        sheet = self.paper.sheets.get(step_id)
        if sheet is not None and name in ("start", "end"):
            return sheet.start if name == "start" else sheet.end
        return self.paper.value(step_id, name) if sheet is not None else None

    def _values(self, name: str, kind: str, p: v.Parameter | None, usual: Value | None) -> Iterator[Any]:
        texts = [e.text for e in self.deciding if name in e.names] + self.derived.texts
        if kind == "bool":
            yield from (True, False)
        elif kind in ("choice", "text"):
            yield from (c.value for c in (p.choices if p else ()))
            if kind == "text":
                yield from (a or b for text in texts for a, b in _TEXT.findall(text))
        elif kind == "date_time" or name.endswith((".start", ".end")):
            return
        else:
            yield from self._numbers(texts, p, kind == "int")

    def _numbers(self, texts: Iterable[str], p: v.Parameter | None, whole: bool) -> Iterator[Decimal]:
        written = [Decimal(n) for text in texts for n in NUMBER.findall(text)][:_MOST_NUMBERS]
        pairs = list(product(written, repeat=2))
        marks = dict.fromkeys([*written, *(a + b for a, b in pairs), *(a - b for a, b in pairs)])
        if p is not None:
            for bound in bounds_of(p, {}).values():
                if bound is not UNKNOWN:
                    marks[Decimal(bound.numerator) / Decimal(bound.denominator)] = None
        for mark in marks:
            step = Decimal(1) if abs(mark) < 1000 or whole else Decimal(1).scaleb(mark.adjusted() - 2)
            for value in (mark, mark + step, mark - step, mark + step / 10, mark - step / 10):
                if not whole or value == value.to_integral_value():
                    yield value

    def _cost(self, step_id: str, p: v.Parameter | None, value: Value) -> int:
        if p is None:
            return 0
        step = self.recipe.steps[step_id]
        found = verdict(p, self.paper.filling(step).bounds(p, self.paper.sheets[step_id]), value)
        negative = 2 if isinstance(value, Decimal) and value < 0 else 0
        return negative + (STOPS if found.stops else 2 * SEVERE[found.outcome] + 3 * found.blocks)

    def _telling(self, name: str) -> list[Candidate]:
        """Of the values that decide alike, whatever the others are, the cheapest; and always the usual one."""
        conditions = [e for e in self.deciding if name in e.names]
        contexts = [self._context(name, number) for number in range(_CONTEXTS)]
        found: dict[tuple[Any, ...], Candidate] = {}
        for candidate in self._grids[name]:
            told = tuple(e.tell(context | {name: candidate.value}) for e in conditions for context in contexts)
            if told not in found or candidate.cost < found[told].cost:
                found[told] = candidate
        usual = self._grids[name][0]
        return [usual, *(c for c in sorted(found.values(), key=lambda c: c.cost) if c is not usual)]

    def _context(self, name: str, number: int) -> dict[str, Value | None]:
        others = {}
        for other, grid in self._grids.items():
            if other != name:
                others[other] = grid[0].value if number < 2 else self._chance.choice(grid).value
        return {**others, **{loop: Decimal(number + 1) for loop in self._loops}}

    def wishes_for(self, flow: Flow, *, stops: bool) -> list[dict[str, Value | None]]:
        """Values with which a gateway takes this flow, the cheapest first."""
        gateway = self.recipe.diagram.nodes[flow.source]
        before: list[Expression] = []
        own: Expression | None = None
        for other in self.recipe.diagram.outgoing[flow.source]:
            if other.id == flow.id and flow.id != gateway.default:
                own = parse(other.condition) if other.condition else None
                break
            if other.condition and other.id != gateway.default:
                before.append(parse(other.condition))
        needed = self.derived.names_behind({n for e in (*before, *([own] if own else [])) for n in e.names})
        asked = sorted(n for n in needed if n in self.of)
        options = [[c for c in self.of[n] if stops or c.cost < STOPS] for n in asked]
        found = []
        for combination in _some(options):
            values = {n: c.value for n, c in zip(asked, combination, strict=True)}
            numbers = [{loop: Decimal(n) for loop in self._loops} for n in ((1, 2, 3, 7) if self._loops else (1,))]
            if any(_decides(before, own, self.derived.of(values | n)) for n in numbers):
                found.append((sum(c.cost for c in combination), values))
        return [values for _, values in sorted(found, key=lambda pair: pair[0])]


def _decides(before: list[Expression], own: Expression | None, values: dict[str, Any]) -> bool:
    return all(_told(e, values) is False for e in before) and (own is None or _told(own, values) is True)


def _some(options: list[list[Candidate]]) -> Iterator[tuple[Candidate, ...]]:
    for number, combination in enumerate(product(*options)):
        if number >= _MOST_COMBINATIONS:
            return
        yield combination


def _told(expression: Expression, values: Mapping[str, Any]) -> Any:
    found = expression.try_evaluate(values)
    if isinstance(found, EvaluationError):
        return "undefined"
    return str(found) if isinstance(found, timedelta) else found


def _loop_numbers(diagram: Diagram) -> set[str]:
    return {n.loop.name for n in diagram.nodes.values() if n.loop is not None} | {"iteration"}
