"""Plots as SVG drawn here, so that they print and need no script; each page shows the same numbers as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 150, 64, 12, 12, 22


@dataclass(frozen=True, slots=True)
class Point:
    """One batch's value: where it lies, what it is called, whether it departed, whether it is the batch under review."""

    x: float
    y: float
    title: str
    departed: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A parameter over batches. `band` is (y, height) of the normal range; `lines` are its limits with their digits."""

    points: tuple[Point, ...]
    path: str
    band: tuple[float, float] | None
    lines: tuple[tuple[float, str], ...]


def trend(values: Iterable[Mapping[str, Any]], low: str, high: str, batch_id: str) -> Trend | None:
    """The plot of these values, oldest first, against a normal range; None for fewer than two numbers."""
    rows = [(row, number) for row in values if (number := _number(row["value"])) is not None]
    if len(rows) < 2:
        return None
    limits = [(bound, text) for text in (low, high) if (bound := _number(text)) is not None]
    every = [number for _, number in rows] + [bound for bound, _ in limits]
    bottom, top = min(every), max(every)
    span = (top - bottom) or Decimal(1)
    step = (WIDTH - LEFT - RIGHT) / (len(rows) - 1)

    def at(number: Decimal) -> float:
        return round(HEIGHT - BOTTOM - float((number - bottom) / span) * (HEIGHT - TOP - BOTTOM), 1)

    points = tuple(
        Point(
            round(LEFT + index * step, 1), at(number), f"{row['batch']} {row['label']}: {row['text']}",
            row["judgement"] in ("minor", "major", "critical"), row["batch"] == batch_id,
        )
        for index, (row, number) in enumerate(rows)
    )  # fmt: skip
    ends = [at(bound) for bound, _ in limits]
    band = (min(ends), max(ends) - min(ends)) if len(ends) == 2 else None
    path = "M" + "L".join(f"{point.x} {point.y}" for point in points)
    return Trend(points, path, band, tuple((at(bound), text) for bound, text in limits))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
