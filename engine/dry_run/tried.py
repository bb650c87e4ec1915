"""One edge that was tried, and how the record's answer is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bpmn import vocabulary as v
from bpmn.expressions import Value
from engine.control_recipe import Hold
from engine.dry_run.limits import Edge
from engine.scope import Row

NEAR = Fraction(1, 10**12)
JUDGES = ("limit", "balance", "specification")


@dataclass(slots=True)
class Tried:
    """One edge: what was entered, what had to come of it and what came. `actual` is empty until it was reached."""

    step: str
    parameter: str
    edge: str
    text: str
    expected: str = ""
    actual: str = ""
    at: str = ""
    why: str = ""
    attempts: int = 0

    @property
    def reached(self) -> bool:
        """Whether a value at this edge was judged."""
        return bool(self.actual)

    @property
    def right(self) -> bool:
        """Whether the judgement is the expected one."""
        return self.expected == self.actual

    def told(self) -> dict[str, Any]:
        """For the report."""
        told = asdict(self) | {"reached": self.reached, "right": self.right}
        del told["attempts"]
        return told


def held(hold: Hold, elapsed: timedelta) -> str:
    """What must come of a hold time of that length."""

    def kept(limit: timedelta | None) -> bool:
        return limit is None or (elapsed >= limit if hold.definition.kind == "min" else elapsed <= limit)

    if not kept(hold.par):
        return "major"
    return "ok" if kept(hold.nor) else "minor"


def gravest(raised: Iterable[dict[str, Any]], hold_id: str) -> str:
    """The gravest that was raised about a hold time; "ok" where nothing was."""
    found = [e["severity"] for e in raised if e["hold"] == hold_id and e["number"] == 18]
    return max(found, key=v.SEVERITIES.index, default="ok")


def judged(row: Row, raised: list[Row]) -> str:
    """The outcome that stands with a value, and whether it blocks or stops."""
    own = [e for e in raised if e["value_id"] == row["id"] and e["rule"] in JUDGES]
    if any(e["stops"] for e in own):
        return f"{row['judgement']} and stops"
    return f"{row['judgement']} and blocks" if any(e["blocks"] for e in own) else str(row["judgement"])


def is_at(edge: Edge, value: Value, qualifier: str) -> bool:
    """Whether a recorded value is the one of that edge."""
    if qualifier != edge.qualifier:
        return False
    if isinstance(value, Decimal) and isinstance(edge.value, Decimal):
        wanted = Fraction(edge.value)
        return abs(Fraction(value) - wanted) <= NEAR * abs(wanted)
    return type(value) is type(edge.value) and value == edge.value


def written(row: Row) -> tuple[int, int]:
    """The order in which values were written: entry of the trail, then within it."""
    _, entry, number = row["id"].rsplit("/", 2)
    return int(entry), int(number)
