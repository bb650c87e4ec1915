"""The demo's batches: one recorded run of the CAR-T recipe, moved in time, cut off, changed in places."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files

from web.demo.floor import Visit


def recorded_run() -> list[Visit]:
    """The visits of the recorded run, with the values of each."""
    values: dict[tuple[str, str], dict[str, str]] = {}
    for row in _table("batch_values.csv"):
        values.setdefault((row["step"], row["iteration"]), {})[row["param"]] = row["value"]
    return [
        Visit(
            row["step"], row["iteration"], datetime.fromisoformat(row["started_at"]), datetime.fromisoformat(row["ended_at"]),
            values.get((row["step"], row["iteration"]), {}),
        )
        for row in _table("batch_timeline.csv")
    ]  # fmt: skip


def moved(visits: Iterable[Visit], by: timedelta) -> list[Visit]:
    """The same visits earlier or later; instants among their values move along."""
    return [
        replace(
            visit, started_at=visit.started_at + by, ended_at=visit.ended_at + by,
            values={name: _moved(text, by) for name, text in visit.values.items()},
        )
        for visit in visits
    ]  # fmt: skip


def until(visits: Iterable[Visit], end: datetime) -> list[Visit]:
    """The visits that are over by then."""
    return [visit for visit in visits if visit.ended_at <= end]


def changed(visits: Iterable[Visit], changes: Mapping[tuple[str, str], Mapping[str, str]]) -> list[Visit]:
    """The visits with other values at some steps: (step, label) -> parameter -> text."""
    return [
        replace(visit, values={**visit.values, **changes.get((visit.step_id, visit.label), {})}) for visit in visits
    ]


def _moved(text: str, by: timedelta) -> str:
    if len(text) == 20 and text.endswith("Z") and text[10] == "T":
        return (datetime.fromisoformat(text) + by).isoformat()
    return text


def _table(name: str) -> list[dict[str, str]]:
    text = files("web.demo").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
