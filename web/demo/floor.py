"""A simulated shop floor: people and devices that run a batch through its recipe by the ordinary acts, at given times.

It serves the demo and the tests. It knows no recipe: what to do at a step, and who does it, it reads from the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from bpmn import vocabulary as v
from engine import clock
from engine.actions.completion import missing_scans
from engine.actions.scans import identity_codes
from engine.actions.verification import to_verify
from engine.batch_record import BatchRecord
from engine.control_recipe import ControlRecipe, control_recipe
from engine.records import Batch, Equipment, ExceptionRecord, MaterialLot, ParameterValue, Scan, Task
from engine.site import Site


class Hands(Protocol):
    """How acts reach the system: called directly, over the API, or through the pages."""

    def start(self, role: str, batch: str, key: str) -> Any: ...
    def scan(self, role: str, batch: str, key: str, code: str) -> Any: ...
    def read(self, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> str: ...
    def record(self, role: str, batch: str, key: str, entries: Mapping[str, str], readings: Mapping[str, str]) -> Any: ...
    def sign(
        self, role: str, batch: str, key: str, meaning: str, comments: Mapping[str, str], verification: Mapping[str, str] | None
    ) -> Any: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One performance of a step: when it starts and ends, and the values by parameter id."""

    step_id: str
    label: str
    started_at: datetime
    ended_at: datetime
    values: dict[str, str] = field(default_factory=dict)
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing to do at an instant; `rank` orders what has the same instant."""

    at: datetime
    rank: int
    act: Callable[[], object]


@dataclass(slots=True)
class Floor:
    """Everybody and everything needed to run batches of one site. `fire_due` is called whenever time has moved.

    `after_end(step, parameter)`: whether the recipe records that parameter after the step's end.
    """

    site: Site
    hands: Hands
    fire_due: Callable[[], object]
    after_end: Callable[[str, str], bool]
    comment: str = "Seen and reported to the supervisor at once."

    def at(self, instant: datetime) -> None:
        """Move the simulated clock on to an instant, firing what becomes due on the way, as the scheduler would."""
        while (due := self._next_due()) is not None and due <= instant:
            self._move(due + timedelta(seconds=1))
            self.fire_due()
            if self._next_due() == due:
                break
        self._move(instant)
        self.fire_due()

    def _move(self, instant: datetime) -> None:
        if clock.now() < instant:
            clock.simulate(instant)

    def _next_due(self) -> datetime | None:
        with self.site.read() as reader:
            rows = reader.fetch("SELECT MIN(due_at) FROM due_time WHERE state = 'waiting'")
        return clock.parse(rows[0][0]) if rows and rows[0][0] else None

    def run(self, batch: str, visits: Iterable[Visit]) -> None:
        """Perform visits in the order of their times: starts and ends of parallel steps interleave as they did."""
        self.play(self.moments(batch, visits))

    def moments(self, batch: str, visits: Iterable[Visit]) -> list[Moment]:
        """What is to be done when. An end comes before a start of the same instant."""
        found: list[Moment] = []
        for visit in visits:
            found.append(Moment(visit.started_at, 1, partial(self.begin, batch, visit)))
            found.append(Moment(visit.ended_at, 0, partial(self.finish, batch, visit)))
            later = [text for name, text in visit.values.items() if self.after_end(visit.step_id, name)]
            found += [Moment(datetime.fromisoformat(text), 2, partial(self.afterwards, batch, visit)) for text in later]
        return found

    def play(self, moments: Iterable[Moment]) -> None:
        """Do everything in the order of its time, moving the clock along."""
        for moment in sorted(moments, key=lambda m: (m.at, m.rank)):
            self.at(moment.at)
            moment.act()

    def begin(self, batch: str, visit: Visit) -> None:
        """Start the step, scan what it asks for, let the devices measure and accept, type the rest."""
        key, step = self._open(batch, visit)
        role = performer(step)
        self.hands.start(role, batch, key)
        for code in self.codes(batch, key, step):
            self.hands.scan(role, batch, key, code)

    def record(self, batch: str, visit: Visit) -> None:
        """Devices measure and are accepted, the rest is typed."""
        key, step = self._open(batch, visit)
        entries, readings = {}, {}
        for name, text in visit.values.items():
            parameter = step.parameter(name)
            if parameter is None or parameter.after_end or parameter.source in ("calc", "scan", "master"):
                continue
            if parameter.source == "device":
                device = self._device(batch, step)
                readings[name] = self.hands.read(device, batch, step.id, name, text, parameter.uom)
            else:
                entries[name] = text
        if entries or readings:
            self.hands.record(performer(step), batch, key, entries, readings)

    def finish(self, batch: str, visit: Visit) -> None:
        """Record what the step gave, then sign it, everybody in their turn."""
        self.record(batch, visit)
        self.sign(batch, visit)

    def sign(self, batch: str, visit: Visit) -> None:
        """Every signature of a step, comments on its exceptions included."""
        key, step = self._open(batch, visit)
        for slot in step.slots.values():
            meaning = visit.meaning if visit.meaning in slot.meanings else slot.meanings[0]
            verification = None
            if slot.meanings[0] == "verified_by":
                verification = {p: t for p, t in visit.values.items() if self._typed(batch, key, p)}
            self.hands.sign(slot.roles[0], batch, key, meaning, self._comments(batch, step), verification)

    def afterwards(self, batch: str, visit: Visit) -> None:
        """What is recorded after a step was ended (samples received)."""
        key, step = self._open(batch, visit)
        entries = {p.id: visit.values[p.id] for p in step.parameters if p.after_end and p.id in visit.values}
        self.hands.record(performer(step), batch, key, entries, {})

    def codes(self, batch: str, key: str, step: v.Step) -> list[str]:
        """Codes of everything the step still wants scanned."""
        with self.site.read() as reader:
            record = BatchRecord(self.site, reader, batch)
            wanted = missing_scans(record, record.task(key))
            minimum = max((s.minimum for s in step.scans if s.kind == "identity"), default=0)
            found = list(identity_codes(record).values())[:minimum]
            for name in wanted:
                kind, _, what = name.partition(" ")
                if kind == "material":
                    found.append(self._good_lot(what))
                elif kind == "equipment":
                    found.append(self._ready_equipment(what, batch))
        return found

    def recipe(self, batch: str) -> ControlRecipe:
        """The control recipe of a batch."""
        with self.site.read() as reader:
            return control_recipe(self.site, reader, reader.get(Batch, id=batch)["recipe_hash"])

    def _open(self, batch: str, visit: Visit) -> tuple[str, v.Step]:
        with self.site.read() as reader:
            rows = [t for t in reader.rows(Task, batch_id=batch, step_id=visit.step_id) if t["label"] == visit.label]
        if not rows:
            raise LookupError(f"{visit.step_id} {visit.label} of {batch} is not open at {clock.text(clock.now())}")
        return rows[-1]["key"], self.recipe(batch).steps[visit.step_id]

    def _device(self, batch: str, step: v.Step) -> str:
        with self.site.read() as reader:
            rows = reader.rows(Scan, batch_id=batch, kind="equipment", result="accepted", order=("at", "id"))
        by_class = {row["name"]: row["equipment_id"] for row in rows}
        return next(by_class[c] for c in step.equipment if c in by_class)

    def _typed(self, batch: str, key: str, parameter: str) -> bool:
        with self.site.read() as reader:
            record = BatchRecord(self.site, reader, batch)
            return parameter in to_verify(record, record.task(key))

    def _comments(self, batch: str, step: v.Step) -> dict[str, str]:
        with self.site.read() as reader:
            rows = reader.rows(ExceptionRecord, batch_id=batch, step_id=step.id)
        return {row["id"]: self.comment for row in rows if row["needs_comment"]}

    def _good_lot(self, material: str) -> str:
        now = clock.text(clock.now())
        with self.site.read() as reader:
            lots = reader.rows(MaterialLot, material=material, status="released")
        return str(next(lot["id"] for lot in lots if not lot["expires_at"] or lot["expires_at"] > now))

    def _ready_equipment(self, equipment_class: str, batch: str) -> str:
        with self.site.read() as reader:
            rows = reader.rows(Equipment, equipment_class=equipment_class)
        free = [r for r in rows if not r["exclusive"] or r["batch_id"] in (None, batch)]
        return str(free[0]["id"])

    def values(self, batch: str) -> list[Mapping[str, Any]]:
        """Everything recorded of a batch."""
        with self.site.read() as reader:
            return list(reader.rows(ParameterValue, batch_id=batch))


def performer(step: v.Step) -> str:
    """The role that works on a step."""
    first = next((s for s in step.signatures if s.code == "P"), None) or step.signatures[0]
    return first.roles[0]
