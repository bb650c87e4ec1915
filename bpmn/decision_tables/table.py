"""A decision table as it is written: columns, rules, cells as texts. Nothing here says whether it is right."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpmn.expressions.kinds import INSTANT, NUMBER, TEXT, TRUTH
from bpmn.expressions.values import Value

COLUMN_TYPES: tuple[str, ...] = ("num", "bool", "text", "choice", "date_time")
HIT_POLICIES: tuple[str, ...] = ("UNIQUE", "FIRST", "COLLECT")
AGGREGATIONS: tuple[str, ...] = ("", "SUM", "MIN", "MAX", "COUNT")
KIND_OF_COLUMN: dict[str, Value] = {"num": NUMBER, "bool": TRUTH, "text": TEXT, "choice": TEXT, "date_time": INSTANT}
MAX_RULES = 500
MAX_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Input:
    """What the table looks at: an expression, its type, and the values it can have (a cell such as `[0 .. 100]`)."""

    expression: str
    type: str = "text"
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
    type: str = "text"
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
    """A decision table. `annotations` are the headings of the remarks. What its words may be is said above, and judged later."""

    name: str = ""
    hit_policy: str = "UNIQUE"
    aggregation: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = field(default=())
    annotations: tuple[str, ...] = ()
