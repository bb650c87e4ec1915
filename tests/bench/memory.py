"""What one more live batch costs in memory."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass

from tests.bench.measured import Case
from tests.bench.site import Bench

BATCHES = 200


@dataclass(frozen=True)
class Held:
    """Bytes for each of 200 live batches of one revision: what they hold, and at the peak of making them work."""

    kept: int
    peak: int


def per_live_batch(bench: Bench, case: Case) -> Held:
    """Starts batches and completes a step of each, all of them live, and traces every allocation of it."""
    case.step(measured=False)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(BATCHES):
            case.batch, case.position = case.issue(), 0
            case.step(measured=False)
        peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        case.batch = ""
    return Held((kept - before) // BATCHES, (peak - before) // BATCHES)
