"""Batches of random recipes on a real database: whatever is kept of the engine's state can be thrown away at any moment.

The journal is the record. A run in memory and the snapshot are caches: without them, with damaged or with old ones, the
same steps are open.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from engine.actions import tasks
from engine.actions.completion import advance
from engine.actions.timers import fire
from engine.batch_record import BatchRecord
from engine.errors import MissingRecordsError
from engine.keys import create_keys
from engine.passwords import Proof
from engine.records import Batch, DueTime, Task
from engine.site import Site, open_site
from engine.transaction import SYSTEM, Act, Actor, perform
from tests.batches import put_into_effect, start
from tests.constructs import ALL, constructs
from tests.people import Staff, actor_of, proof_of
from tests.recipes import random_recipe
from tests.small_recipes import sequence

ORDER = {"weight_kg": "71.5", "urgent": "yes", "collected_at": "2026-03-01T10:00:00Z"}
SEEDS = range(16)
MOST_ACTS = 7
DIGEST = 16  # a snapshot begins with it
Open = dict[str, Any]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    create_keys(tmp_path / "keys")
    site = open_site(database_url, tmp_path / "keys")
    yield site
    site.close()


@pytest.fixture
def olive(site: Site) -> Olive:
    return Olive(site, Staff(site))


@dataclass
class Olive:
    """The operator who runs batches, whatever is open, with values chosen at random."""

    site: Site
    staff: Staff
    batch: str = ""
    kept: tuple[Any, ...] = ()

    def issue(self, xml: bytes, batch: str, order: dict[str, str]) -> None:
        recipe = put_into_effect(self.site, self.staff, xml)
        start(self.site, self.staff, recipe, batch, order)
        self.batch = batch

    @cached_property
    def who(self) -> Actor:
        return actor_of(self.site, self.staff["MFG_OP"])

    @cached_property
    def proof(self) -> Proof:
        return proof_of(self.site, self.staff["MFG_OP"])

    def act(self, action: Any, actor: Actor = SYSTEM, **arguments: Any) -> dict[str, Any]:
        return perform(self.site, action, actor=actor, stream=f"batch:{self.batch}", batch_id=self.batch, **arguments)

    def rows(self, table: Any, **equal: Any) -> list[dict[str, Any]]:
        with self.site.read() as reader:
            return reader.rows(table, batch_id=self.batch, **equal)

    def state(self) -> str:
        with self.site.read() as reader:
            return str(reader.get(Batch, id=self.batch)["state"])

    def open(self) -> Open:
        """What the engine has open, as the next act would find it."""
        return self.act(open_items)

    def go_on(self, chance: random.Random) -> bool:
        """One thing that may happen now: a step is done, or a timer comes. False when nothing is left."""
        due = self.rows(DueTime, state="waiting", kind="timer")
        waiting = [t["key"] for t in self.rows(Task, state="open")]
        if self.state() in ("COMPLETED", "TERMINATED") or not (due or waiting):
            return False
        if due and (not waiting or chance.random() < 0.3):
            self.act(fire, due_id=chance.choice(due)["id"])
        else:
            self.work(chance.choice(waiting), chance)
        return True

    def work(self, key: str, chance: random.Random) -> None:
        answers = {"number": str(chance.randrange(10, 91)), "ok": chance.choice(["yes", "no"]), "evidence": "Seen",
                   "way": chance.choice(["on", "off"])}  # fmt: skip
        self.act(tasks.start_task, self.who, task_key=key)
        asked = self.act(parameters_of, task_key=key)["asked"]
        answer = self.act(
            tasks.sign_task, self.who, task_key=key, meaning="performed_by",
            proof=self.proof, entries={name: answers[name] for name in asked},
        )  # fmt: skip
        assert answer["completed"]

    def weigh(self, key: str) -> None:
        """Does a step of the small recipe."""
        self.act(tasks.start_task, self.who, task_key=key)
        self.act(
            tasks.sign_task, self.who, task_key=key, meaning="performed_by",
            proof=self.proof, entries={"weight": "80", "label": "A"},
        )  # fmt: skip

    def change_snapshot(self, statement: str, *values: Any) -> None:
        """What somebody does to the cache behind the application's back."""
        with self.site.engine.begin() as connection:
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql(statement.replace("?", mark), values)
        self.site.runs.clear()

    def snapshot(self) -> tuple[Any, ...]:
        with self.site.read() as reader:
            where = f"batch_id = {reader.mark}"
            [row] = reader.fetch(f"SELECT seq, data, mac FROM engine_snapshot WHERE {where}", self.batch)
        return row


def size_of(seed: int) -> int:
    """Of small and larger recipes alike."""
    return 1 + seed % 20


def open_items(act: Act, *, actor: Actor, batch_id: str) -> Open:
    """Looks and records nothing; the run that it took is not put back."""
    run = BatchRecord(act.site, act, batch_id).run
    return {"open": dict(run.open), "outcome": run.outcome, "frontier": json.loads(run.snapshot()[DIGEST:])}


def parameters_of(act: Act, *, actor: Actor, batch_id: str, task_key: str) -> dict[str, Any]:
    batch = BatchRecord(act.site, act, batch_id)
    return {"asked": [p.id for p in batch.step(batch.task(task_key)).parameters]}


def replayed_from_the_journal(olive: Olive) -> Open:
    olive.change_snapshot("DELETE FROM engine_snapshot")
    return olive.open()


@pytest.mark.parametrize("part", range(4))
def test_without_any_kept_state_the_same_steps_are_open_after_every_act(olive: Olive, part: int) -> None:
    for seed in SEEDS[part::4]:
        chance = random.Random(seed)
        olive.issue(random_recipe(seed, size_of(seed)), f"B-{seed}", ORDER)
        for _ in range(MOST_ACTS):
            live = olive.open()
            olive.site.runs.clear()
            assert olive.open() == live
            assert replayed_from_the_journal(olive) == live
            if not olive.go_on(chance):
                break


def test_the_recipes_of_these_batches_reach_nearly_every_construct() -> None:
    reached = [constructs(random_recipe(seed, size_of(seed))) for seed in SEEDS]
    for name in sorted(ALL):
        print(f"{sum(name in found for found in reached):4} {name}")
    assert len(ALL - set().union(*reached)) <= len(ALL) // 8


def test_a_batch_ends_the_same_way_when_every_act_begins_without_kept_state(olive: Olive) -> None:
    chance = random.Random(7)
    olive.issue(random_recipe(7, 5), "B-1", ORDER)
    while olive.go_on(chance):
        olive.change_snapshot("DELETE FROM engine_snapshot")
    assert olive.state() in ("COMPLETED", "TERMINATED")


# A snapshot is believed only if it is whole, this batch's own, and of the journal as it stands


@pytest.fixture
def weighed(olive: Olive) -> Olive:
    """A batch of three steps, the first of them done."""
    olive.issue(sequence(3), "B-1", {"coi": "COI-1"})
    olive.kept = olive.snapshot()
    olive.weigh("S001")
    return olive


@pytest.mark.parametrize(
    ("column", "wrong"), [("data", "'{}'"), ("seq", "seq + 1"), ("mac", "substr(mac, 2) || 'g'"), ("batch_id", "'B-2'")]
)
def test_an_edited_snapshot_is_not_believed(weighed: Olive, column: str, wrong: str) -> None:
    start(weighed.site, weighed.staff, "MR-ROW-001", "B-2")
    weighed.change_snapshot("DELETE FROM engine_snapshot WHERE batch_id = ?", "B-2")
    weighed.change_snapshot(f"UPDATE engine_snapshot SET {column} = {wrong} WHERE batch_id = ?", "B-1")
    assert list(weighed.open()["open"]) == ["S002"]
    weighed.batch = "B-2"
    assert list(weighed.open()["open"]) == ["S001"]


def test_an_older_snapshot_is_led_on_by_what_the_journal_says_since(weighed: Olive) -> None:
    weighed.change_snapshot("UPDATE engine_snapshot SET seq = ?, data = ?, mac = ?", *weighed.kept)
    assert list(weighed.open()["open"]) == ["S002"]


def test_a_run_in_memory_that_another_process_has_left_behind_is_not_used(weighed: Olive, tmp_path: Path) -> None:
    here = weighed.site
    weighed.site = open_site(here.url, tmp_path / "keys")
    weighed.weigh("S002")
    weighed.site.close()
    weighed.site = here
    assert list(weighed.open()["open"]) == ["S003"]


# The end of a batch needs three witnesses: the end reached, no step open, every record there


def test_a_batch_does_not_end_while_a_step_is_open_whatever_the_engine_says(weighed: Olive) -> None:
    with pytest.raises(MissingRecordsError, match="S002"):
        weighed.act(run_ahead, steps=("S002", "S003"))
    assert weighed.state() == "IN_PROGRESS"


def test_a_batch_does_not_end_with_a_record_missing_whatever_its_steps_say(weighed: Olive) -> None:
    with pytest.raises(MissingRecordsError, match="S002: Weight"):
        weighed.act(run_ahead, steps=("S002", "S003"), state="completed")
    assert weighed.state() == "IN_PROGRESS"


def test_a_batch_does_not_end_before_the_drawn_end_is_reached(weighed: Olive) -> None:
    weighed.weigh("S002")
    assert weighed.state() == "IN_PROGRESS"
    weighed.weigh("S003")
    assert weighed.state() == "COMPLETED"


def run_ahead(act: Act, *, actor: Actor, batch_id: str, steps: tuple[str, ...], state: str = "") -> dict[str, Any]:
    """An engine that is wrong: it has the steps behind it although nobody did them."""
    batch = BatchRecord(act.site, act, batch_id)
    for step in steps:
        if state:
            batch.change_task(batch.task(step), state=state)
            batch.save(act)
        change = batch.run.complete(step, {})
        advance(act, batch, change, [("complete", step, {})])
    return {}
