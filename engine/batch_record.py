"""A batch's record opened for one act or one view: its rows, its recipe, the values that count now, its running procedure.

A view opens it on a plain reader; an action on its act, under the batch's lock. What an action changes in a task or the
batch is kept here and written once, by `save`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.act import Act
from engine.control_recipe import ControlRecipe, control_recipe
from engine.errors import RecordNotFoundError
from engine.reader import Reader
from engine.records import (
    Adoption,
    Batch,
    DueTime,
    ExceptionRecord,
    ParameterValue,
    Person,
    Scan,
    Signature,
    Task,
    Training,
)
from engine.running import load_run
from engine.scope import RecordScope, Row, order_values
from engine.site import Site
from engine.training import Trainings
from engine.values import typed
from engine.workflow import Run


def current(rows: list[Row]) -> dict[str, Row]:
    """Of one task's values those that count: the last measurement, as last corrected, by parameter id."""
    corrected = {row["corrects"] for row in rows}
    found: dict[str, Row] = {}
    for row in sorted((r for r in rows if r["id"] not in corrected), key=lambda r: r["n"]):
        found[row["parameter_id"]] = row
    return found


class BatchRecord:
    """One batch. Rows are read once and kept; `save` writes what an act changed. `issued`: its row, if this act wrote it."""

    @classmethod
    def at_task(cls, act: Act, batch_id: str, task_key: str) -> BatchRecord:
        """The batch for an act on one task, by one person: what such an act looks at is read together."""
        step_id = task_key.rpartition("/")[2].partition("[")[0]
        at_task = {"batch_id": batch_id, "task_key": task_key}
        act.read_ahead(
            (Batch, (), {"id": batch_id}),
            (Task, (), {"batch_id": batch_id, "key": task_key}),
            (ParameterValue, (), at_task),
            (Signature, ("signed_at", "id"), {"batch_id": batch_id, "subject": f"task:{task_key}"}),
            (ExceptionRecord, ("raised_at", "id"), {"batch_id": batch_id, "step_id": step_id}),
            (Scan, (), {**at_task, "result": "accepted"}),
            (DueTime, (), {"batch_id": batch_id, "state": "waiting"}),
            (Training, (), {"person_id": act.actor.id}),
            (Person, (), {"id": act.actor.id}),
        )
        return cls(act.site, act, batch_id)

    def __init__(self, site: Site, reader: Reader, batch_id: str, issued: Row | None = None) -> None:
        row = issued or reader.find(Batch, id=batch_id)
        if row is None:
            raise RecordNotFoundError(f"Batch {batch_id}.")
        self.site, self.reader, self.id, self.row = site, reader, batch_id, row
        self.recipe: ControlRecipe = control_recipe(site, reader, row["recipe_hash"])
        self._tasks: dict[str, dict[str, Any]] = {}
        self._read: dict[str, Row] = {}
        self._own_read = dict(row)
        self._changes: dict[str, dict[str, Any]] = {}
        self._own_changes: dict[str, Any] = {}
        self._values: dict[str, list[Row]] = {}
        self._written: list[Row] = []
        self._current: dict[str, dict[str, Row]] = {}
        self._signatures: dict[str, list[Row]] = {}
        self._exceptions: dict[str | None, list[Row]] = {}
        self._run: Run | None = None

    @cached_property
    def order(self) -> Mapping[str, Value]:
        """The patient order's fields with their types."""
        return order_values(self.recipe, self.order_texts)

    @cached_property
    def order_texts(self) -> Mapping[str, str]:
        """The patient order's fields as stored."""
        found: Mapping[str, str] = json.loads(self.row["order_json"])
        return found

    @property
    def is_batch(self) -> bool:
        """Whether this is a patient's batch; other runs are processes of the site, such as a revision's life cycle."""
        return bool(self.row["kind"] == "batch")

    @property
    def late_after(self) -> timedelta:
        """From when on an entry is late."""
        return timedelta(minutes=self.recipe.header.late_entry_minutes)

    def task(self, task_key: str) -> dict[str, Any]:
        """The task's row; RecordNotFoundError for a key that was never open."""
        if task_key not in self._tasks:
            row = self.reader.find(Task, batch_id=self.id, key=task_key)
            if row is None:
                raise RecordNotFoundError(f"Step {task_key} of batch {self.id} is not open and never was.")
            self.add_task(row)
        return self._tasks[task_key]

    def tasks_of(self, step_id: str) -> list[Row]:
        """Every task of a step, one for each iteration, as this act sees them."""
        return [self._tasks.get(row["key"], row) for row in self.reader.rows(Task, batch_id=self.id, step_id=step_id)]

    def recipe_of(self, task: Row) -> ControlRecipe:
        """The control recipe that a task was opened under."""
        digest = task["recipe_hash"] or self.issued_hash
        return self.recipe if digest == self.recipe.hash else control_recipe(self.site, self.reader, digest)

    @property
    def recipes(self) -> list[ControlRecipe]:
        """Every control recipe that steps of the batch may have been done by, the one it was issued on first."""
        hashes = dict.fromkeys([self.issued_hash, *(row["to_hash"] for row in self.adoptions)])
        return [control_recipe(self.site, self.reader, digest) for digest in hashes]

    def step(self, task: Row) -> v.Step:
        """The step of a task, as it said when the task was opened."""
        return self.recipe_of(task).steps[task["step_id"]]

    @cached_property
    def adoptions(self) -> list[Row]:
        """How the batch came to its control recipe, oldest first; empty where it runs the one it was issued on."""
        if not self.row["adoptions"]:
            return []
        return self.reader.rows(Adoption, batch_id=self.id, order=("at", "id"))

    @property
    def issued_hash(self) -> str:
        """The control recipe that the batch was issued on."""
        return str(self.adoptions[0]["from_hash"] if self.adoptions else self.row["recipe_hash"])

    def governing(self, step_id: str) -> str:
        """The control recipe by which a step that opens now is done: an adopted one from the first step it changed onward, or
        from the adoption on where it changed none.

        Before that the earlier one, which says the same of the step; where it does not, the one that the batch runs.
        """
        if not self.adoptions:
            return self.recipe.hash
        found = self.issued_hash
        for adoption in reversed(self.adoptions):
            recipe = control_recipe(self.site, self.reader, adoption["to_hash"])
            first = json.loads(adoption["from_steps"])
            if not first or recipe.from_on(first, step_id):
                found = recipe.hash
                break
        earlier = control_recipe(self.site, self.reader, found)
        same = step_id in earlier.steps and earlier.said(step_id) == self.recipe.said(step_id)
        return found if same else self.recipe.hash

    def value_rows(self, task_key: str) -> list[Row]:
        """Everything recorded at a task: repeats and corrected values too."""
        if task_key not in self._values:
            self._values[task_key] = list(self.reader.rows(ParameterValue, batch_id=self.id, task_key=task_key))
        return self._values[task_key]

    def values(self, task_key: str) -> dict[str, Row]:
        """The values of a task that count now, by parameter id."""
        if task_key not in self._current:
            self._current[task_key] = current(self.value_rows(task_key))
        return self._current[task_key]

    def typed_values(self, task_key: str) -> dict[str, Value | None]:
        """The same, with their types. A reported `<0.25` is no number to calculate with: None."""
        rows = self.values(task_key)
        if not rows:
            return {}
        types = {p.id: p.type for p in self.step(self.task(task_key)).parameters}
        return {p: None if row["qualifier"] else typed(types[p], row["value"]) for p, row in rows.items() if p in types}

    def routing_values(self, task: Row, asked: Iterable[str]) -> dict[str, Value]:
        """Of the routing values that are asked of a completed step (`S13.n_viable`, `S13.end`) those that it recorded."""
        names = {name: name.partition(".")[2] for name in sorted(asked)}
        values = self.typed_values(task["key"]) if names else {}
        times = {"start": task["started_at"], "end": task["ended_at"]}
        values |= {n: clock.parse(times[n]) for n in names.values() if n in times and n not in values}
        return {name: found for name, n in names.items() if (found := values.get(n)) is not None}

    def read_whole(self) -> None:
        """Read every task and every value of the batch at once, for whoever is about to look at all of them."""
        for task in self.reader.rows(Task, batch_id=self.id):
            if task["key"] not in self._tasks:
                self.add_task(task)
        values: dict[str, list[Row]] = {key: [] for key in self._tasks}
        for row in self.reader.rows(ParameterValue, batch_id=self.id):
            values[row["task_key"]].append(row)
        self._values = values | self._values

    def remember(self, row: Row) -> None:
        """Let this act see a value it has just written."""
        self.value_rows(row["task_key"]).append(row)
        self._current.pop(row["task_key"], None)
        self._written.append(row)

    def signed(self, row: Row) -> None:
        """Let this act see a signature it has just recorded."""
        if row["subject"] in self._signatures:
            self._signatures[row["subject"]].append(row)

    def raised(self, row: Row) -> None:
        """Let this act see an exception it has just recorded."""
        if row["step_id"] in self._exceptions:
            self._exceptions[row["step_id"]].append(row)

    @property
    def corrected(self) -> dict[str, set[str]]:
        """Which values this act has corrected, by task: those it wrote in place of another."""
        found: dict[str, set[str]] = {}
        for row in self._written:
            if row["corrects"]:
                found.setdefault(row["task_key"], set()).add(row["parameter_id"])
        return found

    def scope(self, task: Row) -> RecordScope:
        """What names mean at this task."""
        own = self.typed_values(task["key"])
        return RecordScope(self.recipe_of(task), self.order, task, own, self.tasks_of, self.typed_values)

    @cached_property
    def scans(self) -> list[Row]:
        """Accepted scans of the batch so far, oldest first."""
        return list(self.reader.rows(Scan, batch_id=self.id, result="accepted", order=("at", "id")))

    def signatures(self, task_key: str) -> list[Row]:
        """Signatures on a task, in the order they were given."""
        subject = f"task:{task_key}"
        if subject not in self._signatures:
            rows = self.reader.rows(Signature, batch_id=self.id, subject=subject, order=("signed_at", "id"))
            self._signatures[subject] = rows
        return self._signatures[subject]

    def exceptions(self, task: Row) -> list[Row]:
        """Exceptions that stand at a task: its own, and those of its step that were raised before the task was open."""
        step_id = task["step_id"]
        if step_id not in self._exceptions:
            rows = self.reader.rows(ExceptionRecord, batch_id=self.id, step_id=step_id, order=("raised_at", "id"))
            self._exceptions[step_id] = rows
        return [
            row
            for row in self._exceptions[step_id]
            if row["task_key"] == task["key"] or (row["task_key"] is None and self._waited_for(task, row["raised_at"]))
        ]

    def _waited_for(self, task: Row, raised_at: str) -> bool:
        """Whether this is the first task of its step that opened after an instant: in a loop, only the next iteration."""
        opened = task["opened_at"]
        return opened >= raised_at and not any(raised_at <= t["opened_at"] < opened for t in self.tasks_of(task["step_id"]))

    @cached_property
    def trainings(self) -> Trainings:
        """Who is trained on what, as far as somebody asked."""
        return Trainings(self.reader)

    # What an act changes

    @property
    def run(self) -> Run:
        """The running procedure, from memory, from its snapshot or replayed from the journal. Only within an act."""
        if self._run is None:
            assert isinstance(self.reader, Act)
            self._run = load_run(self.reader, self.id, self.recipe)
        return self._run

    def begin(self, run: Run) -> None:
        """The run of a batch that this act has just started."""
        self._run = run

    def go_on_under(self, recipe: ControlRecipe, run: Run, adoption: Row) -> None:
        """From now on the batch runs another control recipe; steps that are open already stay as they were opened."""
        self.adoptions.append(adoption)
        self.recipe, self._run = recipe, run
        self.change(recipe_hash=recipe.hash, adoptions=self.row["adoptions"] + 1)

    def change_task(self, task: dict[str, Any], **changes: Any) -> None:
        """Change a task's row; written, with one new version, by `save`."""
        task.update(changes)
        self._changes.setdefault(task["key"], {}).update(changes)

    def change(self, **changes: Any) -> None:
        """Change the batch's own row; written by `save`."""
        self.row.update(changes)
        self._own_changes.update(changes)

    def add_task(self, task: dict[str, Any]) -> None:
        """Let this act see a task that it has just read or opened."""
        self._tasks[task["key"]] = task
        self._read[task["key"]] = dict(task)

    def save(self, act: Act) -> None:
        """Write the changed rows, each once; an older version of any of them refuses the act."""
        act.recipe_hash = self.recipe.hash
        for key, changes in self._changes.items():
            written = act.update(Task, {"batch_id": self.id, "key": key}, was=self._read[key], **changes)
            self._tasks[key].update(written)
            self._read[key] = written
        if self._own_changes:
            self._own_read = act.update(Batch, {"id": self.id}, was=self._own_read, **self._own_changes)
            self.row.update(self._own_read)
        self._changes, self._own_changes = {}, {}
        seq = act.seq_in(f"batch:{self.id}")
        run = self._run if self._run is not None else act.site.runs.take(self.id, seq - 1)
        if run is not None:
            act.after_commit.append(lambda: act.site.runs.put(self.id, seq, run))
