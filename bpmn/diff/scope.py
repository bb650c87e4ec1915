"""What a change touches, computed from the comparison alone: what has to be tried, read, assessed and told again.

None too many and none missing: what can't differ in a batch asks for nothing; a limit asks for its own edges and no other.

Source: 21 CFR 211.100(a), 211.110; ICH Q10 3.2.3, Q12 3.2; EU GMP Annex 11 (10) and Annex 15 (11).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from bpmn.diagram import Diagram
from bpmn.diff.affected import affected
from bpmn.diff.entries import Difference
from bpmn.diff.regression import HoldTest, LimitTest, PathTest, Regression
from bpmn.diff.touched import VERIFICATION, Reading, Stock, SystemChange, Tag, Touched, means

__all__ = ["ChangeScope", "HoldTest", "LimitTest", "PathTest", "Reading", "Stock", "SystemChange", "Tag", "change_scope"]


@dataclass(frozen=True)
class ChangeScope:
    """Everything that a change reaches. Steps and parameters are named as in the new recipe; what was removed as in the old.

    `downstream_by_data`: who uses a changed value, with the changed names. `ranges`: parameters and hold times with another
    range, or another consequence outside of it, also where nothing is left to try. `tests`: release specification and in-process
    tests (`S39.vcn`). `labels`: what prints on labels or is scanned from them. `verification_weaker`: steps that are checked
    less than before. `revalidation`: something has to be tried again.
    """

    editorial: bool
    entries: int
    weaker: int
    steps: tuple[str, ...]
    downstream_by_data: dict[str, tuple[str, ...]]
    downstream_by_flow: tuple[str, ...]
    critical: tuple[str, ...]
    limits_to_test: tuple[LimitTest, ...]
    holds_to_test: tuple[HoldTest, ...]
    paths_to_test: tuple[PathTest, ...]
    ranges: tuple[str, ...]
    tests: tuple[str, ...]
    training: tuple[Reading, ...]
    labels: tuple[str, ...]
    stock: tuple[Stock, ...]
    regulatory: tuple[Tag, ...]
    verification: tuple[str, ...]
    verification_weaker: tuple[str, ...]
    system: tuple[SystemChange, ...]
    safety: tuple[str, ...]

    @property
    def materials(self) -> tuple[Stock, ...]:
        """Materials that come or go."""
        return tuple(one for one in self.stock if one.what == "material")

    @property
    def equipment(self) -> tuple[Stock, ...]:
        """Equipment classes that come or go."""
        return tuple(one for one in self.stock if one.what == "equipment")

    @property
    def revalidation(self) -> bool:
        """Whether anything has to be tried again; never for what is editorial alone."""
        return bool(self.limits_to_test or self.holds_to_test or self.paths_to_test or self.system)

    @property
    def system_words(self) -> str:
        """The configuration changes counted, for the IT/CSA assessment: `1 parameter changed, 1 parameter added`."""
        counted = Counter((one.what, one.kind) for one in self.system)
        return ", ".join(f"{number} {what if number == 1 else _plural(what)} {kind}" for (what, kind), number in counted.items())

    @property
    def facts(self) -> dict[str, bool | int]:
        """The values that the process of the change decides by (`SERVICE_OUTPUTS["change.scope"]`); those of the change itself,
        such as its urgency, are not known here."""
        return {
            "editorial": self.editorial,
            "critical": bool(self.critical),
            "limits": bool(self.ranges or self.limits_to_test or self.holds_to_test),
            "flow": any(path.kind not in ("asked", "value") for path in self.paths_to_test),
            "tests": bool(self.tests),
            "verification": bool(self.verification),
            "labels": bool(self.labels),
            "regulatory": bool(self.regulatory),
            "system": bool(self.system),
            "training": bool(self.training),
            "safety": bool(self.safety),
            "weaker": self.weaker,
            "entries": self.entries,
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values; the same revisions always give the same."""
        found: dict[str, Any] = asdict(self)
        more = {"revalidation": self.revalidation, "system_words": self.system_words, "facts": self.facts}
        plain: dict[str, Any] = _listed({**found, **more})
        return plain


def change_scope(difference: Difference, old: Diagram, new: Diagram) -> ChangeScope:
    """What the changes from one diagram to the other reach; `difference` is the comparison of the two."""
    touched = Touched(difference, old, new)
    reached = affected(difference, new)
    regression = Regression(touched.entries, old, new)
    critical = tuple(dict.fromkeys(name for e in touched.entries if means(e) != {"limit_rewritten"} for name in e.touches))
    verified = [e for e in touched.entries if VERIFICATION & set(e.meanings)]
    return ChangeScope(
        editorial=difference.editorial,
        entries=len(difference.entries),
        weaker=difference.weaker,
        steps=touched.in_order(touched.steps(touched.entries)),
        downstream_by_data=dict(sorted(reached.by_data.items())),
        downstream_by_flow=reached.by_flow,
        critical=critical,
        limits_to_test=tuple(regression.limits()),
        holds_to_test=tuple(regression.holds()),
        paths_to_test=tuple(regression.paths()),
        ranges=tuple(dict.fromkeys(touched.ranges())),
        tests=tuple(dict.fromkeys(touched.tests())),
        training=tuple(touched.training()),
        labels=tuple(dict.fromkeys(touched.labels())),
        stock=tuple(touched.stock()),
        regulatory=tuple(dict.fromkeys(touched.regulatory())),
        verification=touched.in_order(touched.steps(verified)),
        verification_weaker=touched.in_order(touched.steps(e for e in verified if e.weaker)),
        system=tuple(dict.fromkeys(touched.system())),
        safety=tuple(name for name in critical if touched.class_of(name) in ("safety", "ID")),
    )


def _plural(what: str) -> str:
    return _PLURALS.get(what, f"{what}s")


_PLURALS = {
    "signature or scan": "signatures or scans", "field of the order": "fields of the order",
    "extension of others": "extensions of others", "rule for late entries": "rules for late entries", "process": "processes",
}  # fmt: skip


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value
