"""One rehearsed batch as it stands on the rehearsal's record, and what its walk keeps in mind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.actions import access
from engine.batch_record import BatchRecord
from engine.dry_run.filling import LASTS, Filling, Sheet
from engine.dry_run.paper import Paper
from engine.dry_run.rehearsal import Rehearsal
from engine.errors import BatchwrightError, EngineFaultError
from engine.records import Batch, Task
from engine.scope import RecordScope, Row

LIVE = ("open", "started", "performed")


class StuckError(Exception):
    """A rehearsed batch can't go on; the message says where and why."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place, self.why = place, why


class Watcher(Protocol):
    """Who looks on: tries edges of limits before values are recorded, and compares what was recorded."""

    def before_start(self, walk: Any, key: str) -> None: ...
    def before_scans(self, walk: Any, key: str) -> None: ...
    def before_entries(self, walk: Any, key: str, sheet: Sheet) -> None: ...
    def before_end(self, walk: Any, key: str, sheet: Sheet) -> None: ...
    def after_end(self, walk: Any, key: str) -> None: ...
    def recorded(self, walk: Any, key: str) -> None: ...
    def timer(self, walk: Any, due: Row) -> None: ...


@dataclass(slots=True)
class BatchView:
    """A batch on its way. `overrides`: values other than the usual ones, by qualified name (`S10.tnc_post`).

    `until`: the step after which it may be given up. `hasty`: no step takes longer than it has to, and nobody waits for a
    minimum, so that what comes early is seen too.
    """

    rehearsal: Rehearsal
    paper: Paper
    batch_id: str
    watcher: Watcher
    overrides: Mapping[str, Value] = field(default_factory=dict)
    until: str = ""
    hasty: bool = False
    path: list[str] = field(default_factory=list)
    order: dict[str, Value] = field(default_factory=dict)
    issued: bool = False
    _late: list[str] = field(default_factory=list)
    _left_out: set[str] = field(default_factory=set)
    ended: str = ""
    fault: StuckError | None = None

    @contextmanager
    def look(self) -> Iterator[BatchRecord]:
        """The batch as it is on record now."""
        with self.rehearsal.site.read() as reader:
            yield BatchRecord(self.rehearsal.site, reader, self.batch_id)

    def rows(self, table: Any, **equal: Any) -> list[Row]:
        """Rows of this batch."""
        with self.rehearsal.site.read() as reader:
            return list(reader.rows(table, batch_id=self.batch_id, **equal))

    def batch_row(self) -> Row:
        """The batch itself."""
        with self.rehearsal.site.read() as reader:
            return dict(reader.get(Batch, id=self.batch_id))

    def task(self, key: str) -> Row:
        """One task."""
        with self.rehearsal.site.read() as reader:
            return dict(reader.get(Task, batch_id=self.batch_id, key=key))

    def open_tasks(self) -> list[Row]:
        """The tasks that wait for somebody, in the order in which they opened."""
        order = {s: n for n, s in enumerate(self.rehearsal.recipe.steps)}
        found = [t for state in LIVE for t in self.rows(Task, state=state)]
        return sorted(found, key=lambda t: (t["opened_at"], order.get(t["step_id"], 0), t["key"]))

    def step_of(self, key: str) -> v.Step:
        """The recipe's step of a task."""
        return self.rehearsal.recipe.steps[self.task(key)["step_id"]]

    def filling(self, batch: BatchRecord, key: str, *, may_wait: bool = False) -> Filling:
        """The step as it can be filled in now, with what is on record elsewhere."""
        task, recipe = batch.task(key), self.rehearsal.recipe
        tasks_of, typed_values = cache(batch.tasks_of), cache(batch.typed_values)  # asked for thousands of times

        def scope_of(own: Mapping[str, Value | None], start: datetime, end: datetime) -> RecordScope:
            at = {**task, "started_at": task["started_at"] or clock.text(start), "ended_at": clock.text(end)}
            return RecordScope(recipe, batch.order, at, own, tasks_of, typed_values)

        return Filling(batch.step(task), recipe.calculations.get(task["step_id"], ()), scope_of, may_wait=may_wait)

    @property
    def _lasts(self) -> timedelta:
        return timedelta(0) if self.hasty else LASTS

    def _usual(self, step: v.Step) -> Mapping[str, Value]:
        usual = dict(self.paper.sheets[step.id].entries) if step.id in self.paper.sheets else {}
        return {n: x for n, x in usual.items() if not isinstance(x, datetime)}

    def _known(self, batch: BatchRecord, key: str) -> dict[str, Value]:
        calculated = {p.id for p in batch.step(batch.task(key)).parameters if p.source == "calc"}
        return {n: x for n, x in batch.typed_values(key).items() if x is not None and n not in calculated}

    def _gone(self, key: str) -> bool:
        """Whether the step is not to be worked on any more: withdrawn, or the batch has ended."""
        return self.task(key)["state"] not in LIVE or self.batch_row()["state"] in access.CLOSED

    def _over(self) -> bool:
        row = self.batch_row()
        if row["incident"]:
            raise StuckError(self.path[-1] if self.path else self.batch_id, row["incident"])
        if row["engine_outcome"] or row["state"] in access.CLOSED:
            self.ended = self.ended or (row["engine_outcome"] or row["state"].lower())
            return True
        return False

    @contextmanager
    def _telling(self, place: str) -> Iterator[None]:
        try:
            yield
        except EngineFaultError as fault:
            raise StuckError(place, fault.message) from fault
        except BatchwrightError as refusal:
            raise StuckError(place, f"refused: {refusal.message}") from refusal
        except LookupError as missing:
            raise StuckError(place, str(missing)) from missing
