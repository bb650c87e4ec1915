"""Where in an act the server is, in one byte of a file that survives its death."""

from __future__ import annotations

import mmap
from pathlib import Path

IDLE, RECEIVED, BEGUN, COMMITTING, COMMITTED = range(5)
NAMES = {
    IDLE: "between two requests",
    RECEIVED: "request received, before BEGIN",
    BEGUN: "after BEGIN, before COMMIT",
    COMMITTING: "in COMMIT",
    COMMITTED: "after COMMIT, before the answer",
}
INSIDE = (BEGUN, COMMITTING, COMMITTED)
"""Between BEGIN and the answer: where an act can be lost or doubled."""


class Phase:
    """The byte; written by the server, read after its death by who killed it."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(b"\0" * mmap.PAGESIZE)
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), mmap.PAGESIZE)

    def set(self, phase: int) -> None:
        """The server enters a phase."""
        self._map[0] = phase

    def get(self) -> int:
        """The phase that the server is in, or died in."""
        return self._map[0]
