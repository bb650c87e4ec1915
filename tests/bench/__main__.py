"""`make bench`: the table of figures on SQLite and PostgreSQL, and a profile of where a step's time goes.

The password check is left out of every figure: it is made before the transaction and costs 50 to 100 ms on purpose.
"""

from __future__ import annotations

import cProfile
import os
import platform
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# The recorded CAR-T batch is run at its own times.
os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from tests.bench import memory, report
from tests.bench.bare import bare_commit
from tests.bench.cart import run_cart
from tests.bench.measured import Case, timed
from tests.bench.site import Bench, bench_site
from tests.bench_engine import measure_stock
from tests.services import PostgresServer

CART_STEPS = 42
LENGTHS = (10, CART_STEPS, 100, 1000, 5000)
Commit = Callable[[], None]

ROUNDS_PER_FIFTH = 150
STARTS = 25
PROFILED = 150


def main() -> None:
    """Everything, in one run."""
    begun = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; times in ms.")
    print("Median, and in brackets the quickest tenth, which other work on the machine disturbs least.")
    print("Password checks are left out.\n")
    stock = {steps: measure_stock(steps, acts=5 if steps <= 1000 else 2)[0] / 1e6 for steps in LENGTHS}
    found: list[report.Aim] = []
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for kind, url in (("SQLite", f"sqlite:///{folder}/records.sqlite"), ("PostgreSQL", server.url())):
            found += _database(kind, url, Path(folder) / kind, stock)
    print(*report.verdict(found), sep="\n")
    print(f"{time.perf_counter() - begun:.0f} s.")


def _database(kind: str, url: str, folder: Path, stock: dict[int, float]) -> list[report.Aim]:
    folder.mkdir()
    with bench_site(url, folder) as bench:
        commit = bare_commit(url)
        for _ in range(20):
            commit()
        bare = _steps(bench, commit)
        bare_starts = _starts(bench, commit)
        cart = run_cart(bench, commit)
        lines = [report.line(case, bare, bare_starts, stock[case.steps]) for case in bench.cases]
        lines.insert(1, report.cart_line(cart, stock[CART_STEPS]))
        report.table(kind, lines)
        held = memory.per_live_batch(bench, bench.case("1000 steps"))
        aims = report.aims(kind, lines, bench.cases, held)
        _profile(bench.case("10 steps"))
        return aims


def _steps(bench: Bench, commit: Commit) -> list[float]:
    """Runs the longest recipe through once; in its first and last fifth the others and a bare commit take their turns."""
    longest = max(bench.cases, key=lambda case: case.steps)
    fifth = longest.steps // 5
    every = fifth // ROUNDS_PER_FIFTH
    bare = []
    for case in bench.cases:
        for _ in range(5):
            case.step(measured=False)
    while longest.position < longest.steps:
        inside = longest.position < fifth or longest.position >= longest.steps - fifth
        if not inside or longest.position % every:
            longest.step(measured=False)
            continue
        for case in bench.cases:
            for _ in range(4 if case.steps == 1000 else 1):
                case.step()
        bare.append(timed(commit)[0])
    return bare


def _starts(bench: Bench, commit: Commit) -> list[float]:
    """Starts more batches of every recipe, in turns with bare commits."""
    bare = []
    for case in bench.cases:
        case.started.clear()
    for _ in range(STARTS):
        for case in bench.cases:
            case.issue()
            bare.append(timed(commit)[0])
    return bare


def _profile(case: Case) -> None:
    """Prints where the time of completing a step goes."""
    profile, complete = cProfile.Profile(), case.complete

    def profiled(key: str, version: int) -> object:
        return profile.runcall(complete, key, version)

    case.complete = profiled  # type: ignore[method-assign]
    for _ in range(PROFILED):
        case.step(measured=False)
    report.profile(pstats.Stats(profile), PROFILED)


if __name__ == "__main__":
    main()
