"""One simulated day: people, operators and the leader at work at once, each on a thread, by the real acts.

Time stands still as long as anybody finds something to do; then it goes on to the next instant at which something is due or
planned. So everybody who is on time acts at that instant, all at once, and nobody else does.
"""

from __future__ import annotations

import random
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from typing import Any, NamedTuple

from sqlalchemy import select

from engine import clock, errors
from engine.actions.changes import review_entries
from engine.actions.taken_decisions import apply_decisions
from engine.actions.timers import fire_due
from engine.errors import BatchwrightError
from engine.passwords import Proof
from engine.records import Change, DueTime
from engine.sign_in import confirm
from engine.site import Site
from engine.transaction import Actor, perform
from tests.people import PASSWORD
from tests.stories.day_script import MORNING, OVER, Plan

STEPS_A_MOVE = 4
"""How many steps of batches are done before time goes on."""
LONGEST_WAIT = 60
GLANCE = 0.05
"""Seconds until somebody who was idle looks again after news: there may be more by then."""
STALE, DONE, FORBIDDEN, NOT_YET = "stale", "already done", "not permitted", "not yet"
EXPECTED: dict[type[BatchwrightError], str] = {
    errors.StaleRecordError: STALE, errors.TaskNotReadyError: STALE, errors.EntryRefusedError: STALE,
    errors.AlreadyRecordedError: DONE, errors.DuplicateRecordError: DONE, errors.OutcomeNotAllowedError: DONE,
    errors.MeaningNotAllowedError: DONE, errors.NotBlockedError: DONE, errors.BatchClosedError: DONE,
    errors.ChangeLockedError: DONE,
    errors.SamePersonError: FORBIDDEN, errors.NotPermittedError: FORBIDDEN, errors.TrainingMissingError: FORBIDDEN,
    errors.BatchHeldError: FORBIDDEN, errors.BatchesUndecidedError: NOT_YET, errors.DutiesOpenError: NOT_YET,
}  # fmt: skip
"""What people who act at once may be told. Whatever else they are told is a fault of the product."""


class Done(NamedTuple):
    """One act that somebody tried: what it was, how long it took, its key, and how it was refused, if it was."""

    who: str
    what: str
    seconds: float
    key: str
    refusal: str = ""
    error: str = ""


@dataclass
class Moment:
    """Lets time go on when all workers have found nothing to do since the last news."""

    workers: int
    over: bool = False
    news: int = 0
    _idle: dict[str, int] = field(default_factory=dict)
    _turn: threading.Condition = field(default_factory=threading.Condition)

    def tell(self) -> None:
        """Something happened: whoever waits looks again."""
        with self._turn:
            self.news += 1
            self._turn.notify_all()

    def wait(self, who: str, seen: int) -> None:
        """Somebody has nothing to do since the news that they saw last."""
        with self._turn:
            self._idle[who] = seen
            self._turn.notify_all()
            self._turn.wait_for(lambda: self.over or self.news != seen)
            del self._idle[who]

    def move(self, to: Callable[[], datetime | None]) -> bool:
        """Wait until nobody acts, then move the clock, under the lock; False at the end of the script."""
        with self._turn:
            if not self._turn.wait_for(lambda: self.over or self._still(), timeout=LONGEST_WAIT):
                raise TimeoutError(f"Only {sorted(self._idle)} came to rest.")
            instant = None if self.over else to()
            if instant is None:
                self.over = True
            else:
                clock.simulate(max(instant, clock.now()))
            self.news += 1
            self._turn.notify_all()
            return not self.over

    def _still(self) -> bool:
        return len(self._idle) == self.workers and set(self._idle.values()) == {self.news}


class Day:
    """What everybody shares: the site, the clock, which change stands for which plan, and everything that was tried."""

    def __init__(self, site: Site, workers: int, seed: int = 1) -> None:
        self.site, self.seed = site, seed
        self.moment = Moment(workers)
        self.tried: list[Done] = []
        self.faults: list[BaseException] = []
        self.of_plan: dict[str, str] = {}
        self.revisions: dict[str, str] = {}
        self.said: set[tuple[str, str]] = set()
        self.most_at_once = self.moves = 0
        self.quota = 0
        self.applied: list[dict[str, Any]] = []
        self._wakes: list[datetime] = []
        self._moved_to = MORNING
        self._lock = threading.Lock()
        self._at_once = 0

    def change(self, plan: Plan) -> dict[str, Any] | None:
        """The change of a plan as it stands, if it is open yet."""
        if plan.name not in self.of_plan:
            return None
        with self.site.read() as reader:
            return dict(reader.get(Change, id=self.of_plan[plan.name]))

    def wake(self, at: datetime) -> None:
        """Somebody will act at an instant to come."""
        with self._lock:
            heappush(self._wakes, at)

    def take(self) -> bool:
        """One of the steps of batches that are done before time goes on."""
        with self._lock:
            self.quota -= 1
            return self.quota >= 0

    def next_instant(self) -> datetime | None:
        """When something is due or planned next, even if that has just passed; None after the last of the script."""
        now, table = clock.now(), DueTime.__table__
        with self.site.read() as reader:
            query = select(table.c.due_at).where(table.c.state == "waiting", table.c.due_at > clock.text(self._moved_to))
            due = reader.db.execute(query.order_by(table.c.due_at).limit(1)).scalar()
        while self._wakes and self._wakes[0] <= self._moved_to:
            heappop(self._wakes)
        found = [*self._wakes[:1], *([clock.parse(due)] if due else [])]
        self.moves += 1
        self.quota = STEPS_A_MOVE
        self._moved_to = max(now, min(found, default=OVER))  # whatever was due until now is done at this move
        return self._moved_to if self._moved_to < OVER else None

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Counts how many act at the same time."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class Worker(threading.Thread):
    """Somebody on a thread of their own, who does what there is until nothing is left, then waits for news."""

    def __init__(self, day: Day, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.day, self.site = day, day.site
        self.chance = random.Random(f"{day.seed} {name}")

    def run(self) -> None:
        try:
            while not self.day.moment.over:
                seen = self.day.moment.news
                if not self.round():
                    self.day.moment.wait(self.name, seen)
                    time.sleep(GLANCE)
        except BaseException as fault:
            self.day.faults.append(fault)
            self.day.moment.over = True
            self.day.moment.tell()

    @abstractmethod
    def round(self) -> int:
        """Do what there is to do; how much was done."""


class Person(Worker):
    """Somebody with an account."""

    def __init__(self, day: Day, actor: Actor) -> None:
        super().__init__(day, actor.id)
        self.actor = actor
        self._number = 0

    @property
    def proof(self) -> Proof:
        """Their password, typed again for each signature."""
        return confirm(self.site, self.actor, PASSWORD)

    def act(self, action: Callable[..., dict[str, Any]], stream: str, **arguments: Any) -> dict[str, Any] | None:
        """One act, with a key of its own; None where it was refused as it may be."""
        self._number += 1
        key, begun = f"{self.name}-{self._number:05}", time.perf_counter()
        refusal = error = ""
        answer: dict[str, Any] | None = None
        try:
            with self.day.acting():
                answer = perform(self.site, action, actor=self.actor, stream=stream, idempotency_key=key, **arguments)
        except tuple(EXPECTED) as refused:
            refusal, error = EXPECTED[type(refused)], type(refused).__name__
        except errors.ChangeFieldError as refused:
            if action is not review_entries:  # which was drawn anew since its entries were shown
                raise
            refusal, error = STALE, type(refused).__name__
        seconds = time.perf_counter() - begun
        self.day.tried.append(Done(self.name, action.__name__, seconds, key, refusal, error))
        if answer is not None:
            self.day.moment.tell()
        return answer


class Scheduler(Worker):
    """What the leading process does once a second: fire what is due, apply what was decided."""

    def __init__(self, day: Day) -> None:
        super().__init__(day, "leader")

    def round(self) -> int:
        with self.day.acting():
            fired = fire_due(self.site)
            applied = apply_decisions(self.site)
        self.day.applied += applied
        if fired or applied:
            self.day.moment.tell()
        return fired + len(applied)
