"""`kill -9` while a decision takes effect: each batch is wholly before it or wholly after it, and the next round goes on."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from engine import clock
from engine.actions.batches import start_batch
from engine.actions.open_batches import propose_decisions, sign_decisions
from engine.actions.taken_decisions import apply_decisions
from engine.actions.tasks import start_task
from engine.records import Adoption, Batch, ExceptionRecord, OpenBatchDecision
from engine.site import open_site
from engine.transaction import perform
from engine.verify import verify
from tests.stories.change import CHANGE, propose
from tests.stories.workshop import Workshop, number, recipe, settled, step

BATCHES = 24
MOST_LIVES = 100


def apply_all(url: str, keys: str, told: Connection) -> None:
    """The process that is killed. It tells after how many batches it is, and waits for the word to go on to the next."""

    def tell(done: int, of: int = 0) -> None:
        told.send(done)
        told.recv()

    site = open_site(url, keys)
    tell(0)
    apply_decisions(site, progress=tell)
    os._exit(0)


def drawn(par: str, revision: str) -> str:
    xml = recipe("begin > S1 > S2 > S3 > end", S3=step("S3", number("n", "10..20", par, why="A study")))
    return xml.replace('revision="1.0"', f'revision="{revision}"')


def decided(shop: Workshop) -> None:
    """So many running batches, and a decision that all of them adopt a tighter limit."""
    shop.run(drawn("0..100", "1.0"))
    for n in range(2, BATCHES + 1):
        shop.batch = f"B-{n}"
        shop.act(start_batch, "MFG_SUP", recipe_id="MR-ANY-001", order={}, proof=True)
        if n % 2:
            shop.act(start_task, "MFG_OP", task_key="S1")
    items = [{"title": "Tighter", "subjects": ["S3.n"], "category": "safety", "why": "A study"}]
    about: dict[str, Any] = {"xml": drawn("5..90", "1.1"), "client_signs": False, "items": items, "base": "MR-ANY-001@1.0"}
    act(shop, "PROC", propose, **about)
    rows = [{"batch": f"B-{n}", "item": 1, "decision": "adopt"} for n in range(1, BATCHES + 1)]
    made = act(shop, "QA_DISP", propose_decisions, rows=rows, reason="Safer for all", proof=True)
    act(shop, "PROC", sign_decisions, set_id=made["set"], proof=True)


def act(shop: Workshop, role: str, action: Callable[..., Any], **arguments: Any) -> Any:
    actor, proof = shop.crew[role]
    if arguments.get("proof"):
        arguments["proof"] = proof
    return perform(shop.site, action, actor=actor, stream=f"batch:{CHANGE}", change_id=CHANGE, **arguments)


def wholly_before_or_after(shop: Workshop) -> int:
    """How many batches are after the decision; each of the others is untouched."""
    with shop.site.read() as reader:
        rows = {r["batch_id"]: r for r in reader.rows(OpenBatchDecision, change_id=CHANGE)}
        adopted = {r["batch_id"]: r for r in reader.rows(Adoption)}
        raised = {r["batch_id"] for r in reader.rows(ExceptionRecord, number=31)}
        for batch in reader.rows(Batch, kind="batch"):
            after = rows[batch["id"]]["state"] == "APPLIED"
            assert after == (batch["id"] in adopted) == (batch["id"] in raised) == (batch["adoptions"] == 1)
            assert not after or batch["recipe_hash"] == adopted[batch["id"]]["to_hash"]
    return len(adopted)


@pytest.mark.crash
@pytest.mark.requirement("DI-11")
def test_a_killed_process_leaves_each_batch_wholly_before_or_after_the_decision(database_url: str, tmp_path: Path) -> None:
    shop = settled(database_url, tmp_path)
    decided(shop)
    clock.stop_simulating()
    chance, context = random.Random(7), multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.test_adoption_killed"])
    seen: set[int] = set()
    for _ in range(MOST_LIVES):  # each is killed some moments after its first to fifth batch
        ours, theirs = context.Pipe()
        child = context.Process(target=apply_all, args=(database_url, str(tmp_path / "keys"), theirs))
        child.start()
        theirs.close()
        wanted = chance.randint(0, 4)
        with contextlib.suppress(EOFError, BrokenPipeError):
            while ours.recv() < wanted:
                ours.send("on")
            ours.send("on")
        time.sleep(chance.uniform(0, 0.03))
        child.kill()
        child.join()
        after = wholly_before_or_after(shop)
        seen.add(after)
        if after == BATCHES:
            break
    assert after == BATCHES
    assert len(seen - {0, BATCHES}) >= 2, "no kill landed between two batches"
    assert apply_decisions(shop.site) == []
    report = verify(shop.site.url, shop.site.keys)
    assert report.ok, str(report)
    shop.site.close()
