"""Dry runs: a recipe rehearsed on a throw-away site by the real acts, and the report that is evidence for its approval.

`system_dry_run` makes the whole one in this process; `engine.dry_run.jobs` makes it in a child process beside a server.
"""

from __future__ import annotations

import time
from typing import Any

from bpmn.checks import check_diagram
from engine import clock
from engine.dry_run.rehearsal import rehearsal
from engine.dry_run.report import report
from engine.dry_run.system_run import Path, SystemRun, Tell
from engine.errors import DiagramRefusedError

__all__ = ["system_dry_run"]


def system_dry_run(xml: bytes, tell: Tell = lambda done, total, message: None) -> dict[str, Any]:
    """Rehearse a diagram in every way and answer the report. DiagramRefusedError when it does not pass its checks."""
    checked = check_diagram(xml)
    if not checked.ok:
        findings = [f"{f.element_id or 'Diagram'}: {f.message}" for f in checked.findings if f.severity == "error"]
        raise DiagramRefusedError(" ".join(findings[:5]), findings=findings)
    began, since = clock.actual(), time.monotonic()
    with rehearsal(xml) as site:
        run = SystemRun(site, tell)
        run.run()
        paths = [_told(path) for path in run.paths]
        found = report(site.recipe, run.coverage, run.probes, paths, kind="system", stopped=run.stopped)
    seconds = f"{time.monotonic() - since:.1f}"
    return found | {"started_at": clock.text(began), "ended_at": clock.text(clock.actual()), "seconds": seconds}


def _told(path: Path) -> dict[str, Any]:
    fault = {"place": path.fault.place, "why": path.fault.why, "batch": path.batch} if path.fault else None
    return {
        "batch": path.batch,
        "purpose": path.purpose,
        "order": path.order,
        "tasks": path.tasks,
        "branches": [{"after": b.after, "flow": b.flow} for b in path.branches],
        "ended": path.ended,
        "fault": fault,
    }
