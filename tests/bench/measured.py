"""The acts that are measured: a case runs batches of one recipe, step after step, as an operator's requests would."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.actions.batches import start_batch
from engine.actions.tasks import sign_task, start_task
from engine.site import Site
from engine.transaction import perform
from tests.bench.recipes import ENTRIES
from web.demo.furnish import Crew

# Every third step is done cold: what this process keeps in memory of the batch is thrown away just before.
COLD_EVERY = 3


@dataclass
class Case:
    """One recipe on one site. Times are seconds, in the order in which they were taken."""

    name: str
    recipe_id: str
    steps: int
    site: Site
    crew: Crew
    started: list[float] = field(default_factory=list)
    warm: list[tuple[int, float]] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    batch: str = ""
    position: int = 0
    taken: int = 0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def issue(self) -> str:
        """Start a batch, timed."""
        batch = f"{self.recipe_id}-{next(self._numbers):04}"
        actor, proof = self.crew["MFG_SUP"]
        taken, _ = timed(
            lambda: perform(
                self.site, start_batch, actor=actor, stream=f"batch:{batch}", idempotency_key=str(uuid.uuid4()),
                source="ui", recipe_id=self.recipe_id, batch_id=batch, order={"coi": f"COI-{batch}"}, proof=proof,
            )
        )  # fmt: skip
        self.started.append(taken)
        return batch

    def step(self, measured: bool = True) -> None:
        """Start and complete the next step of the batch at work; a new batch when the last one has ended."""
        if not self.batch or self.position == self.steps:
            self.batch, self.position = self.issue(), 0
        self.position += 1
        key = f"S{self.position:04}"
        begun, answer = timed(lambda: self._act(start_task, key))
        version = answer["task"]["version"]
        self.taken += measured
        cold = measured and self.taken % COLD_EVERY == 0
        if cold:
            self.forget(self.batch)
        taken, answer = timed(lambda: self.complete(key, version))
        assert answer["completed"], answer
        if measured:
            self.begun.append(begun)
            if cold:
                self.cold.append(taken)
            else:
                self.warm.append((self.position, taken))

    def complete(self, key: str, version: int) -> Any:
        """The performer enters two values and signs: the values are judged, the step is complete, the next one opens."""
        return self._act(sign_task, key, meaning="performed_by", proof=self.crew["MFG_OP"][1], version=version, entries=ENTRIES)

    def forget(self, batch: str) -> None:
        """Throw away what this process keeps in memory of a batch (the parsed revision stays)."""
        self.site.runs.take(batch, -1)

    def _act(self, action: Any, key: str, **arguments: Any) -> Any:
        return perform(
            self.site, action, actor=self.crew["MFG_OP"][0], stream=f"batch:{self.batch}",
            idempotency_key=str(uuid.uuid4()), source="ui", batch_id=self.batch, task_key=key, **arguments,
        )  # fmt: skip

    def fifths(self) -> tuple[list[float], list[float]]:
        """Warm times in the first and in the last fifth of the batches."""
        first = [t for position, t in self.warm if position <= self.steps / 5]
        return first, [t for position, t in self.warm if position > self.steps * 4 / 5]


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """How long an act takes, in seconds, and its answer."""
    begun = time.perf_counter()
    answer = act()
    return time.perf_counter() - begun, answer
