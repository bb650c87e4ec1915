"""What is entered at a step: the values that the recipe aims at, chosen so that what is calculated from them is right too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import EvaluationError, ExpressionError, Scope, Value, parse
from engine.actions.calculations import settled
from engine.dry_run.limits import ORDERED, UNKNOWN, Bound, bounds_of, verdict
from engine.dry_run.solving import solve

START, END = "start", "end"
SEVERE = {"recorded": 0, "ok": 0, "info": 1, "minor": 1, "major": 6, "critical": 8}
STOPS = 100
LASTS = timedelta(minutes=10)
"""How long a step takes of which the recipe does not say more."""
ScopeOf = Callable[[Mapping[str, Value | None], datetime, datetime], Scope]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is entered at a step, and when it starts and ends; `entries` are the typed, measured or taken values."""

    entries: Mapping[str, Value]
    start: datetime
    end: datetime


class Filling:
    """One step to be filled in. `scope_of` says what names mean for its own values and times.

    `may_wait`: it has not been started, so its start may be put off.
    """

    def __init__(
        self, step: v.Step, calculated: tuple[v.Parameter, ...], scope_of: ScopeOf, *, may_wait: bool = False
    ) -> None:
        self.step, self.calculated, self.scope_of, self.may_wait = step, calculated, scope_of, may_wait

    def values(self, sheet: Sheet) -> dict[str, Value | None]:
        """Everything that the step then has: what is entered, and what is calculated from it."""
        own: dict[str, Value | None] = dict(sheet.entries)
        for p in self.calculated:
            if p.id not in own and self._asked(p, own, sheet):
                found = parse(p.formula).try_evaluate(self.scope_of(own, sheet.start, sheet.end))
                own[p.id] = None if isinstance(found, EvaluationError) else settled(found)
        return own

    def asked(self, sheet: Sheet) -> dict[str, v.Parameter]:
        """The parameters that are asked for with these values."""
        own = self.values(sheet)
        return {p.id: p for p in self.step.parameters if self._asked(p, own, sheet)}

    def _asked(self, p: v.Parameter, own: Mapping[str, Value | None], sheet: Sheet) -> bool:
        return not p.when or parse(p.when).try_evaluate(self.scope_of(own, sheet.start, sheet.end)) is not False

    def bounds(self, p: v.Parameter, sheet: Sheet) -> dict[str, Bound]:
        """The limits of a parameter with these values."""
        return bounds_of(p, self.scope_of(self.values(sheet), sheet.start, sheet.end))

    def badness(self, sheet: Sheet) -> int:
        """How far this is from a step without any exception; 0 is one."""
        own = self.values(sheet)
        scope = self.scope_of(own, sheet.start, sheet.end)
        total = 0
        for p in self.step.parameters:
            if p.id in own:
                found = verdict(p, bounds_of(p, scope), own[p.id])
                missing = 3 if own[p.id] is None else 0
                total += missing + (STOPS if found.stops else SEVERE[found.outcome] + 3 * found.blocks)
        return total

    def filled(
        self, start: datetime, wishes: Mapping[str, Value], usual: Mapping[str, Value], lasts: timedelta = LASTS
    ) -> Sheet:
        """The step as it is meant to be: wishes as they are, `usual` values else, calculations within their limits."""
        sheet = Sheet({}, start, start + lasts)
        for p in self.step.parameters:
            if p.source == "calc" or not self._asked(p, sheet.entries, sheet):
                continue
            chosen = wishes.get(p.id, usual.get(p.id))
            if chosen is None:
                chosen = aim(p, self.bounds(p, sheet), start)
            sheet = replace(sheet, entries={**sheet.entries, p.id: chosen})
        for name, value in wishes.items():
            parameter = self.step.parameter(name)
            if parameter is not None and parameter.source == "calc":
                sheet = self.reaching(sheet, parameter, value, wishes) or sheet
        return self._repaired(sheet, wishes)

    def _repaired(self, sheet: Sheet, wishes: Mapping[str, Value]) -> Sheet:
        for p in self.calculated:
            left = self.badness(sheet)
            if not left or p.id in wishes:
                continue
            own, bounds = self.values(sheet), self.bounds(p, sheet)
            found = verdict(p, bounds, own.get(p.id))
            if p.id not in own or (own[p.id] is not None and found.outcome in ("ok", "recorded")):
                continue
            for goal in goals(p, bounds):
                other = self.reaching(sheet, p, goal, wishes)
                if other is not None and self.badness(other) < left:
                    sheet, left = other, self.badness(other)
                    break
        return sheet

    def reaching(
        self, sheet: Sheet, p: v.Parameter, goal: Value, fixed: Mapping[str, Value], *, by: Collection[str] = ()
    ) -> Sheet | None:
        """The sheet with one entry (or a time of the step) changed so that a calculation gives the goal; the best way.

        `by`: only by these levers, where any are named.
        """
        levers = [name for name in self.levers(p, fixed) if not by or name in by]
        if isinstance(goal, Decimal):
            ways = [other for name in levers if (other := self._with(sheet, p, Fraction(goal), name))]
        else:
            ways = [other for other in self._flipped(sheet, levers) if self.values(other).get(p.id) == goal]
        return min(ways, key=lambda other: (self.badness(other), _negatives(other)), default=None)

    def levers(self, p: v.Parameter, fixed: Mapping[str, Value]) -> list[str]:
        """What the calculation hangs on at this step and may be changed, what has no limits first."""
        found: dict[str, None] = {}
        ahead = [p]
        for calculation in ahead:
            for name in sorted(parse(calculation.formula).names):
                other = self.step.parameter(name)
                if name == END or (name == START and self.may_wait):
                    found[name] = None
                elif other is not None and other.source == "calc" and other not in ahead:
                    ahead.append(other)
                elif other is not None and name not in fixed and other.source in ("manual", "device"):
                    found[name] = None
        return sorted(found, key=lambda n: (n not in (START, END) and _limited(self.step.parameter(n)), n))

    def _with(self, sheet: Sheet, p: v.Parameter, goal: Fraction, lever: str) -> Sheet | None:
        def at(x: Decimal) -> Sheet | None:
            return self._moved(sheet, lever, x)

        def function(x: Decimal) -> Fraction | None:
            other = at(x)
            value = self.values(other).get(p.id) if other is not None else None
            return Fraction(value) if isinstance(value, Decimal) else None

        now = sheet.entries.get(lever)
        parameter = self.step.parameter(lever)
        start = now if isinstance(now, Decimal) else Decimal(600)
        found = solve(function, goal, start, whole=parameter is not None and parameter.type == "int")
        return at(found) if found is not None else None

    def _moved(self, sheet: Sheet, lever: str, x: Decimal) -> Sheet | None:
        """The sheet with a lever at x: a number; of an instant, how many seconds before the step's start it lies."""
        parameter = self.step.parameter(lever)
        if lever in (START, END) or (parameter is not None and parameter.type == "date_time"):
            if not 0 <= x < 10**9:
                return None
            span = timedelta(microseconds=int((x * 1_000_000).to_integral_value()))
            if lever == START:
                return replace(sheet, start=sheet.start + span, end=sheet.end + span)
            if lever == END:
                return replace(sheet, end=sheet.start + span)
            return replace(sheet, entries={**sheet.entries, lever: sheet.start - span})
        if parameter is None or parameter.type not in ("num", "int"):
            return None
        if parameter.type == "int" and x != x.to_integral_value():
            return None
        return replace(sheet, entries={**sheet.entries, lever: x})

    def _flipped(self, sheet: Sheet, levers: Iterable[str]) -> Iterator[Sheet]:
        for name in levers:
            parameter = self.step.parameter(name)
            if parameter is not None:
                for value in variants(parameter, self.bounds(parameter, sheet)):
                    yield replace(sheet, entries={**sheet.entries, name: value})


def _negatives(sheet: Sheet) -> int:
    return sum(isinstance(value, Decimal) and value < 0 for value in sheet.entries.values())


def _limited(p: v.Parameter | None) -> bool:
    return p is not None and any((p.nor_low, p.nor_high, p.par_low, p.par_high))


def variants(p: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Value]:
    """Different values that a parameter may have."""
    if p.type == "bool":
        yield from (True, False)
    elif p.type == "choice":
        yield from (c.value for c in p.choices)
    elif p.type in ("num", "int"):
        for bound in bounds.values():
            if bound is not UNKNOWN:
                level = Decimal(bound.numerator) / Decimal(bound.denominator)
                yield from (level, level + 1, level - 1, level * 2)
        yield from (Decimal(0), Decimal(1), Decimal(1000))


def aim(p: v.Parameter, bounds: Mapping[str, Bound], now: datetime) -> Value:
    """The value that the recipe aims at: its target, the middle of its range, the expected answer."""
    for goal in goals(p, bounds):
        if p.type != "int" or (isinstance(goal, Decimal) and goal == goal.to_integral_value()):
            return goal
    if p.type in ("num", "int"):
        return Decimal(1)
    if p.type == "bool":
        return True
    if p.type == "date_time":
        return now
    if p.type == "choice":
        return next((c.value for c in p.choices if not c.departs), p.choices[0].value if p.choices else "")
    return "As the recipe describes it."


def goals(p: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Value]:
    """Values within both levels of the limits, the best first."""
    for candidate in _candidates(p, bounds):
        if verdict(p, bounds, candidate).outcome in ("ok", "recorded"):
            yield candidate


def _candidates(p: v.Parameter, bounds: Mapping[str, Bound]) -> Iterator[Any]:
    if p.target:
        try:
            target = parse(p.target).try_evaluate({}) if p.type in (*ORDERED, "bool") else p.target
        except ExpressionError:
            target = EvaluationError("")
        if not isinstance(target, EvaluationError) and isinstance(target, (Decimal, datetime, bool, str)):
            yield target
    if p.type not in ("num", "int"):
        yield from (b for b in bounds.values() if b is not UNKNOWN)
        return
    known = {n: b for n, b in bounds.items() if isinstance(b, Fraction)}
    for level in ("nor", "par"):
        low, high = known.get(f"{level}_low"), known.get(f"{level}_high")
        if low is not None and high is not None:
            middle = (low + high) / 2
            if p.type == "int":
                yield Decimal(round(middle))
            yield Decimal(middle.numerator) / Decimal(middle.denominator)
    for name, bound in known.items():
        limit = Decimal(bound.numerator) / Decimal(bound.denominator)
        away = (abs(limit) * Decimal("0.2")) or Decimal(1)
        away = away.to_integral_value() or Decimal(1) if p.type == "int" else away
        yield limit + away if name.endswith("low") else limit - away
        yield limit
