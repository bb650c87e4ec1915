"""Edges of limits and hold times, each tried by the real acts in a transaction that is rolled back, and compared.

Expected is what `engine.dry_run.limits` reads from the recipe; actual is what the rules put into the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine import clock
from engine.actions import entries, scans, tasks, timers
from engine.actions.holds import started_at
from engine.actor import SYSTEM
from engine.batch_record import BatchRecord
from engine.control_recipe import Hold
from engine.dry_run.filling import END, START, Filling, Sheet
from engine.dry_run.limits import Edge, bounds_of, edge_in_words, edges, typed_text, verdict
from engine.dry_run.reactions import TOLD
from engine.dry_run.rehearsal import Trial, supply
from engine.dry_run.tried import Tried, gravest, held, is_at, judged, written
from engine.dry_run.walk import Walk
from engine.errors import BatchwrightError
from engine.records import DueTime, ExceptionRecord, ParameterValue
from engine.scope import RecordScope, Row
from engine.values import typed

JUST = timedelta(seconds=1)
MOST_ATTEMPTS = 3
HAND = ("manual", "device")


@dataclass(slots=True)
class Probes:
    """Everything tried so far, over all rehearsed batches. It looks on at each walk."""

    tell: Callable[[str], None] = lambda _: None
    edges: dict[tuple[str, str], list[tuple[Edge, Tried]]] = field(default_factory=dict)
    holds: dict[tuple[str, str], Tried] = field(default_factory=dict)
    asked: dict[tuple[str, str], set[bool]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[Tried] = field(default_factory=list)
    judged: int = 0
    _checked: set[str] = field(default_factory=set)

    def of(self, step_id: str, p: v.Parameter, bounds: Mapping[str, Any]) -> list[tuple[Edge, Tried]]:
        """The edges of a parameter, as its limits stood when it was first met."""
        if (step_id, p.id) not in self.edges:
            self.edges[step_id, p.id] = [(e, Tried(step_id, p.id, e.name, e.text)) for e in edges(p, bounds)]
        return self.edges[step_id, p.id]

    # What the walk tells

    def before_start(self, walk: Walk, key: str) -> None:
        """Hold times that end when this step starts; what is calculated from its start."""
        step = walk.step_of(key)
        performer = walk.performer(step, walk.task(key))[0]

        def start(trial: Trial) -> list[dict[str, Any]]:
            answer = trial.act(tasks.start_task, performer, walk.batch_id, task_key=key)
            return list(answer["exceptions"])

        self._try_holds(walk, key, f"{step.id}.start", start)
        with walk.look() as batch:
            filling = walk.filling(batch, key, may_wait=True)
            sheet = Sheet({}, clock.now(), clock.now())
            found = list(self._calculated(filling, sheet, (START,)))
        for p, edge, tried, other in found:

            def begin(trial: Trial, at: datetime = other.start) -> None:
                walk.rehearsal.clock.move(at)
                start(trial)

            self._try(walk, key, p, edge, tried, begin)

    def before_scans(self, walk: Walk, key: str) -> None:
        """Values that are taken from a lot's certificate: a lot that states each edge."""
        step = walk.step_of(key)
        performer = walk.performer(step, walk.task(key))[0]
        with walk.look() as batch:
            asked = self._open(walk.filling(batch, key), batch, key, ("master",))
        for p, bounds in asked:
            for edge, tried in self.of(step.id, p, bounds):
                if tried.reached or not step.materials:
                    continue

                def take(trial: Trial, name: str = p.id, value: Value = edge.value) -> None:
                    for material in step.materials:
                        lot = f"LOT-EDGE-{material[:20].replace(' ', '-')}"
                        lot = "".join(c for c in lot if c.isalnum() or c == "-")
                        certificate = {name: typed_text(value)}
                        trial.on(f"lot:{lot}", supply, SYSTEM, lot_id=lot, material=material, certificate=certificate)
                        trial.act(scans.scan, performer, walk.batch_id, task_key=key, code=lot)

                self._try(walk, key, p, edge, tried, take)

    def before_entries(self, walk: Walk, key: str, sheet: Sheet) -> None:
        """Each edge of what is entered, and of what is calculated from it."""
        step = walk.step_of(key)
        performer = walk.performer(step, walk.task(key))[0]
        with walk.look() as batch:
            filling = walk.filling(batch, key)
            asked = self._open(filling, batch, key, HAND, sheet)
            levers = [p.id for p in step.parameters if p.source in HAND]
            found = list(self._calculated(filling, sheet, levers))
        calculated = [(p, edge, tried, walk.to_enter(key, other)) for p, edge, tried, other in found]
        for p, bounds in asked:
            for edge, tried in self.of(step.id, p, bounds):
                if tried.reached or p.after_end:
                    continue
                self._try(walk, key, p, edge, tried, self._entering(walk, key, performer, {p.id: edge.text}))
        for p, edge, tried, given in calculated:
            texts = {name: typed_text(value) for name, value in given.items()}
            self._try(walk, key, p, edge, tried, self._entering(walk, key, performer, texts))

    def before_end(self, walk: Walk, key: str, sheet: Sheet) -> None:
        """Hold times that end with this step; what is calculated from its end."""
        step = walk.step_of(key)
        slot = next(iter(step.slots.values()), None)
        if slot is None:
            return
        actor, proof = walk.performer(step, walk.task(key))
        comments = walk.due_comments(key)

        def end(trial: Trial) -> list[dict[str, Any]]:
            answer = trial.act(
                tasks.sign_task, actor, walk.batch_id, task_key=key, meaning=slot.meanings[0], proof=proof,
                comments=comments | {"_": TOLD},
            )  # fmt: skip
            return list(answer["exceptions"])

        self._try_holds(walk, key, f"{step.id}.end", end)
        with walk.look() as batch:
            found = list(self._calculated(walk.filling(batch, key), sheet, (END,)))
        for p, edge, tried, other in found:
            if other.end < clock.now():
                continue

            def finish(trial: Trial, at: datetime = other.end) -> None:
                walk.rehearsal.clock.move(at)
                end(trial)

            self._try(walk, key, p, edge, tried, finish)

    def after_end(self, walk: Walk, key: str) -> None:
        """What is recorded after the step's end, and the hold times that end with it."""
        step = walk.step_of(key)
        performer = walk.performer(step, walk.task(key))[0]
        with walk.look() as batch:
            recorded = batch.values(key)
            late = [p for p in step.parameters if p.after_end and p.id not in recorded]
            filling = walk.filling(batch, key)
            bounds = {p.id: filling.bounds(p, Sheet({}, clock.now(), clock.now())) for p in late}
        for p in late:
            for edge, tried in self.of(step.id, p, bounds[p.id]):
                if not tried.reached:
                    self._try(walk, key, p, edge, tried, self._entering(walk, key, performer, {p.id: edge.text}))
            if p.type == "date_time":

                def record(trial: Trial, name: str = p.id) -> list[dict[str, Any]]:
                    given = {name: typed_text(clock.now())}
                    answer = trial.act(entries.record_values, performer, walk.batch_id, task_key=key, entries=given)
                    return list(answer["exceptions"])

                self._try_holds(walk, key, f"{step.id}.{p.id}", record)

    def timer(self, walk: Walk, due: Row) -> None:
        """A maximum's own timer: its finding when it fires just after the limit."""
        if due["kind"] == "timer":
            return
        for row in walk.rows(DueTime, ref=due["ref"], state="waiting"):
            self._try_timer(walk, row)

    def _try_timer(self, walk: Walk, due: Row) -> None:
        level = due["kind"].removeprefix("hold_").upper()
        name = (due["ref"], f"{level} timer")
        if name in self.holds:
            return
        tried = self.holds[name] = Tried("", due["ref"], f"{level} timer", "just after the limit")
        tried.expected = "minor" if level == "NOR" else "major"
        with walk.rehearsal.trial() as trial:
            walk.rehearsal.clock.move(max(clock.now(), clock.parse(due["due_at"]) + timedelta(microseconds=1)))
            answer = trial.act(timers.fire, SYSTEM, walk.batch_id, due_id=due["id"])
            tried.actual = gravest(answer.get("exceptions", ()), due["ref"])
        tried.at = walk.batch_id
        self._note(tried)

    def recorded(self, walk: Walk, key: str) -> None:
        """Compare each value that a walk has recorded, and count the edges that it came to."""
        step = walk.step_of(key)
        with walk.look() as batch:
            rows = sorted(batch.value_rows(key), key=written)
            new = [r for r in rows if r["id"] not in self._checked]
            raised = [r for r in batch.exceptions(batch.task(key)) if r["value_id"]]
            filling_asked = walk.filling(batch, key)
            for row in new:
                self._checked.add(row["id"])
                p = step.parameter(row["parameter_id"])
                if p is not None and not (row["value"] == "" and p.source != "calc"):
                    earlier = rows[: rows.index(row) + 1]
                    self._compare(walk, key, p, row, self._bounds_then(batch, key, step, p, earlier), raised)
            if batch.task(key)["state"] in ("performed", "completed"):
                self._note_asked(filling_asked, batch, key, step)

    # How

    def _compare(self, walk: Walk, key: str, p: v.Parameter, row: Row, bounds: Mapping[str, Any], raised: list[Row]) -> None:
        value = typed(p.type, row["value"])
        self.seen.add((row["step_id"], p.id))
        if value is None:
            return
        self.judged += 1
        expected = str(verdict(p, bounds, value, row["qualifier"]))
        actual = judged(row, raised)
        tried = Tried(row["step_id"], p.id, "recorded", row["text"], expected, actual, f"{walk.batch_id} {key}")
        if expected != actual:
            self.wrong.append(tried)
        for edge, wanted in self.of(row["step_id"], p, bounds):
            if not wanted.reached and is_at(edge, value, row["qualifier"]):
                wanted.expected, wanted.actual, wanted.at, wanted.why = expected, actual, tried.at, ""
                self._note(wanted)

    def _bounds_then(self, batch: BatchRecord, key: str, step: v.Step, p: v.Parameter, rows: list[Row]) -> dict[str, Any]:
        """The limits as they stood when the last of these rows was written."""
        types = {q.id: q.type for q in step.parameters}
        own = {r["parameter_id"]: None if r["qualifier"] else typed(types[r["parameter_id"]], r["value"]) for r in rows}
        scope = RecordScope(batch.recipe, batch.order, batch.task(key), own, batch.tasks_of, batch.typed_values)
        return bounds_of(p, scope)

    def _note_asked(self, filling: Filling, batch: BatchRecord, key: str, step: v.Step) -> None:
        recorded = batch.values(key)
        for p in step.parameters:
            if p.when:
                self.asked.setdefault((step.id, p.id), set()).add(p.id in recorded)

    def _open(
        self, filling: Filling, batch: BatchRecord, key: str, sources: tuple[str, ...], sheet: Sheet | None = None
    ) -> list[tuple[v.Parameter, Mapping[str, Any]]]:
        """The parameters of these sources that are asked for and not recorded, with their limits."""
        sheet = sheet or Sheet({}, clock.now(), clock.now())
        recorded = batch.values(key)
        asked = filling.asked(sheet).values()
        return [(p, filling.bounds(p, sheet)) for p in asked if p.source in sources and p.id not in recorded]

    def _calculated(
        self, filling: Filling, sheet: Sheet, levers: tuple[str, ...] | list[str]
    ) -> Iterator[tuple[v.Parameter, Edge, Tried, Sheet]]:
        """Edges of calculations that these levers can bring about, each with the sheet that does."""
        for p in filling.calculated:
            if not any(name in levers for name in filling.levers(p, {})):
                continue
            bounds = filling.bounds(p, sheet)
            for edge, tried in self.of(filling.step.id, p, bounds):
                if not tried.reached and tried.attempts < MOST_ATTEMPTS:
                    tried.attempts += 1
                    other = filling.reaching(sheet, p, edge.value, {}, by=levers)
                    if other is not None:
                        yield p, edge, tried, other

    def _entering(self, walk: Walk, key: str, performer: Any, texts: Mapping[str, str]) -> Callable[[Trial], None]:
        def enter(trial: Trial) -> None:
            trial.act(entries.record_values, performer, walk.batch_id, task_key=key, entries=dict(texts))

        return enter

    def _try(self, walk: Walk, key: str, p: v.Parameter, edge: Edge, tried: Tried, do: Callable[[Trial], None]) -> None:
        """Do it, look what was recorded, and let nothing of it stay."""
        try:
            with walk.rehearsal.trial() as trial:
                do(trial)
                rows = sorted(trial.rows(ParameterValue, batch_id=walk.batch_id, task_key=key), key=written)
                row = next((r for r in reversed(rows) if r["parameter_id"] == p.id), None)
                if row is None:
                    tried.why = "nothing was recorded"
                    return
                value = typed(p.type, row["value"])
                if value is None or not is_at(edge, value, row["qualifier"]):
                    tried.why = f"it comes to {row['text'] or 'nothing'} instead"
                    return
                raised = trial.rows(ExceptionRecord, batch_id=walk.batch_id, value_id=row["id"])
                with_batch = BatchRecord(walk.rehearsal.site, trial.reader(), walk.batch_id)
                bounds = self._bounds_then(with_batch, key, with_batch.step(with_batch.task(key)), p, rows[: rows.index(row) + 1])
                tried.expected = str(verdict(p, bounds, value, row["qualifier"]))
                tried.actual, tried.at, tried.text, tried.why = judged(row, raised), f"{walk.batch_id} {key}", row["text"], ""
        except BatchwrightError as refusal:
            tried.why = refusal.message
            return
        self._note(tried)

    def _try_holds(self, walk: Walk, key: str, event: str, do: Callable[[Trial], list[dict[str, Any]]]) -> None:
        """Let the event come just before, at and just after each limit of the hold times that it ends."""
        for hold in walk.rehearsal.recipe.holds_to.get(event, ()):
            with walk.look() as batch:
                begun = started_at(batch, hold, batch.task(key))
            if begun is None or (hold.definition.select == "next" and begun[1] == key):
                continue
            for level, limit in (("NOR", hold.nor), ("PAR", hold.par)):
                if limit is None:
                    continue
                for place, at in (("before", limit - JUST), ("at", limit), ("after", limit + JUST)):
                    self._try_hold(walk, hold, (level, place), begun[0] + at, at, do)

    def _try_hold(
        self, walk: Walk, hold: Hold, name: tuple[str, str], instant: datetime, elapsed: timedelta,
        do: Callable[[Trial], list[dict[str, Any]]],
    ) -> None:  # fmt: skip
        edge = f"{name[0]} {name[1]}"
        tried = self.holds.setdefault((hold.definition.id, edge), Tried("", hold.definition.id, edge, str(elapsed)))
        if tried.reached:
            return
        if instant < clock.now():
            tried.why = "no way of the dry run is that early"
            return
        try:
            with walk.rehearsal.trial() as trial:
                walk.rehearsal.clock.move(instant)
                tried.actual = gravest(do(trial), hold.definition.id)
        except BatchwrightError as refusal:
            tried.why = refusal.message
            return
        tried.expected, tried.at, tried.why = held(hold, elapsed), walk.batch_id, ""
        self._note(tried)

    def _note(self, tried: Tried) -> None:
        if not tried.right:
            self.wrong.append(tried)
        self.tell(f"{tried.step or 'hold time'} {tried.parameter}: {edge_in_words(tried.edge)}")
