"""A batch rehearsed by the real acts: people start, scan, measure, enter, decide, comment and sign as the recipe says."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.actions import access, batches, decisions, entries, exceptions, readings, scans, tasks, timers
from engine.actions.completion import missing_scans
from engine.actions.holds import started_at
from engine.actions.verification import to_verify
from engine.actor import SYSTEM, Actor
from engine.batch_record import BatchRecord
from engine.canonical import canonical, sha256
from engine.dry_run.filling import LASTS, START, Filling, Sheet
from engine.dry_run.limits import typed_text
from engine.dry_run.paper import Paper
from engine.dry_run.rehearsal import Rehearsal, Someone, supply
from engine.dry_run.routes import Move, Route
from engine.dry_run.subject import begin_process
from engine.errors import BatchwrightError, EngineFaultError, OpenItemsError
from engine.queries.counts import open_exceptions
from engine.records import Batch, DueTime, Equipment, ExceptionRecord, ExceptionTriage, MaterialLot, Task
from engine.scope import RecordScope, Row
from engine.transaction import perform

LIVE = ("open", "started", "performed")
MOST_TURNS = 12
TOLD = "Seen in the dry run, and told."
MOMENT = timedelta(microseconds=1)
AHEAD = timedelta(hours=1)


class StuckError(Exception):
    """A rehearsed batch can't go on; the message says where and why."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place, self.why = place, why


class Watcher(Protocol):
    """Who looks on: tries edges of limits before values are recorded, and compares what was recorded."""

    def before_start(self, walk: Walk, key: str) -> None: ...
    def before_scans(self, walk: Walk, key: str) -> None: ...
    def before_entries(self, walk: Walk, key: str, sheet: Sheet) -> None: ...
    def before_end(self, walk: Walk, key: str, sheet: Sheet) -> None: ...
    def after_end(self, walk: Walk, key: str) -> None: ...
    def recorded(self, walk: Walk, key: str) -> None: ...
    def timer(self, walk: Walk, due: Row) -> None: ...


@dataclass(slots=True)
class Walk:
    """One batch on its way. `overrides`: values other than the usual ones, by qualified name (`S10.tnc_post`).

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

    # The whole way

    def run(self, route: Route, tell: Callable[[str], None] = lambda _: None) -> None:
        """Follow a route to its end; where reality differs from it, go on by the usual values. `tell` hears of each step."""
        try:
            self._issue(route)
            moves = deque(route.moves)
            for _ in range(len(route.moves) * 3 + 50):
                if self._over():
                    return
                move = self._next(moves)
                if move is None:
                    raise StuckError(self.batch_id, "nothing is open, and the end is not reached")
                tell(move.key)
                self._make(move)
                if self.until and any(key.partition("[")[0].endswith(self.until) for key in self.path[-1:]):
                    self.ended = f"given up after {self.path[-1]}"
                    return
            raise StuckError(self.batch_id, "no end is reached")
        except StuckError as stuck:
            self.fault, self.ended = stuck, f"stuck at {stuck.place}"

    def _issue(self, route: Route) -> None:
        header = self.rehearsal.recipe.header
        if header.kind == "process":
            author, _ = self.rehearsal.someone(["PROC"])
            with self._telling("the start"):
                self.rehearsal.act(begin_process, author, self.batch_id, process_id=f"{header.id}@{header.revision}")
            self.issued = True
            return
        order = {f"order.{n}": x for n, x in self.paper.order.items()} | route.order
        order |= {n: x for n, x in self.overrides.items() if n.startswith("order.")}
        self.order = order
        texts = {n.partition(".")[2]: typed_text(x) for n, x in order.items()}
        actor, proof = self.rehearsal.someone(batches.ISSUERS)
        with self._telling("the order"):
            self.rehearsal.act(
                batches.start_batch, actor, self.batch_id, recipe_id=header.id, order=texts, proof=proof
            )
        self.issued = True

    def _over(self) -> bool:
        row = self.batch_row()
        if row["incident"]:
            raise StuckError(self.path[-1] if self.path else self.batch_id, row["incident"])
        if row["engine_outcome"] or row["state"] in access.CLOSED:
            self.ended = self.ended or (row["engine_outcome"] or row["state"].lower())
            return True
        return False

    def _next(self, moves: deque[Move]) -> Move | None:
        """The route's next move that can be made now; without any, the step that is open longest, then a timer.

        A timer that has no due time yet is kept: it fires within the step that gives it one.
        """
        open_keys = [t["key"] for t in self.open_tasks()]
        due = self._due()
        for key in list(self._late):
            if self._row_of_timer(key, due):
                self._late.remove(key)
                return Move(key, fires=True)
        while moves:
            move = moves.popleft()
            if move.key in open_keys or (move.fires and self._row_of_timer(move.key, due)):
                return move
            if move.fires:
                self._late.append(move.key)
        work = [k for k in open_keys if self._is_work(k)] or open_keys
        if work:
            return Move(work[0])
        return Move(due[0]["ref"], fires=True) if due else None

    def _fire_late(self, key: str) -> None:
        """Timers of the route that have a due time since this step has gone on."""
        for late in list(self._late):
            row = self._row_of_timer(late, self._due())
            if row is not None and not self._gone(key):
                self._late.remove(late)
                self.path.append(f"{late} is due")
                self.fire(row)
        self._unblock(key)

    def _is_work(self, key: str) -> bool:
        node = self.rehearsal.recipe.diagram.nodes.get(key.rpartition("/")[2].partition("[")[0])
        return node is None or node.event != "messageEventDefinition"

    def _make(self, move: Move) -> None:
        if move.fires and move.key not in {t["key"] for t in self.open_tasks()}:
            row = self._row_of_timer(move.key, self._due())
            assert row is not None
            self.path.append(f"{move.key} is due")
            self.fire(row)
        else:
            self.path.append(move.key)
            self._left_out = {n.partition(".")[2] for n, x in move.values.items() if x is None}
            self.perform(move.key, {n.partition(".")[2]: x for n, x in move.values.items() if x is not None})

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

    # A step

    def perform(self, key: str, wishes: Mapping[str, Value]) -> None:
        """One step from its start to its last signature."""
        step, task = self.step_of(key), self.task(key)
        wishes = dict(wishes)
        for name, value in self.overrides.items():
            if name.partition(".")[0] == step.id:
                wishes.setdefault(name.partition(".")[2], value)
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

    def sign_slot(self, key: str, step: v.Step, performer: Someone, slot: v.Signature, signed: set[str]) -> None:
        """One signature, by somebody who may give it."""
        who, proof = performer if slot.code == "P" else self._signer(key, slot, signed)
        arguments: dict[str, Any] = {"task_key": key, "meaning": slot.meanings[0], "proof": proof}
        arguments["comments"] = self.due_comments(key)
        if slot.code != "P" and "P" in step.slots and slot.meanings[0] == "verified_by":
            arguments["verification"] = self._reading(key)
        try:
            self.rehearsal.act(tasks.sign_task, who, self.batch_id, **arguments)
        except OpenItemsError:
            self._close_exceptions()
            self.rehearsal.act(tasks.sign_task, who, self.batch_id, **arguments)
        self.watcher.recorded(self, key)

    def _signer(self, key: str, slot: v.Signature, signed: set[str]) -> Someone:
        task = self.task(key)
        avoid = {*signed, task["performed_by"], task["started_by"]}
        with self.look() as batch:
            for step_id in slot.differs:
                for other in batch.tasks_of(step_id):
                    avoid |= {row["person_id"] for row in batch.signatures(other["key"])}
        return self.rehearsal.someone(slot.roles, avoid)

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

    # What a step meets

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

    def performer(self, step: v.Step, task: Row) -> Someone:
        roles = access.performer_roles(step)
        worked = task["started_by"]
        for members in self.rehearsal.crew.values():
            for someone in members:
                if someone[0].id == worked:
                    return someone
        first = next((s for s in step.signatures if s.code == "P"), None) or next(iter(step.signatures), None)
        avoid: set[str] = set()
        if first is not None and first.differs:
            with self.look() as batch:
                for step_id in first.differs:
                    avoid |= {r["person_id"] for t in batch.tasks_of(step_id) for r in batch.signatures(t["key"])}
        return self.rehearsal.someone(roles, avoid)

    def _unblock(self, key: str) -> None:
        """Those who have to decide on a blocked step let it go on; what nobody may let go on is terminated."""
        for _ in range(MOST_TURNS):
            task = self.task(key)
            if not task["blocked"] or self.batch_row()["state"] in access.CLOSED:
                return
            worked = self._worked(task)
            if task["stopped"]:
                who, proof = self.rehearsal.someone(batches.STOPPERS, worked)
                outcome, role = "terminate", None
                self.ended = f"stopped at {key}"
            else:
                with self.look() as batch:
                    decided = decisions.decided_roles(batch.reader, batch, task)  # type: ignore[arg-type]
                role = next(r for r in json.loads(task["decision_roles"]) if r not in decided)
                who, proof = self.rehearsal.someone([role], worked | {row["by"] for row in decided.values()})
                outcome = "proceed"
            self.rehearsal.act(
                decisions.decide, who, self.batch_id, task_key=key, outcome=outcome, role=role, reason=TOLD, proof=proof
            )
        raise StuckError(key, "it stays blocked although everybody has decided")

    def _worked(self, task: Row) -> set[str]:
        with self.look() as batch:
            return {task["started_by"], task["performed_by"], *(r["entered_by"] for r in batch.value_rows(task["key"]))}

    def due_comments(self, key: str) -> dict[str, str]:
        with self.look() as batch:
            return {row["id"]: TOLD for row in batch.exceptions(batch.task(key)) if row["needs_comment"]}

    def comment(self, key: str) -> None:
        """Comment what still needs a comment at a step."""
        with self.look() as batch:
            done = {r["exception_id"] for r in batch.reader.rows(ExceptionTriage, batch_id=self.batch_id)}
            due = [r["id"] for r in batch.exceptions(batch.task(key)) if r["needs_comment"] and r["id"] not in done]
        for exception_id in due:
            who, _ = self.rehearsal.someone(exceptions.FLOOR)
            self.rehearsal.act(exceptions.comment_exception, who, self.batch_id, exception_id=exception_id, text=TOLD)

    def _close_exceptions(self) -> None:
        """Blocks are decided, production comments, quality triages: all of it, so that a review can be signed."""
        for task in self.rows(Task, blocked=1):
            self._unblock(task["key"])
        with self.look() as batch:
            rows = {r["id"]: r for r in batch.reader.rows(ExceptionRecord, batch_id=self.batch_id)}
            told = {t["exception_id"] for t in batch.reader.rows(ExceptionTriage, batch_id=self.batch_id)}
            silent = [e for e in rows if e not in told]
            still = open_exceptions(batch.reader, self.batch_id)
        for exception_id in silent:
            who, _ = self.rehearsal.someone(exceptions.FLOOR)
            self.rehearsal.act(exceptions.comment_exception, who, self.batch_id, exception_id=exception_id, text=TOLD)
        for exception_id in still:
            row = rows[exception_id]
            avoid = self._worked(self.task(row["task_key"])) if row["task_key"] else set()
            who, proof = self.rehearsal.someone(exceptions.QUALITY, avoid)
            kinds = ("deviation", "impact") if row["severity"] == "critical" else ("accept",)
            for kind in kinds:
                self.rehearsal.act(
                    exceptions.triage_exception, who, self.batch_id, exception_id=exception_id, kind=kind, text=TOLD,
                    proof=proof, reference="DRY-RUN" if kind != "accept" else None,
                )  # fmt: skip

    def _reading(self, key: str) -> dict[str, str]:
        with self.look() as batch:
            rows = batch.values(key)
            return {p: rows[p]["text"] for p in to_verify(batch, batch.task(key))}

    # Looking

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

