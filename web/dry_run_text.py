"""The report of a dry run on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from engine.dry_run import system_dry_run


def rehearse(diagram: Path, target: Path | None) -> bool:
    """Make the dry run of a file with its progress, print what came of it; True when it passed."""
    found = system_dry_run(diagram.read_bytes(), _progress if sys.stderr.isatty() else _silent)
    if sys.stderr.isatty():
        click.echo("", err=True)
    if target is not None:
        target.write_text(json.dumps(found, indent=2, ensure_ascii=False), "utf-8")
    for line in lines(found):
        click.echo(line)
    return bool(found["verdict"] == "passed")


def lines(found: dict[str, Any]) -> list[str]:
    """The report as a person reads it on a terminal."""
    s = found["summary"]
    told = [
        f"{found['title'] or found['recipe']} revision {found['revision']}, diagram {found['hash']}",
        f"Batchwright {found['product_version']}, {s['batches']} batches rehearsed in {found['seconds']} s, nothing recorded",
        f"  steps          {s['steps_reached']} of {s['steps']}",
        f"  flows          {s['flows_reached']} of {s['flows']}"
        + (f", {s['flows_alone']} of them by the procedure alone" if s["flows_alone"] else ""),
        f"  limit edges    {s['edges_reached']} of {s['edges']}",
        f"  hold times     {s['hold_edges_reached']} of {s['hold_edges']} edges",
        f"  values judged  {s['values_judged']}, {s['wrong']} not as expected",
    ]
    told += [f"By the procedure alone: {a['element']}: {a['why']}" for a in found["alone"]]
    if found["unreached"]:
        told.append("Not reached:")
        told += [f"  {'!' if u['must'] else '-'} {u['what']}. {u['why']}" for u in found["unreached"]]
    told += [f"Failed: {reason}" for reason in found["reasons"]]
    return [*told, f"The dry run {found['verdict']}."]


def _progress(done: int, total: int, message: str) -> None:
    share = done / total if total else 0.0
    click.echo(f"\r{'█' * int(share * 30):<30} {done} of {total} steps  {message[:50]:<50}", nl=False, err=True)


def _silent(done: int, total: int, message: str) -> None:
    """Nobody watches."""
