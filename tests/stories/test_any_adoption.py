"""Any recipe, any change of it, any batch at any step: it goes on under the change as if it had always been so, or is refused.

Refused: with a reason, and nothing has changed. Adopted: what was executed has the hash it had, every step the control recipe it
was done by, every value is as it was; the journal alone gives the same open steps; and the batch runs to its end.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.composition import subjects
from engine.actions.batches import start_batch
from engine.actions.tasks import sign_task, start_task
from engine.adoption import executed_prefix
from engine.batch_record import BatchRecord
from engine.change_items import compared, touched
from engine.errors import AdoptionRefusedError, BatchwrightError
from engine.records import DueTime, ParameterValue, Task
from engine.verify import verify
from tests.recipe_changes import changed_recipe
from tests.recipes import random_recipe
from tests.stories.test_adoption import adopted
from tests.stories.test_any_recipe import LIVE, ORDER, open_by_replay
from tests.stories.workshop import Workshop
from web.demo.people import PEOPLE, train

CASES = {"sqlite": 1700, "postgresql": 300}
PARTS = 4
BATCHES = 20
MOST_STEPS = 40


def inside(p: v.Parameter, chance: random.Random) -> str:
    """A value that no rule minds, any of those that lead somewhere."""
    return chance.choice({"num": ["20", "40", "60"], "int": ["3"], "bool": ["true", "false"], "text": ["Seen"]}.get(p.type) or [
        choice.value for choice in p.choices
    ])  # fmt: skip


@lru_cache(1)
def changed_places(old: bytes, new: bytes) -> tuple[str, ...]:
    """The steps and hold times that a change touches."""
    places, _, _, beside = touched(old.decode(), new.decode(), subjects(compared(old.decode(), new.decode())))
    return (*places, *beside)


@dataclass
class Case:
    """One batch of one recipe, taken so far, changed, and taken on."""

    shop: Workshop
    chance: random.Random
    told: Counter[str] = field(default_factory=Counter)

    def live(self) -> list[dict[str, Any]]:
        return [t for t in self.shop.rows(Task) if t["state"] in LIVE]

    def step(self) -> bool:
        """One step is done, or time goes by until one opens; False at the end."""
        if self.shop.state in ("COMPLETED", "TERMINATED"):
            return False
        waiting = self.live()
        if not waiting:
            due = self.shop.rows(DueTime, state="waiting")
            assert due, "Nothing is open and nothing is due"
            self.shop.wait(hours=24)
            return True
        task = self.chance.choice(waiting)
        if task["state"] == "open":
            self.shop.act(start_task, "MFG_OP", task_key=task["key"])
        if self.chance.random() < 0.9:
            self.finish(task["key"])
        return True

    def finish(self, key: str) -> None:
        step = self.shop._step(key)
        entries = {p.id: inside(p, self.chance) for p in step.parameters if p.source == "manual"}
        self.shop.act(sign_task, "MFG_OP", task_key=key, meaning="performed_by", entries=entries, proof=True)

    def record(self) -> dict[str, Any]:
        """What must stay: the executed prefix, who did which step by which recipe, every value."""
        with self.shop.site.read() as reader:
            batch = BatchRecord(self.shop.site, reader, self.shop.batch)
            rows = reader.rows(Task, batch_id=batch.id)
            tasks = {t["key"]: (t["state"], t["recipe_hash"], t["title"]) for t in rows}
            begun = any(t["started_at"] for t in rows)
            return {"prefix": executed_prefix(batch), "tasks": tasks, "begun": begun, "values": self.shop.rows(ParameterValue)}

    def change(self, xml: bytes) -> bool:
        """The batch goes on under the change, or the change is refused in words; in both cases the past is as it was."""
        before = self.record()
        try:
            self.shop.act(adopted, "QA_FLR", xml=xml.decode(), from_steps=self.first_changed(xml))
        except AdoptionRefusedError as error:
            refusal = error
        else:
            self.unchanged(before)
            return True
        assert refusal.details["reasons"]
        assert all(reason.strip() for reason in refusal.details["reasons"])
        assert self.record() == before
        return False

    def first_changed(self, xml: bytes) -> tuple[str, ...]:
        with self.shop.site.read() as reader:
            return changed_places(BatchRecord(self.shop.site, reader, self.shop.batch).recipe.diagram.xml, xml)

    def unchanged(self, before: dict[str, Any]) -> None:
        """What was executed is as it was; a batch of which nothing was started was issued anew."""
        after = self.record()
        assert after["prefix"] == before["prefix"]
        assert after["values"] == before["values"]
        assert after["tasks"] == before["tasks"] or not before["begun"]

    def replayed(self) -> None:
        self.shop.site.runs.clear()
        assert self.shop.act(open_by_replay, "QA_FLR")["open"] == self.shop.open

    def run(self, xml: bytes) -> None:
        for _ in range(self.chance.choice([0, 1, 1, 2, 2, 3, 3, 4, 6])):
            if not self.step():
                break
        if self.shop.state in ("COMPLETED", "TERMINATED"):
            return
        self.told["cases"] += 1
        done = self.change(xml)
        self.told["adopted" if done else "refused"] += 1
        self.replayed()
        past = self.record()
        for _ in range(MOST_STEPS):
            if not self.step():
                self.told["ran to its end"] += 1
                break
        if done:
            self.told["adopted, ran to its end"] += self.shop.state in ("COMPLETED", "TERMINATED")
            with self.shop.site.read() as reader:
                batch = BatchRecord(self.shop.site, reader, self.shop.batch)
                assert executed_prefix(batch, batch.adoptions[0]["at"]) == past["prefix"]
                assert batch.adoptions[0]["prefix_hash"] == past["prefix"][0]


@pytest.mark.slow
@pytest.mark.requirement("P4-05", "P11-06", "DI-08")
@pytest.mark.parametrize("part", range(PARTS))
def test_any_change_of_any_recipe_is_adopted_without_touching_the_past_or_refused(
    workshop: Workshop, part: int, database_kind: str
) -> None:
    told: Counter[str] = Counter()
    seed = part * 10_000
    while told["cases"] < CASES[database_kind] // PARTS:
        seed += 1
        told += of_one_recipe(workshop, seed, min(BATCHES, CASES[database_kind] // PARTS - told["cases"]))
    report = verify(workshop.site.url, workshop.site.keys)
    assert report.ok, str(report)
    print(f"\n{database_kind} {part}: {dict(told)}")
    assert told["adopted"] > told["cases"] / 5
    assert told["refused"] > told["cases"] / 20
    assert told["adopted, ran to its end"] > told["adopted"] * 0.9


def of_one_recipe(shop: Workshop, seed: int, most: int) -> Counter[str]:
    """So many batches of one recipe; two get the same change, each at its own time."""
    chance, told = random.Random(seed), Counter[str]()
    xml = random_recipe(seed, 5 + seed % 8)
    shop.batch = f"B-{seed}-0"
    try:
        shop.run(xml.decode(), ORDER)
    except BatchwrightError:
        return told
    new: bytes | None = None
    for number in range(most):
        if number % 2 == 0:
            new = next((c for _ in range(20) if (c := changed_recipe(xml, chance))), None)
        if new is None:
            continue
        if number:
            shop.batch = f"B-{seed}-{number}"
            shop.act(start_batch, "MFG_SUP", recipe_id=f"MR-RND-{seed}", order=ORDER, proof=True)
        case = Case(shop, chance)
        if number == 0:
            train(shop.site, PEOPLE, f"MR-RND-{seed}", "2.0")
        case.run(new)
        told += case.told
    return told
