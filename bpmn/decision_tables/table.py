"""A decision table as it is written: columns, rules, cells as texts. Nothing here says whether it is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bpmn.expressions.kinds import INSTANT, NUMBER, TEXT, TRUTH
from bpmn.expressions.values import Value

ColumnType = Literal["num", "bool", "text", "choice", "date_time"]
HitPolicy = Literal["UNIQUE", "FIRST", "COLLECT"]
Aggregation = Literal["", "SUM", "MIN", "MAX", "COUNT"]

COLUMN_TYPES: tuple[ColumnType, ...] = ("num", "bool", "text", "choice", "date_time")
HIT_POLICIES: tuple[HitPolicy, ...] = ("UNIQUE", "FIRST", "COLLECT")
AGGREGATIONS: tuple[Aggregation, ...] = ("", "SUM", "MIN", "MAX", "COUNT")
KIND_OF_COLUMN: dict[str, Value] = {"num": NUMBER, "bool": TRUTH, "text": TEXT, "choice": TEXT, "date_time": INSTANT}
MAX_RULES = 500
MAX_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Input:
    """What the table looks at: an expression, its type, and the values it can have (a cell such as `[0 .. 100]`)."""

    expression: str
    type: ColumnType = "text"
    label: str = ""
    allowed: str = ""

    @property
    def title(self) -> str:
        """How people call the column."""
        return self.label or self.expression


@dataclass(frozen=True, slots=True)
class Output:
    """What the table says: a name, its type, the values it can have, and what it is where no rule matches."""

    name: str
    type: ColumnType = "text"
    label: str = ""
    allowed: str = ""
    default: str = ""

    @property
    def title(self) -> str:
        """How people call the column."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a condition for each input, an expression for each output, a remark for each annotation."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. `annotations` are the headings of the remarks."""

    name: str = ""
    hit_policy: HitPolicy = "UNIQUE"
    aggregation: Aggregation = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = field(default=())
    annotations: tuple[str, ...] = ()
