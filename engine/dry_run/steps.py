"""A step of a rehearsed batch, by the real acts: started, scanned, measured, entered, ended and signed; its timers too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.actions import entries, readings, scans, tasks, timers
from engine.actions.completion import missing_scans
from engine.actions.holds import started_at
from engine.actor import SYSTEM, Actor
from engine.batch_record import BatchRecord
from engine.canonical import canonical, sha256
from engine.dry_run.batch_view import LIVE, StuckError
from engine.dry_run.filling import START, Sheet
from engine.dry_run.limits import typed_text
from engine.dry_run.reactions import MOST_TURNS, Reactions
from engine.dry_run.rehearsal import Someone, supply
from engine.records import DueTime, Equipment, MaterialLot
from engine.scope import Row
from engine.transaction import perform

MOMENT = timedelta(microseconds=1)
AHEAD = timedelta(hours=1)


class Steps(Reactions):
    """What is done at one step."""

    __slots__ = ()

    def perform(self, key: str, wishes: Mapping[str, Value]) -> None:
        """One step from its start to its last signature."""
        step, task = self.step_of(key), self.task(key)
        wishes = dict(wishes)
        for name, value in self.overrides.items():
            if name.partition(".")[0] == step.id:
                wishes[name.partition(".")[2]] = value  # what this batch is for comes before what leads along its route
        with self._telling(key):
            self._unblock(key)
            if self._gone(key):
                return
            performer = self.performer(step, task)
            if task["state"] == "open":
                self._start(key, step, performer, wishes)
            if self._gone(key):
                return
            if self.task(key)["state"] == "started":
                self._fire_late(key)
            if self._gone(key):
                return
            if self.task(key)["state"] == "started":
                self._record(key, step, performer, wishes)
            if not self._gone(key):
                self._sign(key, step, performer)

    def _start(self, key: str, step: v.Step, performer: Someone, wishes: Mapping[str, Value]) -> None:
        self.watcher.before_start(self, key)
        self._wait_for_minimum(step)
        if any(START in p.formula for p in self.rehearsal.recipe.calculations.get(step.id, ())):
            with self.look() as batch:
                sheet = self.filling(batch, key, may_wait=True).filled(clock.now(), wishes, self._usual(step), self._lasts)
            self.rehearsal.clock.move(max(clock.now(), sheet.start))
        self.rehearsal.act(tasks.start_task, performer[0], self.batch_id, task_key=key)
        self.watcher.recorded(self, key)
        self._unblock(key)

    def _record(self, key: str, step: v.Step, performer: Someone, wishes: Mapping[str, Value]) -> None:
        self.watcher.before_scans(self, key)
        self._scan(key, step, performer)
        if self._gone(key):
            return
        with self.look() as batch:
            filling = self.filling(batch, key)
            started = clock.parse(batch.task(key)["started_at"])
            sheet = filling.filled(started, {**wishes, **self._known(batch, key)}, self._usual(step), self._lasts)
        self.watcher.before_entries(self, key, sheet)
        self.enter(key, step, performer, self.to_enter(key, sheet))
        self._unblock(key)
        if self._gone(key):
            return
        if any(p.when for p in step.parameters):  # what was entered may ask for more
            with self.look() as batch:
                known = self._known(batch, key)
                sheet = self.filling(batch, key).filled(started, {**wishes, **known}, self._usual(step), self._lasts)
            if more := self.to_enter(key, sheet):
                self.enter(key, step, performer, more)
                self._unblock(key)
        self._wait_for_minimum(step)
        self.watcher.before_end(self, key, sheet)
        if sheet.end > clock.now():
            self.rehearsal.clock.move(sheet.end)

    def enter(self, key: str, step: v.Step, performer: Someone, given: Mapping[str, Value]) -> None:
        """Devices measure and are accepted; the rest is typed."""
        with self.look() as batch:
            device = self.device(batch, step)
        measured: dict[str, str] = {}
        typed: dict[str, str] = {}
        for name, value in given.items():
            p = step.parameter(name)
            assert p is not None
            if p.source == "device" and device is not None and not p.after_end and name not in self._left_out:
                answer = self.rehearsal.act(
                    readings.post_reading, device, self.batch_id, step_id=step.id, parameter_id=name, text=typed_text(value),
                    uom=p.uom, measured_at=clock.text(clock.now()),
                )  # fmt: skip
                measured[name] = answer["reading"]
            else:
                ahead = self.rehearsal.recipe.header.kind == "process" and isinstance(value, datetime)  # processes plan ahead
                less = "<" if p.qualifier and name in self._left_out else ""  # a result that routing can't calculate with
                typed[name] = less + typed_text(clock.now() + AHEAD if ahead else value)
        if measured:
            self.rehearsal.act(entries.accept_readings, performer[0], self.batch_id, task_key=key, readings=measured)
        if typed:
            self._unblock(key)
            if self._gone(key):
                return
            self.rehearsal.act(entries.record_values, performer[0], self.batch_id, task_key=key, entries=typed)
        self.watcher.recorded(self, key)

    def to_enter(self, key: str, sheet: Sheet) -> dict[str, Value]:
        """What is still to be entered at the step as it stands: before its end, or after it."""
        with self.look() as batch:
            task, recorded = batch.task(key), batch.values(key)
            asked = self.filling(batch, key).asked(sheet)
        late = task["state"] == "performed"
        wanted = [p for p in asked.values() if p.source in ("manual", "device") and p.id not in recorded and p.after_end == late]
        left_out = {p.id for p in wanted if p.optional and p.id in self._left_out}
        return {p.id: sheet.entries[p.id] for p in wanted if p.id in sheet.entries and p.id not in left_out}

    def _sign(self, key: str, step: v.Step, performer: Someone) -> None:
        self._wait_for_minimum(step)
        for _ in range(MOST_TURNS * (1 + len(step.slots))):
            task = self.task(key)
            if task["state"] not in LIVE or self._over():
                return
            self._unblock(key)
            with self.look() as batch:
                signed = {row["slot"]: row["person_id"] for row in batch.signatures(key)}
            waiting = [(name, slot) for name, slot in step.slots.items() if name not in signed]
            if task["state"] == "performed":
                self._afterwards(key, step, performer)
            if waiting:
                self.sign_slot(key, step, performer, waiting[0][1], set(signed.values()))
            else:
                self.comment(key)
        if self.task(key)["state"] in LIVE:
            raise StuckError(key, "it is signed and does not complete")

    def _afterwards(self, key: str, step: v.Step, performer: Someone) -> None:
        self.watcher.after_end(self, key)
        self._fire_late(key)
        if self._gone(key):
            return
        with self.look() as batch:
            started = clock.parse(batch.task(key)["started_at"])
            sheet = self.filling(batch, key).filled(started, self._known(batch, key), self._usual(step))
        late = {p: clock.now() if isinstance(x, datetime) else x for p, x in self.to_enter(key, sheet).items()}
        if late:
            self.enter(key, step, performer, late)
            self._unblock(key)

    # What it asks for

    def _scan(self, key: str, step: v.Step, performer: Someone) -> None:
        for code in self.codes(key, step):
            self.rehearsal.act(scans.scan, performer[0], self.batch_id, task_key=key, code=code)
            self.watcher.recorded(self, key)
            self._unblock(key)
            if self._gone(key):
                return

    def codes(self, key: str, step: v.Step) -> list[str]:
        """Codes of everything that the step still wants scanned."""
        with self.look() as batch:
            wanted = missing_scans(batch, batch.task(key))
            least = max((s.minimum for s in step.scans if s.kind == "identity"), default=0)
            found = list(scans.identity_codes(batch).values())[:least]
            for name in wanted:
                kind, _, what = name.partition(" ")
                if kind == "material":
                    found.append(self.lot(batch, what))
                elif kind == "equipment":
                    found.append(batch.reader.rows(Equipment, equipment_class=what)[0]["id"])
        return found

    def lot(self, batch: BatchRecord, material: str) -> str:
        """A lot of a material whose certificate states what the recipe's steps take from it."""
        certificate: dict[str, str] = {}
        for other in self.rehearsal.recipe.steps.values():
            if material in other.materials:
                usual = self._usual(other)
                taken = [p.id for p in other.parameters if p.source == "master"]
                certificate |= {p: typed_text(self.overrides.get(f"{other.id}.{p}", usual.get(p))) for p in taken}
        if not certificate:
            return str(batch.reader.rows(MaterialLot, material=material)[0]["id"])
        lot_id = f"LOT-{sha256(canonical([material, certificate]))[:12]}"
        if not batch.reader.rows(MaterialLot, id=lot_id):
            perform(
                self.rehearsal.site, supply, actor=SYSTEM, stream=f"lot:{lot_id}", source="system", lot_id=lot_id,
                material=material, certificate=certificate,
            )  # fmt: skip
        return lot_id

    def device(self, batch: BatchRecord, step: v.Step) -> Actor | None:
        """The scanned piece of equipment that measures at this step."""
        rows = [s for s in batch.scans if s["kind"] == "equipment" and s["name"] in step.equipment]
        return Actor(rows[-1]["equipment_id"], rows[-1]["name"], frozenset(), "device") if rows else None

    # Time

    def _due(self) -> list[Row]:
        return sorted(self.rows(DueTime, state="waiting"), key=lambda r: (r["due_at"], r["id"]))

    def _row_of_timer(self, key: str, due: list[Row]) -> Row | None:
        node = self.rehearsal.recipe.diagram.nodes.get(key.rpartition("/")[2].partition("[")[0])
        hold = node.timer.hold if node is not None and node.timer is not None else ""
        return next((r for r in due if (hold and r["ref"] == hold) or r["ref"] == key), None)

    def fire(self, due: Row) -> None:
        """Let the time come at which a row is due, and tell the record."""
        self.watcher.timer(self, due)
        at = clock.parse(due["due_at"])
        self.rehearsal.clock.move(max(clock.now(), at if due["kind"] == "timer" else at + MOMENT))
        with self._telling(due["ref"]):
            self.rehearsal.act(timers.fire, SYSTEM, self.batch_id, due_id=due["id"])

    def _fire_late(self, key: str) -> None:
        """Timers of the route that have a due time since this step has gone on."""
        for late in list(self._late):
            row = self._row_of_timer(late, self._due())
            if row is not None and not self._gone(key):
                self._late.remove(late)
                self.path.append(f"{late} is due")
                self.fire(row)
        self._unblock(key)

    def _wait_for_minimum(self, step: v.Step) -> None:
        """Before a step that starts a maximum: let those minima pass that end where it ends."""
        holds = self.rehearsal.recipe.holds.values()
        names = {f"{step.id}.start", f"{step.id}.end"}
        if self.hasty:
            return
        begun_here = [h.definition for h in holds if h.definition.kind == "max" and h.definition.from_event in names]
        ends = {event for definition in begun_here for event in definition.to_events}
        with self.look() as batch:
            for hold in holds:
                limit = max((x for x in (hold.nor, hold.par) if x is not None), default=None)
                if hold.definition.kind == "min" and limit and (ends | names) & set(hold.definition.to_events):
                    begun = started_at(batch, hold, None)
                    if begun is not None and begun[0] + limit > clock.now():
                        self.rehearsal.clock.move(begun[0] + limit)
