"""Dry runs that a person makes: a rehearsal's site that stays for some hours, so that somebody can click through it.

It lies in the temporary folder of the machine, is found by every process of the server, and is removed when it has ended
or grown old. The real record knows of it only that it is under way, until its report is signed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bpmn.checks import check_diagram
from engine import clock
from engine.actions import scans
from engine.actions.batches import ISSUERS, start_batch
from engine.actions.readings import post_reading
from engine.actions.timers import fire_due
from engine.actor import Actor
from engine.canonical import canonical
from engine.control_recipe import ControlRecipe, control_recipe
from engine.dry_run import jobs
from engine.dry_run.coverage import Coverage
from engine.dry_run.limits import typed_text
from engine.dry_run.paper import Paper
from engine.dry_run.probes import Probes
from engine.dry_run.rehearsal import Rehearsal, crew, furnish, reopen
from engine.dry_run.report import report
from engine.dry_run.walk import Walk
from engine.errors import DiagramRefusedError, DryRunBusyError, RecordNotFoundError
from engine.records import Batch, ParameterValue, RecipeDocument, Task
from engine.site import Site

FOLDER = Path(tempfile.gettempdir())
"""Where rehearsals lie, a folder for each site; every process of a server looks there."""

MOST = 5
MOST_HOURS = 12
BATCH = "REHEARSAL-1"
ABOUT = "about.json"
MOMENT = timedelta(microseconds=1)
Fill = dict[str, dict[str, str]]


@dataclass(slots=True)
class ByHand:
    """One rehearsal by a person. `ahead_seconds`: how far its clock was moved on; `fill`: what is offered at each step."""

    id: str
    folder: str
    revision_id: str
    hash: str
    zone: str
    began: str
    ahead_seconds: float = 0.0
    fill: Fill = field(default_factory=dict)

    def clock(self) -> clock.RehearsalClock:
        """Its clock as it stands now."""
        return clock.RehearsalClock(clock.actual() + timedelta(seconds=self.ahead_seconds), ticks=True)

    def save(self) -> None:
        """Keep it for the other processes of the server."""
        path = Path(self.folder) / ABOUT
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(asdict(self)), "utf-8")
        draft.replace(path)


def begin(site: Site, *, revision_id: str, xml: str, started_by: str, like: str = "") -> ByHand:
    """Furnish a rehearsal for a person and issue its first batch.

    `like`: "targets" offers at each step what the recipe aims at, the number of a batch what that one recorded. Refused
    like a dry run of the system, and while there are too many.
    """
    data = xml.encode()
    if not check_diagram(data).ok:
        findings = [f for f in check_diagram(data).findings if f.severity == "error"]
        told = [{"element": f.element_id, "line": f.line, "message": f.message, "what_to_do": f.what_to_do} for f in findings]
        raise DiagramRefusedError(f"{len(findings)} findings.", findings=told)
    clean_up(site)
    if len(list(root(site).iterdir())) >= MOST:
        raise DryRunBusyError(f"{MOST} people are in a rehearsal.")
    recipe = ControlRecipe(data, "")
    digest = recipe.diagram.hash
    job_id = jobs.add(site, revision_id=revision_id, digest=digest, kind="person", started_by=started_by, state="running")
    folder = root(site) / job_id
    found = ByHand(job_id, str(folder), revision_id, digest, site.settings.zone, clock.text(clock.actual()))
    paper = Paper.of(recipe, clock.actual())
    found.fill = _recorded(site, like) if like not in ("", "targets") else _targets(paper) if like else {}
    try:
        with clock.rehearse(found.clock()) as shown:
            rehearsal = furnish(folder, data, shown, site.settings.zone)
            _issue(rehearsal, paper)
            rehearsal.site.close()
    except BaseException:
        jobs.tell(site.engine, job_id, state="failed", message="It could not be begun.")
        shutil.rmtree(folder, ignore_errors=True)
        raise
    found.save()
    return found


def _issue(rehearsal: Rehearsal, paper: Paper) -> None:
    actor, proof = rehearsal.someone(ISSUERS)
    moment = clock.now() - timedelta(minutes=1)
    order = {n: typed_text(moment if isinstance(x, datetime) else x) for n, x in paper.order.items()}
    rehearsal.act(start_batch, actor, BATCH, recipe_id=rehearsal.recipe.header.id, order=order, proof=proof)


def _targets(paper: Paper) -> Fill:
    """What the recipe aims at, by step and parameter."""
    found: Fill = {}
    for step in paper.recipe.steps.values():
        for p in step.parameters:
            value = paper.sheets[step.id].entries.get(p.id)
            if p.source in ("manual", "device") and value is not None and not isinstance(value, datetime):
                found.setdefault(step.id, {})[p.id] = typed_text(value)
    return found


def _recorded(site: Site, batch_id: str) -> Fill:
    """What a real batch has recorded, by step and parameter; of a loop its first time."""
    found: Fill = {}
    with site.read() as reader:
        rows = reader.rows(ParameterValue, batch_id=batch_id, order=("recorded_at", "id"))
    for row in rows:
        if row["source"] in ("manual", "device") and row["text"]:
            found.setdefault(row["step_id"], {}).setdefault(row["parameter_id"], row["text"])
    return found


def opened(site: Site, dry_run_id: str) -> ByHand:
    """A rehearsal that is under way; RecordNotFoundError once it has ended."""
    about = root(site) / Path(dry_run_id).name / ABOUT
    try:
        return ByHand(**json.loads(about.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        raise RecordNotFoundError("Rehearsal", dry_run_id) from None


def site_of(about: ByHand) -> Site:
    """The rehearsal's own site."""
    return reopen(Path(about.folder), about.zone)


def let_time_pass(about: ByHand, rehearsal_site: Site, hours: float | None) -> timedelta:
    """Move its clock on, by hours or to what is due next; everything that becomes due on the way fires in its order."""
    began = about.clock().now()
    target = began + timedelta(hours=hours) if hours is not None else None
    for _ in range(200):
        with rehearsal_site.read() as reader:
            rows = reader.fetch("SELECT MIN(due_at) FROM due_time WHERE state = 'waiting'")
        due = clock.parse(rows[0][0]) + MOMENT if rows and rows[0][0] else None
        if due is None or (target is not None and due > target):
            break
        _move(about, max(due, about.clock().now()))
        with clock.rehearse(about.clock()):
            fired = fire_due(rehearsal_site)
        if target is None or not fired:
            break
    if target is not None and target > about.clock().now():
        _move(about, target)
    about.save()
    return about.clock().now() - began


def _move(about: ByHand, instant: datetime) -> None:
    about.ahead_seconds += max(0.0, (instant - about.clock().now()).total_seconds())


def end(site: Site, about: ByHand) -> dict[str, Any]:
    """Make the report of what the person has done, keep it with the job and remove the rehearsal."""
    seconds = (clock.actual() - clock.parse(about.began)).total_seconds()
    with clock.rehearse(about.clock()) as shown:
        own = site_of(about)
        try:
            found = _report(own, shown, about)
        finally:
            own.close()
    found |= {"started_at": about.began, "ended_at": clock.text(clock.actual()), "seconds": f"{seconds:.0f}"}
    jobs.tell(site.engine, about.id, state="done", message=found["verdict"], report=canonical(found))
    _remove(Path(about.folder))
    return found


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()  # where it was the last one


def _report(own: Site, shown: clock.RehearsalClock, about: ByHand) -> dict[str, Any]:
    with own.read() as reader:
        xml = reader.get(RecipeDocument, hash=about.hash)["xml"]
        batches = reader.rows(Batch, kind="batch", order=("issued_at", "id"))
    recipe = ControlRecipe(xml.encode(), about.hash)
    rehearsal = Rehearsal(own, shown, recipe, crew())
    coverage, probes, paths = Coverage(recipe), Probes(), []
    paper = Paper(recipe, shown.now())
    for row in batches:
        branches = coverage.add(own, row["id"])
        walk = Walk(rehearsal, paper, row["id"], probes)
        tasks = sorted((t for t in walk.rows(Task) if t["started_at"]), key=lambda t: t["started_at"])
        for task in tasks:
            probes.recorded(walk, task["key"])
        fault = {"place": row["id"], "why": row["incident"], "batch": row["id"]} if row["incident"] else None
        paths.append({
            "batch": row["id"], "purpose": "by hand", "order": json.loads(row["order_json"]),
            "tasks": [t["key"] for t in tasks], "branches": [asdict(b) for b in branches],
            "ended": row["engine_outcome"] or (row["state"].lower() if row["state"] in ("TERMINATED", "REJECTED") else ""),
            "fault": fault,
        })  # fmt: skip
    stopped = "" if any(p["ended"] for p in paths) else "before any batch came to its end"
    return report(recipe, coverage, probes, paths, kind="person", stopped=stopped)


def scan_all(about: ByHand, own: Site, batch_id: str, task_key: str, actor: Actor) -> int:
    """Scan what a step still asks for, as this person: nobody can know the codes of what is invented."""
    walk, paper = _walk(about, own, batch_id)
    walk.paper = Paper.of(walk.rehearsal.recipe, paper.begin)
    codes = walk.codes(task_key, walk.step_of(task_key))
    for code in codes:
        walk.rehearsal.act(scans.scan, actor, batch_id, task_key=task_key, code=code)
    return len(codes)


def measure_all(about: ByHand, own: Site, batch_id: str, task_key: str) -> int:
    """Let the step's devices measure what is offered at it, or what the recipe aims at; a person still has to accept it."""
    walk, _ = _walk(about, own, batch_id)
    step = walk.step_of(task_key)
    with walk.look() as batch:
        device = walk.device(batch, step)
        recorded = batch.values(task_key)
        sheet = walk.filling(batch, task_key).filled(clock.now(), {}, {})
    if device is None:
        return 0
    measured = 0
    for p in step.parameters:
        if p.source == "device" and p.id not in recorded and p.id in sheet.entries:
            text = about.fill.get(step.id, {}).get(p.id) or typed_text(sheet.entries[p.id])
            walk.rehearsal.act(
                post_reading, device, batch_id, step_id=step.id, parameter_id=p.id, text=text, uom=p.uom,
                measured_at=clock.text(clock.now()),
            )  # fmt: skip
            measured += 1
    return measured


def _walk(about: ByHand, own: Site, batch_id: str) -> tuple[Walk, Paper]:
    with own.read() as reader:
        recipe = control_recipe(own, reader, about.hash)
    rehearsal = Rehearsal(own, about.clock(), recipe, crew())
    paper = Paper(recipe, clock.now())
    return Walk(rehearsal, paper, batch_id, Probes()), paper


def clean_up(site: Site) -> None:
    """Remove rehearsals that are older than they may be."""
    for folder in list(root(site).iterdir()):
        with suppress(FileNotFoundError):
            if clock.actual().timestamp() - folder.stat().st_mtime > MOST_HOURS * 3600:
                jobs.tell(site.engine, folder.name, state="failed", message=f"It was left for {MOST_HOURS} hours and has ended.")
                _remove(folder)


def root(site: Site) -> Path:
    """The folder of a site's rehearsals on this machine, for its own user only."""
    name = hashlib.sha256(f"{site.url} {site.keys.seal('rehearsals', '')}".encode()).hexdigest()[:16]
    path = FOLDER / f"batchwright-rehearsals-{name}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to somebody else")
    return path

