"""Plots as SVG drawn here, so that they print and need no script; each page shows the same numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.queries.limit_replay import DEPARTED, OUTCOMES

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 150, 64, 12, 12, 22
REPLAY_HEIGHT, SIDE = 240, 72
LINE = 13
"""The height of a written limit: two that are closer would stand over each other."""

BOUNDS = ("nor_low", "nor_high", "par_low", "par_high")


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


Line = tuple[float, str, bool]
SHIFTS = {(False, False): "keeps", (False, True): "departs", (True, True): "still", (True, False): "freed"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One value of a replay. `shift`: keeps both limits, departs from the new ones only, from both still, or is freed."""

    x: float
    y: float
    title: str
    shift: str


@dataclass(frozen=True, slots=True)
class Replay:
    """Values of past batches against old and new limits. Bands are (y, height) of both normal ranges.

    `new_lines` and `old_lines`: limits as (y, text) for the left and the right side; `far` marks accepted limits.
    """

    points: tuple[Judged, ...]
    new_band: tuple[float, float] | None
    old_band: tuple[float, float] | None
    new_lines: tuple[Line, ...]
    old_lines: tuple[Line, ...]
    bottom: float
    batches: tuple[tuple[float, str], ...]


def replay(points: Iterable[Mapping[str, Any]], old: Mapping[str, str], new: Mapping[str, str]) -> Replay | None:
    """The plot of a limit replay, oldest value first; None where there is no number to draw.

    The scale holds every value, both normal ranges and the new accepted one.
    """
    rows = [(row, number) for row in points if (number := _number(row["number"])) is not None]
    if not rows:
        return None
    before, after = ({name: b for name in BOUNDS if (b := _number(of[name])) is not None} for of in (old, new))
    every = [number for _, number in rows] + [*after.values(), *(b for name, b in before.items() if name.startswith("nor"))]
    margin = (max(every) - min(every)) * Decimal("0.06") or Decimal(1)
    low, high = min(every) - margin, max(every) + margin
    foot = REPLAY_HEIGHT - BOTTOM
    step = (WIDTH - 2 * SIDE) / len(rows)

    def at(number: Decimal) -> float:
        return round(foot - float((number - low) / (high - low)) * (foot - TOP), 1)

    def lines(of: Mapping[str, str], known: Mapping[str, Decimal]) -> tuple[Line, ...]:
        return _apart([(at(b), of[name], name.startswith("par")) for name, b in known.items() if low <= b <= high])

    drawn = tuple(
        Judged(round(SIDE + (number + 0.5) * step, 1), at(value), _told(row), _shift(row))
        for number, (row, value) in enumerate(rows)
    )
    ends = {drawn[0].x: rows[0][0]["batch"], drawn[-1].x: rows[-1][0]["batch"]}
    return Replay(
        drawn, _band(after, at, foot), _band(before, at, foot), lines(new, after), lines(old, before), foot, tuple(ends.items())
    )


def _band(known: Mapping[str, Decimal], at: Callable[[Decimal], float], foot: float) -> tuple[float, float] | None:
    """A normal range as (y, height), open ends up to the edge; None where nothing bounds it."""
    if "nor_low" not in known and "nor_high" not in known:
        return None
    top = at(known["nor_high"]) if "nor_high" in known else TOP
    bottom = at(known["nor_low"]) if "nor_low" in known else foot
    return top, round(max(0.0, bottom - top), 1)


def _apart(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Limits from top to bottom without those that would be written over another one: the normal ones stay."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: (line[2], line[0])):
        if all(abs(line[0] - other[0]) >= LINE for other in kept):
            kept.append(line)
    return tuple(sorted(kept))


def _shift(row: Mapping[str, Any]) -> str:
    return SHIFTS[row["old_outcome"] in DEPARTED, row["new_outcome"] in DEPARTED]


def _told(row: Mapping[str, Any]) -> str:
    label = f" {row['label']}" if row["label"] else ""
    return f"{row['batch']}{label}: {row['value']}; was {OUTCOMES[row['old_outcome']]}, would be {OUTCOMES[row['new_outcome']]}"
