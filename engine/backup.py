"""A copy of the records that can be restored: never a copy of a live file, which lost data 12 times out of 12.

A restored copy is good when `batchwright verify` says so, with the newest exported checkpoint beside it. The keys are
not in it, and belong in another backup.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import make_url

from engine.database import address_text
from engine.errors import SiteNotReadyError


def backup(url: str, target: str | Path) -> Path:
    """Copy the records of a running site to `target`, consistently.

    SQLite: a database file, by the backup API. PostgreSQL: a custom-format archive, by `pg_dump` (restore it with
    `pg_restore --no-owner --dbname=<empty database>`).
    """
    path = Path(target)
    if path.exists():
        raise SiteNotReadyError(f"{path} exists; a backup never overwrites another.")
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _copy_sqlite(Path(parsed.database or ""), path)
    else:
        _dump_postgresql(address_text(parsed.set(drivername="postgresql")), path)
    return path


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise SiteNotReadyError(f"There is no database {source}.")
    live, copy = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        live.backup(copy)
        problem = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        live.close()
        copy.close()
    if problem != "ok":
        target.unlink()
        raise SiteNotReadyError(f"The copy is damaged: {problem}.")
    handle = os.open(target, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _dump_postgresql(url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise SiteNotReadyError("`pg_dump` is not on the PATH; it comes with PostgreSQL.")
    done = subprocess.run([program, "--format=custom", f"--file={target}", f"--dbname={url}"], capture_output=True)
    if done.returncode:
        raise SiteNotReadyError(f"pg_dump failed: {done.stderr.decode(errors='replace').strip()}")
