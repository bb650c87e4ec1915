"""How the figures are printed, and what they are held against."""

from __future__ import annotations

import pstats
import statistics
from collections.abc import Callable, Sequence

from tests.bench.cart import CartFigures
from tests.bench.measured import Case
from tests.bench.memory import Held

Commit = Callable[[], None]

WARM, COLD, START, LONGEST, LAST, KIB = 4.0, 6.0, 6.0, 1.3, 1.2, 20


def middle(times: Sequence[float]) -> float:
    """The median, in seconds."""
    return statistics.median(times) if times else float("nan")


def quick(times: Sequence[float]) -> float:
    """The quickest tenth: what an act costs when nothing else disturbs it."""
    return sorted(times)[len(times) // 10] if times else float("nan")


def warm(case: Case | CartFigures) -> list[float]:
    """Warm times without their places."""
    return [taken for _, taken in case.warm]


def ms(times: Sequence[float]) -> str:
    """`0.93 (0.71)`: median and quickest tenth in milliseconds."""
    return f"{middle(times) * 1e3:6.2f} ({quick(times) * 1e3:5.2f})"


def ratio(times: Sequence[float], bare: Sequence[float]) -> str:
    """`3.1 (2.9)`: of medians and of quickest tenths."""
    return f"{middle(times) / middle(bare):4.1f} ({quick(times) / quick(bare):4.1f})"


def table(
    kind: str, cases: list[Case], cart: CartFigures, bare: list[float], bare_starts: list[float], stock: dict[int, float]
) -> None:
    """One line for each recipe."""
    print(f"{kind}: bare commit {ms(bare)}, beside CAR-T {ms(cart.bare)}")
    print("recipe          step warm       x bare      step cold       x bare      start of a step  start of a batch x bare      stock step")
    rows = [(case.name, case.steps, case, bare, bare_starts, case.begun) for case in cases]
    rows.insert(1, ("CAR-T, 42", 42, cart, cart.bare, cart.bare, []))  # type: ignore[arg-type]
    for name, steps, figures, beside, beside_starts, begun in rows:
        print(
            f"{name:14} {ms(warm(figures))} {ratio(warm(figures), beside)} {ms(figures.cold)} {ratio(figures.cold, beside)}"
            f"  {ms(begun)}  {ms(figures.started)} {ratio(figures.started, beside_starts)}  {stock[steps] * 1e3:8.1f}"
        )


def judge(
    kind: str, cases: list[Case], cart: CartFigures, bare: list[float], bare_starts: list[float], held: Held
) -> list[str]:
    """Prints the figures that stand beside the table; answers the aims that the medians miss."""
    shortest, longest = cases[0], cases[-1]
    growth = middle(warm(longest)) / middle(warm(shortest))
    print(f"5000 steps against 10: {growth:.2f} ({quick(warm(longest)) / quick(warm(shortest)):.2f})")
    missed = []
    found = [("5,000 steps against 10", growth, LONGEST)]
    for case in cases:
        first, last = case.fifths()
        if case.steps >= 100:
            found.append((f"last fifth against first, {case.name}", middle(last) / middle(first), LAST))
            print(f"last fifth against first, {case.name}: {middle(last) / middle(first):.2f} ({quick(last) / quick(first):.2f})")
    for figures, name, beside, beside_starts in [
        *((case, case.name, bare, bare_starts) for case in cases),
        (cart, "CAR-T", cart.bare, cart.bare),
    ]:
        found += [
            (f"step warm, {name}", middle(warm(figures)) / middle(beside), WARM),
            (f"step cold, {name}", middle(figures.cold) / middle(beside), COLD),
            (f"start of a batch, {name}", middle(figures.started) / middle(beside_starts), START),
        ]
    found.append(("KiB per live batch", held.kept / 1024, KIB))
    print(f"a live batch of 1,000 steps holds {held.kept / 1024:.1f} KiB; {held.peak / 1024:.1f} KiB at the peak\n")
    missed += [f"{kind}: {name}: {value:.2f}, the aim is {aim:g}" for name, value, aim in found if not value <= aim]
    return missed


def profile(stats: pstats.Stats, acts: int) -> None:
    """The functions that take most time themselves."""
    print("where the time of completing a step goes (profiled, so slower than above):")
    rows = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)  # type: ignore[attr-defined]
    for (file, line, name), (_, calls, own, _, _) in rows[:14]:
        place = f"{'/'.join(file.split('/')[-2:])}:{line} " if line else ""
        print(f"  {own / acts * 1e6:7.0f} us  {calls / acts:6.1f} calls  {place}{name}")
    print()
