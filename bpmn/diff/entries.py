"""The list of changes as people and programs read it, and its summary, which is always computed."""

from __future__ import annotations

import builtins
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from bpmn.diff.meanings import MEANINGS, is_editorial, is_weaker

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change.

    `element_id` is the element in the new diagram, `old_element_id` in the old one; of an added or removed one both are
    the same. `step`: the step it belongs to, `parameter` its parameter, `item` any other thing with a name in it (a
    hold time, a signature, a row of a decision table). `property`: our attribute or the BPMN name. `old` and `new` are
    digit for digit what stands there; empty is nothing. `meanings`: identifiers of `MEANINGS`. `touches`: the critical
    parameters (`S20.moi`) that it concerns. `called`, `about` and `what` are the step (or whatever else
    holds it), the thing in it and the property as people call them. `subject`: what can be taken over with it alone
    (`bpmn.diff.subjects`).
    """

    kind: Kind
    element_id: str
    step: str
    parameter: str
    property: str
    old: str
    new: str
    meanings: tuple[str, ...]
    sentence: str
    item: str = ""
    old_element_id: str = ""
    touches: tuple[str, ...] = ()
    called: str = ""
    about: str = ""
    what: str = ""
    subject: str = ""

    @builtins.property  # the field of that name hides the plain word
    def weaker(self) -> bool:
        """Whether less is controlled than before."""
        return is_weaker(self.meanings)

    @builtins.property
    def editorial(self) -> bool:
        """Whether no batch can differ by it."""
        return is_editorial(self.meanings)

    def to_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        return {
            "kind": self.kind, "element_id": self.element_id, "old_element_id": self.old_element_id, "called": self.called,
            "about": self.about, "what": self.what, "step": self.step, "parameter": self.parameter, "item": self.item,
            "property": self.property, "old": self.old, "new": self.new, "meanings": list(self.meanings),
            "touches": list(self.touches), "subject": self.subject, "sentence": self.sentence,
        }  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """All changes from one revision to another, in the order of the recipe. No entries: they say the same."""

    entries: tuple[Entry, ...]
    old_hash: str
    new_hash: str

    @property
    def identical(self) -> bool:
        """Whether both revisions say the same."""
        return not self.entries

    @cached_property
    def critical(self) -> tuple[str, ...]:
        """The critical parameters that are touched, as `<step>.<parameter>`."""
        return tuple(dict.fromkeys(name for entry in self.entries for name in entry.touches))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each meaning occurs, in the order of the table of meanings."""
        found = Counter(name for entry in self.entries for name in entry.meanings)
        return {name: found[name] for name in MEANINGS if name in found}

    @property
    def editorial(self) -> bool:
        """Whether every change is editorial."""
        return all(entry.editorial for entry in self.entries)

    @property
    def weaker(self) -> int:
        """How many changes control less than before."""
        return sum(entry.weaker for entry in self.entries)

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        if self.identical:
            return "Both say the same."
        number = len(self.entries)
        told = f"{number} change{'s' if number > 1 else ''}"
        if self.editorial:
            return f"{told}, all editorial."
        told += f", {self.weaker} of them weaker control" if self.weaker else ""
        critical = len(self.critical)
        return told + (f"; {critical} critical parameter{'s' if critical > 1 else ''} touched." if critical else ".")

    def to_json(self) -> dict[str, Any]:
        """Plain values; the same revisions always give the same."""
        return {
            "old_hash": self.old_hash,
            "new_hash": self.new_hash,
            "identical": self.identical,
            "editorial": self.editorial,
            "summary": {
                "entries": len(self.entries), "weaker": self.weaker, "critical": list(self.critical),
                "meanings": self.counts,
            },
            "entries": [entry.to_json() for entry in self.entries],
        }  # fmt: skip
