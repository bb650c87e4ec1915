"""How the figures are printed, and what they are held against."""

from __future__ import annotations

import pstats
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.cart import CartFigures
from tests.bench.measured import Case
from tests.bench.memory import Held

# The aims: ratios to a bare commit, of long to short recipes, of late to early steps; and KiB.
WARM, COLD, START, LONGEST, LAST, KIB = 4.0, 6.0, 6.0, 1.3, 1.2, 20.0
HEAD = (
    f"{'recipe':14}{'step, warm':>15}{'x bare':>13}{'step, cold':>16}{'x bare':>13}"
    f"{'start of step':>17}{'start of batch':>16}{'x bare':>13}{'stock step':>12}"
)


@dataclass(frozen=True)
class Line:
    """One recipe's figures on one database, in seconds, with the bare commits that took turns with them."""

    name: str
    warm: list[float]
    cold: list[float]
    step_starts: list[float]
    starts: list[float]
    bare: list[float]
    bare_starts: list[float]
    stock: float

    def __str__(self) -> str:
        return (
            f"{self.name:14}{_ms(self.warm):>15}{_times(self.warm, self.bare):>13}{_ms(self.cold):>16}"
            f"{_times(self.cold, self.bare):>13}{_ms(self.step_starts):>17}{_ms(self.starts):>16}"
            f"{_times(self.starts, self.bare_starts):>13}{self.stock * 1e3:12.1f}"
        )


@dataclass(frozen=True)
class Aim:
    """A figure and the most that it should be; of medians, and of quickest tenths where other work disturbs the median."""

    name: str
    most: float
    median: float
    tenth: float

    @property
    def missed(self) -> bool:
        """Whether the median is beyond the aim."""
        return not self.median <= self.most


def line(case: Case, bare: list[float], bare_starts: list[float], stock: float) -> Line:
    """The line of a generated recipe."""
    warm = [taken for _, taken in case.warm]
    return Line(case.name, warm, case.cold, case.begun, list(case.started), bare, bare_starts, stock)


def cart_line(cart: CartFigures, stock: float) -> Line:
    """The line of the CAR-T recipe; steps that complete with their last signature, entries recorded before."""
    return Line("CAR-T, 42", cart.warm, cart.cold, cart.step_starts, cart.started, cart.bare, cart.bare, stock)


def table(kind: str, lines: Sequence[Line]) -> None:
    """One line for each recipe."""
    print(f"{kind}: a bare commit takes {_ms(lines[0].bare)}")
    print(HEAD)
    for found in lines:
        print(found)


def aims(kind: str, lines: Sequence[Line], cases: Sequence[Case], held: Held) -> list[Aim]:
    """Every aim with its figure; prints those that no line of the table shows."""
    shortest, longest = lines[0], lines[-1]
    beside = [_aim(f"{longest.name} against {shortest.name}, warm", LONGEST, longest.warm, shortest.warm)]
    beside += [_aim(f"last fifth against first, {c.name}", LAST, *reversed(c.fifths())) for c in cases if c.steps >= 100]
    for aim in beside:
        print(f"{aim.name}: {aim.median:.2f} ({aim.tenth:.2f})")
    kept = held.kept / 1024
    print(f"a live batch of 1000 steps holds {kept:.1f} KiB, {held.peak / 1024:.1f} KiB at the peak\n")
    found = [*beside, Aim("KiB per live batch", KIB, kept, kept)]
    for one in lines:
        found += [
            _aim(f"step warm x bare, {one.name}", WARM, one.warm, one.bare),
            _aim(f"step cold x bare, {one.name}", COLD, one.cold, one.bare),
            _aim(f"start of a batch x bare, {one.name}", START, one.starts, one.bare_starts),
        ]
    return [Aim(f"{kind}: {aim.name}", aim.most, aim.median, aim.tenth) for aim in found]


def verdict(found: Sequence[Aim]) -> Iterator[str]:
    """The aims that the medians miss."""
    missed = [aim for aim in found if aim.missed]
    yield f"{len(found) - len(missed)} of {len(found)} aims are met." + (" Missed:" if missed else "")
    for aim in missed:
        yield f"  {aim.name}: {aim.median:.2f} ({aim.tenth:.2f}), the aim is {aim.most:g}"


def profile(stats: pstats.Stats, acts: int) -> None:
    """The functions that take most time themselves."""
    print("where the time of completing a step goes (profiled, so slower than above):")
    rows = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)  # type: ignore[attr-defined]
    for (file, number, name), (_, calls, own, _, _) in rows[:14]:
        place = f"{'/'.join(file.split('/')[-2:])}:{number} " if number else ""
        print(f"  {own / acts * 1e6:7.0f} us  {calls / acts:6.1f} calls  {place}{name}")
    print()


def _aim(name: str, most: float, ours: Sequence[float], others: Sequence[float]) -> Aim:
    return Aim(name, most, _middle(ours) / _middle(others), _quick(ours) / _quick(others))


def _middle(times: Sequence[float]) -> float:
    return statistics.median(times)


def _quick(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 10]


def _ms(times: Sequence[float]) -> str:
    return f"{_middle(times) * 1e3:.2f} ({_quick(times) * 1e3:.2f})"


def _times(ours: Sequence[float], bare: Sequence[float]) -> str:
    return f"{_middle(ours) / _middle(bare):.1f} ({_quick(ours) / _quick(bare):.1f})"
