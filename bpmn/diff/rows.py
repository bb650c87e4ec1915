"""The rows of two decision tables side by side: rows that say the same are the same row, wherever they moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from bpmn.diff.entries import Kind
from bpmn.diff.parts import Part


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that came, went or says something else; `item` is its place in the new table, or in the old one."""

    kind: Kind
    item: str
    old: str
    new: str

    @property
    def meaning(self) -> str:
        """The identifier of what it means."""
        return f"decision_row_{self.kind}"


def compare(old: Part, new: Part) -> Iterator[RowChange]:
    """Every row that differs; rows are read from top to bottom, so a row elsewhere is gone here and new there."""
    before, after = ([_text(rule) for rule in side.all("dmn:rule")] for side in (old, new))
    for kind, i, i_end, j, j_end in _blocks(before, after):
        if kind == "equal":
            continue
        for offset, (gone, come) in enumerate(zip_longest(before[i:i_end], after[j:j_end])):
            if gone is None:
                yield RowChange("added", f"row {j + offset + 1}", "", come)
            elif come is None:
                yield RowChange("removed", f"row {i + offset + 1}", gone, "")
            else:
                yield RowChange("changed", f"row {j + offset + 1}", gone, come)


def _blocks(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What `SequenceMatcher` finds, the same in both directions."""
    if before <= after:
        return list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    return [(kind, j, j2, i, i2) for kind, i, i2, j, j2 in SequenceMatcher(None, after, before, autojunk=False).get_opcodes()]


def _text(rule: Part) -> str:
    """A row as a person reads it: `< 5 | "low" → 100 (remark)`; what else is in it stands at its end, so that it counts."""
    inputs, outputs = (_cells(rule, name) for name in ("dmn:inputEntry", "dmn:outputEntry"))
    rest = [_all(part) for part in rule.parts if part.name not in ("dmn:inputEntry", "dmn:outputEntry")]
    rest += [f"{name} {text}" for name, text in rule.values.items() if name != "id"]
    return f"{inputs} → {outputs}" + (f" ({'; '.join(rest)})" if rest else "")


def _cells(rule: Part, name: str) -> str:
    return " | ".join(_all(cell) or "any" for cell in rule.all(name))


def _all(part: Part) -> str:
    """Every text of a cell."""
    own = [text if name in ("", "text") else f"{name}={text}" for name, text in sorted(part.values.items()) if name != "id"]
    return " ".join(filter(None, [*own, *(_all(inner) for inner in part.parts)]))
