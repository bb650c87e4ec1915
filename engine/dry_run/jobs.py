"""Dry runs of the system beside a server: each in a process of its own with low priority, its progress in a table.

The table is work in progress, no record: any process of the site reads it, and a job whose process is gone says so.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert, select, update

import engine
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from engine import clock, database
from engine.errors import DiagramRefusedError, DryRunBusyError, RecordNotFoundError
from engine.records import DryRunJob
from engine.site import Site

SILENT = timedelta(seconds=60)
"""A job that has not said anything for this long has lost its process."""
MOST_AT_ONCE = 2
LIVE = ("waiting", "running")
TABLE: Table = DryRunJob.__table__  # type: ignore[assignment]
ROOT = Path(engine.__file__).parent.parent


def start(site: Site, *, revision_id: str, xml: str, started_by: str) -> str:
    """Begin a dry run of a diagram in a process of its own; answers the job's id.

    DiagramRefusedError with every finding when it does not pass its checks, DryRunBusyError while others are under way.
    """
    data = xml.encode()
    report = check_diagram(data)
    if not report.ok:
        findings = [f for f in report.findings if f.severity == "error"]
        told = [{"element": f.element_id, "line": f.line, "message": f.message, "what_to_do": f.what_to_do} for f in findings]
        raise DiagramRefusedError(f"{len(findings)} findings.", findings=told)
    if sum(row["state"] in LIVE for row in jobs(site)) >= MOST_AT_ONCE:
        raise DryRunBusyError()
    job_id = add(site, revision_id=revision_id, digest=Diagram.parse(data).hash, kind="system", started_by=started_by)
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.dry_run"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, env=os.environ,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps({"url": site.url, "job": job_id, "xml": xml}).encode())
    process.stdin.close()
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
    return job_id


def add(site: Site, *, revision_id: str, digest: str, kind: str, started_by: str, state: str = "waiting") -> str:
    """A new job in the table."""
    job_id, now = f"DR-{secrets.token_hex(6)}", _now()
    row = {
        "id": job_id, "revision_id": revision_id, "hash": digest, "kind": kind, "state": state, "done": 0, "total": 0,
        "message": "", "report": "", "started_by": started_by, "started_at": now, "alive_at": now,
    }  # fmt: skip
    with site.engine.execution_options(**{database.WRITES: True}).begin() as connection:
        connection.execute(insert(TABLE).values(**row))
    return job_id


def tell(engine_: Engine, job_id: str, **changes: Any) -> bool:
    """Say how far a job is; False when somebody has ended it meanwhile."""
    with engine_.execution_options(**{database.WRITES: True}).begin() as connection:
        changed = connection.execute(
            update(TABLE).where(TABLE.c.id == job_id, TABLE.c.state.in_(LIVE)).values(alive_at=_now(), **changes)
        )
        return bool(changed.rowcount)


def cancel(site: Site, job_id: str) -> None:
    """End a job; its process notices at its next word."""
    job(site, job_id)
    tell(site.engine, job_id, state="cancelled", message="Ended by hand.")


def job(site: Site, job_id: str) -> dict[str, Any]:
    """One job as it stands; RecordNotFoundError. One whose process is gone is marked as ended."""
    with site.read() as reader:
        row = reader.find(DryRunJob, id=job_id)
    if row is None:
        raise RecordNotFoundError("Dry run", job_id)
    return _ended_if_silent(site, dict(row))


def jobs(site: Site, revision_id: str = "") -> list[dict[str, Any]]:
    """The jobs of a revision, or all that are under way; the newest first, without their reports."""
    columns = [c for c in TABLE.c if c.name != "report"]
    which = TABLE.c.revision_id == revision_id if revision_id else TABLE.c.state.in_(LIVE)
    with site.read() as reader:
        found = reader.db.execute(select(*columns).where(which).order_by(TABLE.c.started_at.desc(), TABLE.c.id)).mappings().all()
    return [_ended_if_silent(site, dict(row)) for row in found]


def _ended_if_silent(site: Site, row: dict[str, Any]) -> dict[str, Any]:
    if row["state"] in LIVE and row["kind"] == "system" and clock.parse(row["alive_at"]) < clock.actual() - SILENT:
        changes = {"state": "failed", "message": "Its process has ended before it was done. Start it again."}
        tell(site.engine, row["id"], **changes)
        return row | changes
    return row


def _now() -> str:
    return clock.text(clock.actual())  # not the record's clock: processes compare it with one another
