"""One dry run in a process of its own: told by its parent what to rehearse, it writes its progress and its report."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from sqlalchemy import Engine

from engine import database
from engine.canonical import canonical
from engine.dry_run import jobs, system_dry_run
from engine.errors import BatchwrightError

EVERY_SECONDS = 0.5
NICE = 15


class CancelledError(Exception):
    """Somebody has ended this dry run."""


class _Progress:
    """Writes at most twice a second how far it is."""

    def __init__(self, engine: Engine, job_id: str) -> None:
        self._engine, self._job = engine, job_id
        self._told = 0.0

    def __call__(self, done: int, total: int, message: str) -> None:
        if time.monotonic() - self._told < EVERY_SECONDS:
            return
        self._told = time.monotonic()
        if not jobs.tell(self._engine, self._job, state="running", done=done, total=total, message=message[:200]):
            raise CancelledError


def main(told: dict[str, Any]) -> None:
    """Rehearse what was told and keep the report with the job."""
    engine = database.connect(told["url"], connections=1)
    try:
        found = system_dry_run(told["xml"].encode(), _Progress(engine, told["job"]))
        done = found["summary"]["batches"]
        jobs.tell(
            engine, told["job"], state="done", done=done, total=done, message=found["verdict"], report=canonical(found)
        )
    except CancelledError:
        return
    except BatchwrightError as refusal:
        jobs.tell(engine, told["job"], state="failed", message=refusal.message[:2000])
    except Exception as error:
        jobs.tell(engine, told["job"], state="failed", message=f"{type(error).__name__}: {error}"[:2000])
        raise
    finally:
        engine.dispose()


if __name__ == "__main__":
    os.nice(NICE)
    main(json.load(sys.stdin))
