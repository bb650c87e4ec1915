"""The only place that reads the wall clock.

Instants are aware `datetime`s in UTC; stored, they are text of one fixed width (`2026-03-02T08:00:00.000000Z`), so
what is hashed is what is stored, and text order is time order. The process of a demo or a test may move the clock:
`simulate` exists only there, each move is audited, and every journal entry and page says "simulated". A production
process has no such switch.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

WIDTH = len("2026-03-02T08:00:00.000000Z")
SIMULATION_ALLOWED = os.environ.get("BATCHWRIGHT_SIMULATED_TIME") == "1"
_offset = timedelta(0)
_simulated = False


def now() -> datetime:
    """The present instant, as every record gets it."""
    return datetime.now(UTC) + _offset


def is_simulated() -> bool:
    """True once the clock of this process was moved: every record made since says so."""
    return _simulated


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


class StepWatch:
    """Notices when the wall clock is set, by comparing it with a clock that can't be set."""

    def __init__(self) -> None:
        self._last = (time.time(), time.monotonic())

    def stepped(self) -> timedelta:
        """How far the wall clock was moved since the last call, positive forwards. Under half a second is drift."""
        wall, steady = time.time(), time.monotonic()
        moved = (wall - self._last[0]) - (steady - self._last[1])
        self._last = (wall, steady)
        return timedelta(seconds=moved) if abs(moved) >= 0.5 else timedelta(0)


if SIMULATION_ALLOWED:

    def simulate(instant: datetime) -> None:
        """Move this process's clock to `instant`; it runs on from there."""
        global _offset, _simulated
        if instant.tzinfo is None:
            raise ValueError(f"{instant.isoformat()} has no time zone")
        _offset = instant - datetime.now(UTC)
        _simulated = True

    def stop_simulating() -> None:
        """Return to the wall clock."""
        global _offset, _simulated
        _offset, _simulated = timedelta(0), False
