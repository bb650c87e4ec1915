"""The whole recipe filled in on paper: what a batch without any exception would record, before any act is tried.

It gives the order of the rehearsed batches, the usual values, and what has to be entered earlier so that something
calculated later comes to a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, Value, parse
from engine.actions.calculations import settled
from engine.control_recipe import ControlRecipe
from engine.dry_run.filling import STOPS, Filling, Sheet, aim, goals, variants
from engine.dry_run.limits import bounds_of, verdict
from engine.dry_run.solving import solve

BETWEEN = timedelta(minutes=30)
MOST_LEAVES = 12
Changes = Mapping[str, Value]
NO_CHANGES: Changes = {}
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
AMPLE = Decimal("1e9")
"""A number of the order that is the greater of two, so that the other one decides (`min(dose, order.max_dose)`)."""


@dataclass(slots=True)
class Paper:
    """Values by qualified name: `order.weight_kg`, `S04.tnc`; times of each step."""

    recipe: ControlRecipe
    begin: datetime
    order: dict[str, Value] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: ControlRecipe, begin: datetime) -> Paper:
        """The recipe filled in, step by step in the order of the document, then put right from what comes before."""
        paper = cls(recipe, begin)
        for f in recipe.header.order_fields:
            paper.order[f.name] = _ordered(f, begin)
        for number, step in enumerate(recipe.steps.values()):
            paper.sheets[step.id] = paper.filling(step).filled(begin + number * BETWEEN, {}, {})
        paper._put_right()
        return paper

    def filling(self, step: v.Step, changes: Changes = NO_CHANGES) -> Filling:
        """A step to be filled in with what the paper says of the others."""
        look = _Look(self, changes)
        return Filling(step, self.recipe.calculations.get(step.id, ()), partial(look.at, step))

    def value(self, step_id: str, name: str, changes: Changes = NO_CHANGES) -> Value | None:
        """A value, calculated ones included, with some others changed."""
        return _Look(self, changes).value(step_id, name)

    def result(self, step_id: str, formula: str, changes: Changes = NO_CHANGES) -> Value | None:
        """What a formula gives at a step, with some values changed; None where it gives none."""
        sheet = self.sheets[step_id]
        found = parse(formula).try_evaluate(_Look(self, changes).at(self.recipe.steps[step_id], None, sheet.start, sheet.end))
        return None if isinstance(found, EvaluationError) else settled(found)

    def badness(self, changes: Changes = NO_CHANGES) -> dict[str, int]:
        """How far each step is from one without exceptions, with some values changed."""
        look = _Look(self, changes)
        found = {}
        for step in self.recipe.steps.values():
            filling = Filling(step, self.recipe.calculations.get(step.id, ()), partial(look.at, step))
            sheet = self.sheets[step.id]
            mine = {n.partition(".")[2]: x for n, x in changes.items() if n.startswith(f"{step.id}.")}
            found[step.id] = filling.badness(Sheet({**sheet.entries, **mine}, sheet.start, sheet.end))
        return found

    def leaves(self, step_id: str, formula: str) -> list[str]:
        """What a formula hangs on in the end: fields of the order first, then entries, those of later steps first."""
        found: dict[str, None] = {}
        ahead, seen = [(step_id, formula)], set()
        for where, text in ahead:
            for name in sorted(parse(text).names):
                for step, parameter in self._meant(where, name):
                    p = self.recipe.steps[step].parameter(parameter) if step != "order" else None
                    if (step, parameter) in seen or (p is None and step != "order"):
                        continue
                    seen.add((step, parameter))
                    if p is not None and p.source == "calc":
                        ahead.append((step, p.formula))
                    elif p is None or p.source in ("manual", "device", "master"):
                        found[f"{step}.{parameter}"] = None
        place = {s: number for number, s in enumerate(["order", *self.recipe.steps])}
        return sorted(found, key=lambda n: (not n.startswith("order."), -place[n.partition(".")[0]], n))

    def _meant(self, step_id: str, name: str) -> Iterator[tuple[str, str]]:
        head, dot, rest = name.partition(".")
        if not dot:
            yield step_id, name
        elif head == "previous":
            yield step_id, rest
            loops = self.recipe.loops(step_id) if step_id in self.recipe.diagram.nodes else ()
            if loops and loops[-1].previous in self.recipe.steps:
                yield loops[-1].previous, rest
        elif head == "order":
            yield "order", rest
        elif head in self.recipe.steps:
            yield head, rest

    def leading_to(self, step_id: str, formula: str, goal: Value, *, elsewhere: bool = True) -> dict[str, Value] | None:
        """What is entered earlier so that a formula comes to the goal; None if nothing found leads there.

        A value that ends the batch before that step is no way to it.
        """
        leaves = [n for n in self.leaves(step_id, formula) if not (elsewhere and n.startswith(f"{step_id}."))][:MOST_LEAVES]
        ample = [n for n in leaves if n.startswith("order.") and isinstance(self._leaf(n)[0], Decimal)]
        for besides in ({}, *({n: AMPLE} for n in ample)):
            best: tuple[tuple[int, int], dict[str, Value]] | None = None
            for leaf in (n for n in leaves if n not in besides):
                for value in self._solved(step_id, formula, goal, leaf, besides):
                    changes = {**besides, leaf: value}
                    bad = self.badness(changes)
                    if any(n >= STOPS for s, n in bad.items() if s != step_id):
                        continue
                    rank = sum(bad.values()), sum(isinstance(x, Decimal) and x < 0 for x in changes.values())
                    if best is None or rank < best[0]:
                        best = rank, changes
            if best is not None:
                return best[1]
        return None

    def _solved(self, step_id: str, formula: str, goal: Value, leaf: str, besides: Changes) -> Iterator[Value]:
        now, whole, others = self._leaf(leaf)
        if isinstance(goal, Decimal) and isinstance(now, Decimal):

            def function(x: Decimal) -> Fraction | None:
                found = self.result(step_id, formula, {**besides, leaf: x})
                return Fraction(found) if isinstance(found, Decimal) else None

            found = solve(function, Fraction(goal), now, whole=whole)
            if found is not None:
                yield found
        elif not isinstance(goal, Decimal):
            marks = [Decimal(n) for n in NUMBER.findall(formula)] if isinstance(now, Decimal) else []
            others += [m + d for m in marks for d in (Decimal(0), Decimal(1), Decimal(-1))]
            yield from (x for x in others if self.result(step_id, formula, {**besides, leaf: x}) == goal)

    def _leaf(self, leaf: str) -> tuple[Value | None, bool, list[Value]]:
        """What a leaf is now, whether it is a whole number, and what else it may be."""
        head, _, name = leaf.partition(".")
        if head == "order":
            f = next((f for f in self.recipe.header.order_fields if f.name == name), None)
            kind = f.type if f else "text"
            return self.order.get(name), kind == "int", [True, False] if kind == "bool" else []
        p = self.recipe.steps[head].parameter(name)
        assert p is not None
        sheet = self.sheets[head]
        others = list(variants(p, self.filling(self.recipe.steps[head]).bounds(p, sheet)))
        return sheet.entries.get(name), p.type == "int", others

    def changed(self, changes: Changes) -> None:
        """Take over changes for good."""
        for name, value in changes.items():
            head, _, rest = name.partition(".")
            if head == "order":
                self.order[rest] = value
            else:
                sheet = self.sheets[head]
                self.sheets[head] = Sheet({**sheet.entries, rest: value}, sheet.start, sheet.end)

    def recorded(self, step_id: str, entries: Mapping[str, Value], start: datetime, end: datetime) -> None:
        """Take over what a rehearsed batch has recorded at a step."""
        sheet = self.sheets[step_id]
        taken = {n: entries.get(n, x) for n, x in sheet.entries.items()}
        self.sheets[step_id] = Sheet(taken, start, end)

    def _put_right(self) -> None:
        """Calculations that nothing at their own step can bring within their limits: change what comes before."""
        for step in self.recipe.steps.values():
            for p in self.recipe.calculations.get(step.id, ()):
                before = sum(self.badness().values())
                if not before:
                    return
                bounds = self.filling(step).bounds(p, self.sheets[step.id])
                value = self.value(step.id, p.id)
                if value is not None and verdict(p, bounds, value).outcome in ("ok", "recorded"):
                    continue
                self._improve(step, p, bounds, before)

    def _improve(self, step: v.Step, p: v.Parameter, bounds: Mapping[str, Any], before: int) -> None:
        for goal in goals(p, bounds):
            changes = self.leading_to(step.id, p.formula, goal, elsewhere=False)
            if changes is not None and sum(self.badness(changes).values()) < before:
                self.changed(changes)
                return


class _Look:
    """What names mean on the paper with some values changed; each calculation is made once."""

    def __init__(self, paper: Paper, changes: Changes) -> None:
        self.paper, self.changes = paper, changes
        self._made: dict[str, Value | None] = {}

    def value(self, step_id: str, name: str) -> Value | None:
        qualified = f"{step_id}.{name}"
        if qualified in self.changes:
            return self.changes[qualified]
        step = self.paper.recipe.steps[step_id]
        p, sheet = step.parameter(name), self.paper.sheets.get(step_id)
        if p is None or sheet is None:
            return None
        if p.source != "calc":
            return sheet.entries.get(name)
        if qualified not in self._made:
            self._made[qualified] = None  # a calculation that hangs on itself has no value
            found = parse(p.formula).try_evaluate(self.at(step, None, sheet.start, sheet.end))
            self._made[qualified] = None if isinstance(found, EvaluationError) else settled(found)
        return self._made[qualified]

    def at(
        self, step: v.Step, own: Mapping[str, Value | None] | None, start: datetime, end: datetime
    ) -> Callable[[str], object]:
        """The scope of one step; `own` are its values where they are not those of the paper."""

        def look(name: str) -> object:
            head, dot, rest = name.partition(".")
            if name in ("start", "end"):
                return start if name == "start" else end
            if not dot:
                return self._bare(step, own, name)
            if head == "order":
                return self._order(rest)
            if head == "previous":
                return self._previous(step, rest)
            return self._elsewhere(head, rest)

        return look

    def _bare(self, step: v.Step, own: Mapping[str, Value | None] | None, name: str) -> Value | None:
        if step.parameter(name) is not None:
            return self.value(step.id, name) if own is None else own.get(name)
        for loop in self._loops(step):
            if loop.name == name:
                return Decimal(loop.first)
        raise KeyError(name)

    def _loops(self, step: v.Step) -> tuple[v.Loop, ...]:
        recipe = self.paper.recipe
        return recipe.loops(step.id) if step.id in recipe.diagram.nodes else ()

    def _order(self, name: str) -> Value | None:
        if not any(f.name == name for f in self.paper.recipe.header.order_fields):
            raise KeyError(f"order.{name}")
        return self.changes.get(f"order.{name}", self.paper.order.get(name))

    def _previous(self, step: v.Step, name: str) -> Value | None:
        loops = self._loops(step)
        before = self.paper.recipe.steps.get(loops[-1].previous) if loops else None
        if before is None:
            raise KeyError(f"previous.{name}")
        own = step.parameter(name)
        if before.parameter(name) is not None or own is None or not own.formula:
            return self._elsewhere(before.id, name)
        sheet = self.paper.sheets.get(before.id)
        if sheet is None:
            return None
        found = parse(own.formula).try_evaluate(self.at(before, None, sheet.start, sheet.end))
        return None if isinstance(found, EvaluationError) else found

    def _elsewhere(self, step_id: str, name: str) -> Value | None:
        step = self.paper.recipe.steps.get(step_id)
        if step is None or (name not in ("start", "end") and step.parameter(name) is None):
            raise KeyError(f"{step_id}.{name}")
        sheet = self.paper.sheets.get(step_id)
        if name in ("start", "end"):
            return None if sheet is None else sheet.start if name == "start" else sheet.end
        return self.value(step_id, name)


def _ordered(f: v.OrderField, begin: datetime) -> Value:
    if f.type == "date_time":
        return begin
    if f.identifier or f.type in ("text", "choice"):
        return f"REHEARSAL-{f.name.upper()}"
    return aim(v.Parameter(f.name, f.label, f.type), bounds_of(v.Parameter(f.name, "", f.type), {}), begin)
