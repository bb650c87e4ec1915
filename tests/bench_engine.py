"""What the engine alone costs, without database and rules: time of a step, memory of a batch, stock SpiffWorkflow beside it.

`python -m tests.bench_engine` prints the table; `measure` and `measure_stock` give the figures to the larger benchmark.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

from engine.workflow import EngineEvent, Procedure
from tests.small_recipes import sequence, step_ids
from tests.stock_engine import StockRun

LENGTHS = (10, 42, 100, 1000, 5000)
BATCHES = 200


@dataclass(frozen=True)
class Engine:
    """Figures of one length of recipe. Times in microseconds (`parse` in seconds), sizes in bytes.

    `warm`: complete one step. `first`, `last`: of the first and the last fifth of the batch. `cold`: restore from the
    snapshot, complete, snapshot again. `replay`: the whole batch from its journal. `batch`: what one more live batch holds.
    """

    steps: int
    parse: float
    start: float
    warm: float
    first: float
    last: float
    cold: float
    replay: float
    batch: int
    snapshot: int


def measure(steps: int, repeats: int = 5) -> Engine:
    """The engine on a row of that many steps."""
    xml, ids = sequence(steps), step_ids(steps)
    begun = time.perf_counter()
    procedure = Procedure.from_xml(xml)
    parse = time.perf_counter() - begun
    times = _warm(procedure, ids, repeats)
    fifth = max(1, steps // 5)
    events: list[EngineEvent] = [("start", {}), *(("complete", key, {}) for key in ids)]
    kept = procedure.start().snapshot()

    def cold() -> None:
        run = procedure.restore(kept)
        run.complete(ids[0])
        run.snapshot()

    return Engine(
        steps=steps,
        parse=parse,
        start=_median(procedure.start, 200),
        warm=statistics.median(times) * 1e6,
        first=statistics.median(times[:fifth]) * 1e6,
        last=statistics.median(times[-fifth:]) * 1e6,
        cold=_median(cold, 500),
        replay=_median(lambda: procedure.replay(events), 3),
        batch=_memory(procedure, ids[0]),
        snapshot=len(kept),
    )


def measure_stock(steps: int, acts: int = 5) -> tuple[float, int]:
    """Stock SpiffWorkflow: restore, complete one step, save (microseconds), and the bytes it saves."""
    serializer = BpmnWorkflowSerializer()
    with _deep_recursion():
        run = StockRun(sequence(steps), {})
        kept = serializer.serialize_json(run.workflow)
        times = []
        for _ in range(acts):
            begun = time.perf_counter()
            workflow = serializer.deserialize_json(kept)
            workflow.script_engine = run.workflow.script_engine
            task = workflow.get_next_task(spec_name=step_ids(1)[0])
            task.run()
            workflow.do_engine_steps()
            json_text = serializer.serialize_json(workflow)
            times.append(time.perf_counter() - begun)
    assert json.loads(json_text)
    return statistics.median(times) * 1e6, len(kept)


def _warm(procedure: Procedure, ids: list[str], repeats: int) -> list[float]:
    """The time of each step of a batch, the best of some batches, so that the noise of the machine is left out."""
    best = [float("inf")] * len(ids)
    for _ in range(repeats):
        run = procedure.start()
        for n, key in enumerate(ids):
            begun = time.perf_counter()
            run.complete(key)
            best[n] = min(best[n], time.perf_counter() - begun)
        assert run.outcome == "completed"
    return best


def _median(act: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def _memory(procedure: Procedure, first: str) -> int:
    """What each of 200 live batches of one revision adds."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        runs = [procedure.start() for _ in range(BATCHES)]
        for run in runs:
            run.complete(first)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) // BATCHES
    finally:
        tracemalloc.stop()


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Stock's parser and prediction recurse once or more for each step."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def main() -> None:
    """Prints one line for each length."""
    print("steps   parse s  start us  step us  first/last fifth us  cold us  replay ms  batch B  snapshot B  stock us  stock B")
    for steps in LENGTHS:
        f = measure(steps)
        stock, saved = measure_stock(steps, acts=5 if steps <= 1000 else 2)
        print(
            f"{steps:5} {f.parse:9.3f} {f.start:9.1f} {f.warm:8.1f} {f.first:9.1f} / {f.last:6.1f} {f.cold:11.1f}"
            f" {f.replay / 1000:10.2f} {f.batch:8} {f.snapshot:11} {stock:9.0f} {saved:8}"
        )


if __name__ == "__main__":
    main()
