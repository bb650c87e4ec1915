"""The only place that reads the wall clock.

Instants are aware `datetime`s in UTC; stored, they are text of one fixed width (`2026-03-02T08:00:00.000000Z`), so
what is hashed is what is stored, and text order is time order. The process of a demo or a test may move the clock:
`simulate` exists only there, the next act records each move, and every journal entry and page says "simulated". A production
process has no such switch. A dry run has a clock of its own (`rehearse`), which only a rehearsal's site follows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEP_SECONDS = 0.5
WIDTH = len("2026-03-02T08:00:00.000000Z")
SIMULATION_ALLOWED = os.environ.get("BATCHWRIGHT_SIMULATED_TIME") == "1"
_offset = timedelta(0)
_simulated = False
_moves = 0


@dataclass(slots=True)
class RehearsalClock:
    """The clock of a dry run: it shows `at`, and runs on from there when it `ticks`. No site but a rehearsal's follows it."""

    at: datetime
    ticks: bool = False
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._since = time.monotonic()

    def now(self) -> datetime:
        """The instant that it shows."""
        return self.at + timedelta(seconds=time.monotonic() - self._since) if self.ticks else self.at

    def move(self, instant: datetime) -> None:
        """Show this instant."""
        self.at, self._since = instant, time.monotonic()


_rehearsal: ContextVar[RehearsalClock | None] = ContextVar("rehearsal", default=None)


@contextmanager
def rehearse(shown: RehearsalClock) -> Iterator[RehearsalClock]:
    """Follow a rehearsal's clock in this context. An act on any other site is refused meanwhile."""
    token = _rehearsal.set(shown)
    try:
        yield shown
    finally:
        _rehearsal.reset(token)


def is_rehearsing() -> bool:
    """True where a rehearsal's clock is followed."""
    return _rehearsal.get() is not None


def now() -> datetime:
    """The present instant, as every record gets it."""
    shown = _rehearsal.get()
    return shown.now() if shown is not None else datetime.now(UTC) + _offset


def actual() -> datetime:
    """The present instant whatever a simulation or a rehearsal says: for the age of processes and files, never for a record."""
    return datetime.now(UTC)


def is_simulated() -> bool:
    """True once the clock of this process was moved, and in a rehearsal: every record made since says so."""
    return _simulated or is_rehearsing()


def text(instant: datetime) -> str:
    """An instant as it is stored. A naive datetime is refused: nobody can know what it meant."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def parse(stored: str) -> datetime:
    """A stored instant. Only the fixed-width form is accepted."""
    if len(stored) != WIDTH or stored[10] != "T" or stored[-1] != "Z":
        raise ValueError(f"{stored!r} is no stored instant")
    return datetime.fromisoformat(stored)


def session_seconds() -> float:
    """Seconds for the age of a session, which a simulated clock must not end; nothing recorded uses this."""
    return time.time()


class Watch:
    """Notices what happened to the clock since it was last asked, so that the next act can record it.

    A wall clock that was set is noticed by comparing it with one that can't be set. Source: MHRA GxP DI 2018.
    """

    def __init__(self) -> None:
        self._ahead = _wall_ahead_of_steady()
        self._moves = _moves

    def changes(self) -> list[tuple[str, bool, dict[str, str]]]:
        """(tag, critical, data) of each change that is not accepted yet; under half a second is drift."""
        found = []
        ahead = _wall_ahead_of_steady()
        if abs(ahead - self._ahead) >= STEP_SECONDS:
            found.append(("clock:stepped", True, {"by_seconds": f"{ahead - self._ahead:.3f}"}))
        else:
            self._ahead = ahead
        if self._moves != _moves:
            found.append(("clock:moved", False, {"ahead_by_seconds": f"{_offset.total_seconds():.3f}"}))
        return found

    def accept(self) -> None:
        """The changes are on record."""
        self._ahead, self._moves = _wall_ahead_of_steady(), _moves


def _wall_ahead_of_steady() -> float:
    return time.time() - time.monotonic()


if SIMULATION_ALLOWED:

    def simulate(instant: datetime) -> None:
        """Move this process's clock to `instant`; it runs on from there."""
        global _offset, _simulated, _moves
        if instant.tzinfo is None:
            raise ValueError(f"{instant.isoformat()} has no time zone")
        _offset = instant - datetime.now(UTC)
        _simulated = True
        _moves += 1

    def stop_simulating() -> None:
        """Return to the wall clock."""
        global _offset, _simulated, _moves
        _offset, _simulated, _moves = timedelta(0), False, _moves + 1
