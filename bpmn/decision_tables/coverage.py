"""Which values two rules share, and which no rule has: each with values as an example.

Every column is cut at the constants of its cells into parts in which no cell changes its mind; a cell is then a set of
parts (the bits of an int), a rule is a box, and the question is whether boxes meet or leave something out. That is exact.
A cell whose bounds are computed (`< order.weight_kg`) may be anything: about such rules nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from bpmn.decision_tables.cells import ORDERED, Cell, parse_cell
from bpmn.decision_tables.table import Input, Rule, Table
from bpmn.expressions.values import Value

MAX_BOXES = 50_000  # half a second; beyond that the table is too tangled to say whether it leaves something out
Example = tuple[str, ...]


class UndecidedError(Exception):
    """Too many combinations to look at."""


class Column:
    """One input cut into parts. `samples` has a value of each part, `real` the parts that a value can be in."""

    def __init__(self, column: Input, cells: list[Cell], domain: tuple[str, ...] = (), whole: bool = False) -> None:
        self.column = column
        allowed = parse_cell(column.allowed, column.type)
        self.points: list[Any] = []
        if column.type in ORDERED:
            found = {b.constant for cell in [*cells, allowed] for b in cell.bounds if b.constant is not None}
            self.points = sorted(found)
            self.samples = _samples(self.points, column.type, whole)
        else:
            self.samples = _listed(column, [*cells, allowed], domain)
        self.index = {point: 2 * i + 1 for i, point in enumerate(self.points)}
        self.real = self.mask(allowed)
        for i, sample in enumerate(self.samples):
            if sample is None or (domain and sample not in domain):
                self.real &= ~(1 << i)

    def mask(self, cell: Cell) -> int:
        """The parts in which the cell holds."""
        everything = (1 << len(self.samples)) - 1
        if not cell.pieces:
            return everything
        found = 0
        for piece in cell.pieces:
            if self.column.type in ORDERED:
                low = self._edge(piece.low, piece.low_open, 0)
                high = self._edge(piece.high, piece.high_open, len(self.samples) - 1, -1)
                found |= ((1 << (high + 1)) - 1) & ~((1 << low) - 1) if low <= high else 0
            else:
                assert piece.low is not None
                found |= sum(1 << i for i, sample in enumerate(self.samples) if sample == piece.low.constant)
        return everything & ~found if cell.negated else found

    def _edge(self, bound: Any, is_open: bool, unbounded: int, step: int = 1) -> int:
        if bound is None:
            return unbounded
        return self.index[bound.constant] + (step if is_open else 0)

    def shown(self, mask: int) -> str:
        """A value of the lowest of these parts, as a person writes it."""
        value = self.samples[(mask & -mask).bit_length() - 1]
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f'"{value}"' if isinstance(value, str) else format(value, "f")


def _samples(points: list[Any], column_type: str, whole: bool) -> list[Value | None]:
    """A value below, at, between and above the points; None where there is none, as no whole number is between 4 and 5."""
    if not points:
        return [Decimal(0) if column_type == "num" else datetime.fromisoformat("2026-01-01T00:00:00Z")]
    step = Decimal(1) if column_type == "num" else timedelta(days=1)
    found: list[Value | None] = [_floor(points[0]) - step if whole else points[0] - step]
    for point, following in zip(points, [*points[1:], None], strict=True):
        found.append(None if whole and point != _floor(point) else point)
        if following is None:
            found.append(_floor(point) + 1 if whole else point + step)
        elif whole:
            found.append(_floor(point) + 1 if _floor(point) + 1 < following else None)
        else:
            found.append(_between(point, following))
    return found


def _floor(value: Any) -> Any:
    return value.to_integral_value(ROUND_FLOOR) if isinstance(value, Decimal) else value


def _between(low: Any, high: Any) -> Any:
    """The value in the middle, with as few digits as it takes."""
    if isinstance(low, datetime):
        return low + (high - low) / 2
    with localcontext() as context:
        context.prec = 120
        middle = (low + high) / 2
        for places in range(100):
            rounded = middle.quantize(Decimal(1).scaleb(-places)) if middle.adjusted() + places < 100 else middle
            if low < rounded < high:
                return rounded
    return middle


def _listed(column: Input, cells: list[Cell], domain: tuple[str, ...]) -> list[Value | None]:
    if column.type == "bool":
        return [True, False]
    named = [str(b.constant) for cell in cells for b in cell.bounds if b.constant is not None]
    found: list[Value | None] = [*dict.fromkeys(domain or named)]
    if domain or column.allowed:
        return [*found, *(dict.fromkeys(name for name in named if name not in found))]
    other = "anything else"
    while other in named:
        other += " again"
    return [*found, other]


@dataclass(slots=True)
class _Box:
    """A rule as parts of each column: `surely` those it certainly has, `perhaps` those it may have."""

    surely: tuple[int, ...]
    perhaps: tuple[int, ...]


class Coverage:
    """The rules of a table as boxes. The cells of `table` must be readable.

    `domains` are the values that an input can have where the recipe says so, by column; `whole` the columns of whole
    numbers.
    """

    def __init__(
        self, table: Table, domains: dict[int, tuple[str, ...]] | None = None, whole: frozenset[int] = frozenset()
    ) -> None:
        self.table = table
        rules = [[parse_cell(t, c.type) for t, c in zip(r.inputs, table.inputs, strict=True)] for r in table.rules]
        self.columns = [
            Column(column, [cells[i] for cells in rules], (domains or {}).get(i, ()), i in whole)
            for i, column in enumerate(table.inputs)
        ]
        self.boxes = [self._box(cells) for cells in rules]

    def _box(self, cells: list[Cell]) -> _Box:
        surely, perhaps = [], []
        for column, cell in zip(self.columns, cells, strict=True):
            if cell.constant:
                mask = column.mask(cell) & column.real
                surely.append(mask)
                perhaps.append(mask)
            else:
                surely.append(0)
                perhaps.append(column.real)
        return _Box(tuple(surely), tuple(perhaps))

    def overlaps(self) -> Iterator[tuple[int, int, Example | None]]:
        """Pairs of rules (from 1) that share values, with an example; None where they may, depending on the batch."""
        for j, second in enumerate(self.boxes):
            for i, first in enumerate(self.boxes[:j]):
                shared = [a & b for a, b in zip(first.surely, second.surely, strict=True)]
                if all(shared):
                    yield i + 1, j + 1, self._example(shared)
                elif all(a & b for a, b in zip(first.perhaps, second.perhaps, strict=True)):
                    yield i + 1, j + 1, None

    def gap(self) -> tuple[Example | None, bool]:
        """Values for which no rule says anything (None: there are none), and whether that is certain."""
        everything = [column.real for column in self.columns]
        missed = self._uncovered(everything, [box.surely for box in self.boxes])
        if missed is None:
            return None, True
        certain = self._uncovered(everything, [box.perhaps for box in self.boxes])
        return (self._example(certain), True) if certain is not None else (self._example(missed), False)

    def shadowed(self) -> Iterator[int]:
        """Rules (from 1) that never come into play, since those above them take every value first."""
        for j, box in enumerate(self.boxes):
            if all(box.perhaps) and self._uncovered(list(box.perhaps), [b.surely for b in self.boxes[:j]]) is None:
                yield j + 1

    def impossible(self) -> Iterator[int]:
        """Rules (from 1) that no value fulfils."""
        for j, box in enumerate(self.boxes):
            if not all(box.perhaps):
                yield j + 1

    def _example(self, parts: list[int]) -> Example:
        return tuple(column.shown(mask) for column, mask in zip(self.columns, parts, strict=True))

    def _uncovered(self, box: list[int], rules: list[tuple[int, ...]]) -> list[int] | None:
        """A part of the box that is in none of the rules: cut off what the first rule leaves out, go on with the next."""
        waiting = [(box, 0)]
        looked_at = 0
        while waiting:
            box, begin = waiting.pop()
            looked_at += 1
            if looked_at > MAX_BOXES:
                raise UndecidedError
            for number in range(begin, len(rules)):
                rule = rules[number]
                if all(a & b for a, b in zip(box, rule, strict=True)):
                    inside = list(box)
                    for i, mask in enumerate(rule):
                        if outside := inside[i] & ~mask:
                            waiting.append(([*inside[:i], outside, *inside[i + 1 :]], number + 1))
                            inside[i] &= mask
                    break
            else:
                return box
        return None


def duplicates(rules: tuple[Rule, ...]) -> Iterator[tuple[int, int]]:
    """Rules (from 1) that say exactly what an earlier one says."""
    seen: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    for number, rule in enumerate(rules, 1):
        said = (tuple(map(str.strip, rule.inputs)), tuple(map(str.strip, rule.outputs)))
        if said in seen:
            yield seen[said], number
        else:
            seen[said] = number
