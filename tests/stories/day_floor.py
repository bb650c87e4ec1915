"""Those who work on the batches while changes are decided: two operators, and a supervisor who issues the next ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.actions import batches, tasks, trainings
from engine.batch_record import BatchRecord
from engine.queries.training import my_reading, reading_view
from engine.records import Batch, ExceptionRecord, Task
from engine.transaction import Actor
from tests.stories.day import Day, Person
from tests.stories.day_script import PLANS, RUNNING

LIVE = ("open", "started", "performed")
RECIPES = tuple(dict.fromkeys(plan.recipe for plan in PLANS if plan.recipe))


class Operator(Person):
    """Somebody who works on the batches, a few steps each time before the clock goes on."""

    def round(self) -> int:
        done = sum(self.read(one["revision"]) for one in my_reading(self.site, self.actor) if one["blocks"] and one["alone"])
        while self.day.take():
            with self.site.read() as reader:
                running = [row["id"] for row in reader.rows(Batch, kind="batch") if row["state"] in ("ISSUED", "IN_PROGRESS")]
            done += self.go_on(self.chance.choice(running))
        return done

    def read(self, revision_id: str) -> bool:
        """Read what changed and sign for it."""
        shown = reading_view(self.site, revision_id, self.actor)["shown_hash"]
        done = self.act(
            trainings.read_and_understood, f"person:{self.name}", revision_id=revision_id, proof=self.proof, shown_hash=shown
        )  # fmt: skip
        return done is not None

    def go_on(self, batch: str) -> bool:
        """Do a step of a batch that is open."""
        with self.site.read() as reader:
            live = [task for task in reader.rows(Task, batch_id=batch, order=("opened_at", "key")) if task["state"] in LIVE]
        return bool(live) and self.work(batch, self.chance.choice(live))

    def work(self, batch: str, task: Mapping[str, Any]) -> bool:
        with self.site.read() as reader:
            record = BatchRecord(self.site, reader, batch)
            step = record.step(record.task(task["key"]))
            due = reader.rows(ExceptionRecord, batch_id=batch)
        about = {"batch_id": batch, "task_key": task["key"]}
        if task["state"] == "open" and self.act(tasks.start_task, f"batch:{batch}", **about, version=task["version"]) is None:
            return False
        entries = {p.id: "true" if p.type == "bool" else str(self.chance.randint(40, 80)) for p in step.parameters}
        told = {row["id"]: "Seen." for row in due if row["needs_comment"]}
        done = self.act(
            tasks.sign_task, f"batch:{batch}", **about, meaning="performed_by", proof=self.proof, entries=entries, comments=told
        )  # fmt: skip
        return done is not None


class Supervisor(Person):
    """Issues a batch for each that ends, so that forty run all day."""

    def __init__(self, day: Day, actor: Actor) -> None:
        super().__init__(day, actor)
        self.count = 0

    def round(self) -> int:
        with self.site.read() as reader:
            rows = reader.rows(Batch, kind="batch")
        missing = RUNNING - sum(row["state"] in ("ISSUED", "IN_PROGRESS") for row in rows)
        return sum(self.issue(self.chance.choice(RECIPES)) for _ in range(missing))

    def issue(self, recipe_id: str) -> bool:
        self.count += 1
        batch = f"N-{self.count:03}"
        issued = self.act(
            batches.start_batch, f"batch:{batch}", recipe_id=recipe_id, batch_id=batch, order={"coi": f"COI-{batch}"},
            proof=self.proof,
        )  # fmt: skip
        return issued is not None


    def plan(self, recipe_id: str) -> None:
        """A batch that is only planned, all day."""
        batch = f"P-{recipe_id}"
        self.act(batches.plan_batch, f"batch:{batch}", recipe_id=recipe_id, batch_id=batch, order={"coi": f"COI-{batch}"})
