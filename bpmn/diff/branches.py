"""The flows out of one node in both diagrams: branches that came, went, lead elsewhere, or are taken otherwise."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace

from bpmn.diagram import Flow
from bpmn.diff.comparison import Comparison, Place
from bpmn.diff.entries import Entry
from bpmn.diff.matching import Side
from bpmn.diff.parts import Part

_ENDS = frozenset({"sourceRef", "targetRef"})


@dataclass(frozen=True, slots=True)
class Out:
    """One way out of a node, and the next node on it that both diagrams have (by its new name)."""

    flow: Flow
    part: Part
    is_default: bool
    leads_to: str


class Branches:
    """Compares what leaves each node that both diagrams have.

    `moved`: nodes whose ways are said by their own entry. `next_of` finds the next common node on a flow.
    """

    def __init__(
        self, sides: tuple[Side, Side], moved: set[str], flows: dict[str, str], comparison: Comparison,
        next_of: tuple[Callable[[Flow], str], Callable[[Flow], str]],
    ) -> None:  # fmt: skip
        self._sides, self._moved, self._flows = sides, moved, flows
        self._comparison, self._next_of = comparison, next_of

    def compare(self, old_id: str, place: Place) -> Iterator[Entry]:
        """Every difference of the ways out of a node."""
        old = self._out(0, old_id)
        new = self._out(1, place.new_id)
        pairs, gone, come = self._pairs(old, new)
        choice = len(old) > 1 or len(new) > 1
        for before, after in pairs:
            here = replace(place, old_id=before.flow.id, new_id=after.flow.id, item_called=self._said(1, after))
            if before.leads_to != after.leads_to and place.new_id not in self._moved:
                meaning = "branch_redirected" if choice else "sequence_changed"
                what = "leads to" if choice else "next"
                was, now = self._sides[0].called(before.flow.target), self._sides[1].called(after.flow.target)
                yield replace(here, item_called="").entry("changed", "target", was, now, (meaning,), what)
            yield from self._comparison.of(here, before.part, after.part, _ENDS)
        for kind, which, outs in (("removed", 0, gone), ("added", 1, come)):
            for out in outs:
                yield self._one_sided(kind, which, out, place, choice)
        yield from self._decision(old, new, pairs, place)

    def _out(self, which: int, node_id: str) -> list[Out]:
        side = self._sides[which]
        node = side.diagram.nodes[node_id]
        flows = side.diagram.outgoing.get(node_id, ())
        return [Out(f, side.flows[f.id], f.id == node.default, self._next_of[which](f)) for f in flows]

    def _pairs(self, old: list[Out], new: list[Out]) -> tuple[list[tuple[Out, Out]], list[Out], list[Out]]:
        """Which way out is which: by its target, by what it says, by where it comes to, by its id; or there is only one."""
        pairs: list[tuple[Out, Out]] = []
        gone, come = list(old), list(new)
        keys: list[Callable[[int, Out], Hashable]] = [
            lambda side, out: out.flow.id if self._flows.get(out.flow.id) == out.flow.id or side else None,
            lambda side, out: self._flows.get(out.flow.id, "") if not side else out.flow.id,
            lambda side, out: (self._condition(side, out), out.is_default, out.leads_to),
            lambda side, out: (self._condition(side, out), out.is_default) if out.flow.condition or out.is_default else None,
            lambda side, out: out.leads_to or None,
            lambda side, out: out.flow.id,
        ]
        if len(gone) == 1 and len(come) == 1 and not (len(old) > 1 or len(new) > 1):
            return [(gone[0], come[0])], [], []
        for key in keys:
            for value in dict.fromkeys(key(0, out) for out in gone):
                if value is None:
                    continue
                before = [out for out in gone if key(0, out) == value]
                after = [out for out in come if key(1, out) == value]
                if len(before) == len(after) == 1:
                    pairs.append((before[0], after[0]))
                    gone.remove(before[0])
                    come.remove(after[0])
        if len(gone) == 1 and len(come) == 1 and len(old) == len(new):
            pairs.append((gone.pop(), come.pop()))
        return pairs, gone, come

    def _condition(self, which: int, out: Out) -> str:
        return out.flow.condition if which else self._comparison.translated(out.flow.condition)

    def _said(self, which: int, out: Out) -> str:
        return f"way to {self._sides[which].called(out.flow.target)}"

    def _one_sided(self, kind: str, which: int, out: Out, place: Place, choice: bool) -> Entry:
        side = self._sides[which]
        text = f"to {side.called(out.flow.target)}"
        text += f" if {out.flow.condition}" if out.flow.condition else " otherwise" if out.is_default else ""
        here = replace(place, old_id=out.flow.id, new_id=out.flow.id)
        meaning = f"branch_{kind}" if choice else "sequence_changed"
        what = "branch" if choice else "way out"
        if which:
            return here.entry("added", "branch", "", text, (meaning,), what)
        return here.entry("removed", "branch", text, "", (meaning,), what)

    def _decision(self, old: list[Out], new: list[Out], pairs: list[tuple[Out, Out]], place: Place) -> Iterator[Entry]:
        """Which way is taken where no condition holds, and in which order conditions are asked."""
        paired = {before.flow.id: after.flow.id for before, after in pairs}
        defaults = [next((out for out in outs if out.is_default), None) for outs in (old, new)]
        ids = (paired.get(defaults[0].flow.id, "-") if defaults[0] else "", defaults[1].flow.id if defaults[1] else "")
        if ids[0] != ids[1]:
            was, is_now = (s.called(d.flow.target) if d else "" for s, d in zip(self._sides, defaults, strict=True))
            yield place.entry("changed", "default", was, is_now, ("default_changed",), "otherwise")
        node = self._sides[1].diagram.nodes[place.new_id]
        if node.type == "exclusiveGateway":
            asked = [paired[o.flow.id] for o in old if o.flow.id in paired and not o.is_default]
            by_id = {o.flow.id: o for o in new}
            asked = [name for name in asked if not by_id[name].is_default]
            now = [o.flow.id for o in new if o.flow.id in asked]
            if asked != now:
                first, then = ("; ".join(by_id[name].flow.condition or name for name in names) for names in (asked, now))
                yield place.entry("moved", "order", first, then, ("decision_order_changed",), "order of conditions")
