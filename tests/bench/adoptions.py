"""Adoption in many running CAR-T batches at once, while workers go on completing steps: `python -m tests.bench.adoptions`.

Batches stand at three different steps; the decision is one act signed by three people, taken at each batch in an act of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from engine import clock
from engine.actions.open_batches import propose_decisions, sign_decisions
from engine.actions.taken_decisions import apply_decisions
from engine.database import migrate
from engine.records import Adoption, OpenBatchDecision
from engine.transaction import perform
from tests.services import PostgresServer
from tests.stories.cart import ORDER, Cart, cart_site
from tests.stories.change import CHANGE, next_recipe, of_the_file, propose

BATCHES, WORKERS, STARTED = 200, 2, 20


@dataclass
class Worker(threading.Thread):
    """Starts and signs first steps of batches of its own, one after the other, until it is told to stop."""

    cart: Cart
    batches: list[str]
    done: int = 0
    slowest: float = 0.0
    failed: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        try:
            for batch in self.batches:
                if self.over.is_set():
                    return
                begun = time.perf_counter()
                self.cart.hands.start("MFG_OP", batch, "S01")
                self.slowest = max(self.slowest, time.perf_counter() - begun)
                self.done += 1
        except BaseException as error:
            self.failed.append(error)


def many(cart: Cart, count: int) -> list[str]:
    """So many issued batches, of which nearly all have started; the rest are the workers'."""
    cart.floor.at(clock.now() + timedelta(days=1))
    batches = [f"CT-27-{number:04}" for number in range(count)]
    for number, batch in enumerate(batches):
        cart.issue(batch, ORDER | {"coi": f"COI-NVX-1{number:05}", "subject": f"101-1{number:03}"})
    return batches


def decided(cart: Cart, batches: list[str]) -> tuple[float, str]:
    """One decision for all of them, signed by three people; how long the first act took, and its id."""
    actor, _ = cart.crew["PROC"]
    about: dict[str, Any] = {"change_id": CHANGE, "xml": next_recipe(), "client_signs": True, "items": of_the_file()}
    perform(cart.site, propose, actor=actor, stream=f"batch:{CHANGE}", **about)
    rows = [{"batch": batch, "item": item, "decision": "adopt"} for batch in batches for item in (1, 2)]
    begun = time.perf_counter()
    made = sign(cart, "QA_DISP", propose_decisions, rows=rows, reason="Adopt it in all of them")
    took = time.perf_counter() - begun
    for role in ("PROC", "CLI_QA"):
        sign(cart, role, sign_decisions, set_id=made["set"])
    return took, str(made["set"])


def sign(cart: Cart, role: str, action: Callable[..., Any], **arguments: Any) -> Any:
    actor, proof = cart.crew[role]
    return perform(cart.site, action, actor=actor, stream=f"batch:{CHANGE}", change_id=CHANGE, proof=proof, **arguments)


def measure(cart: Cart, count: int = BATCHES) -> str:
    """What the adoption took, and what the workers did meanwhile."""
    batches = many(cart, count + WORKERS * STARTED)
    running, others = batches[:count], batches[count:]
    for batch in running:
        cart.hands.start("MFG_OP", batch, "S01")
    deciding, _ = decided(cart, running)
    workers = [Worker(cart, others[n::WORKERS]) for n in range(WORKERS)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    results = apply_decisions(cart.site, CHANGE)
    took = time.perf_counter() - begun
    for worker in workers:
        worker.over.set()
        worker.join()
    with cart.site.read() as reader:
        adopted = len(reader.rows(Adoption))
        applied = len(reader.rows(OpenBatchDecision, state="APPLIED"))
    refused = [result for result in results if result["refused"]]
    failed = [error for worker in workers for error in worker.failed]
    if (adopted, applied, refused, failed) != (count, 2 * count, [], []):
        raise AssertionError(f"{adopted} adopted, {applied} rows applied, refused: {refused[:2]}, failed: {failed[:2]}")
    steps, slowest = sum(w.done for w in workers), max(w.slowest for w in workers)
    return (
        f"{count} running batches adopted two items each in {took:.1f} s ({took / count * 1000:.0f} ms a batch); one decision of "
        f"{2 * count} rows was recorded in {deciding:.1f} s; {WORKERS} workers started {steps} steps meanwhile, the slowest in "
        f"{slowest * 1000:.0f} ms."
    )


def main(count: int) -> None:
    """On both databases."""
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for kind, url in (("SQLite", f"sqlite:///{folder}/records.sqlite"), ("PostgreSQL", server.url())):
            migrate(url)
            place = Path(folder) / kind
            place.mkdir()
            cart = cart_site(url, place)
            print(f"{kind}: {measure(cart, count)}")
            cart.site.close()
            clock.stop_simulating()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BATCHES)
