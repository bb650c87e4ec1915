"""Two elements side by side, value by value: what is in neither list of meanings is still an entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from bpmn import vocabulary as v
from bpmn.diff import judging, rows
from bpmn.diff.entries import Entry, Kind
from bpmn.diff.parts import Part
from bpmn.diff.subjects import HEADER, HOLD
from bpmn.diff.words import SLOTS, content, item_words, property_words, sentence

_TEXTS = frozenset({
    "documentation", "comment", "conditionExpression", "loopCondition", "loopCardinality", "script", "timeDuration",
    "timeDate", "timeCycle", "text",
})  # fmt: skip
_REFER = frozenset({
    "formula", "when", "target", "norLow", "norHigh", "parLow", "parHigh", "from", "to", "links", "due", "previous", "differs",
    "attachedToRef", "calledElement", "sourceRef", "targetRef", "", "processRef",
})  # fmt: skip
"""Values that name steps and parameters. A new id that is used everywhere is one change, not many."""

_WITH_REASON = frozenset({
    "limit_tightened", "limit_loosened", "limit_added", "limit_removed", "limit_changed", "expected_value_changed",
    "hold_time_tightened", "hold_time_loosened",
})  # fmt: skip
_OF_VERIFICATION = frozenset({"verification_weakened", "verification_strengthened", "verification_changed"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comparison stands: the element in both diagrams, how it is called, and what of it."""

    old_id: str
    new_id: str
    called: str
    step: str = ""
    parameter: str = ""
    item: str = ""
    item_called: str = ""
    critical: tuple[str, ...] = ()
    reason_given: bool = False
    subject: str = HEADER

    def entry(self, kind: Kind, name: str, old: str, new: str, meanings: tuple[str, ...], what: str | None = None) -> Entry:
        """An entry at this place. `what`: how the property is said; its usual words where none are given."""
        meanings = tuple(filter(None, meanings))
        if not self.reason_given and _WITH_REASON & set(meanings):
            meanings += ("why_unchanged",)
        touches = self.critical if self.parameter or _OF_VERIFICATION & set(meanings) else ()
        if touches:
            meanings += ("critical_touched",)
        what = property_words(name) if what is None else what
        said = sentence(kind, (self.called, self.item_called), what, old, new, meanings)
        return Entry(
            kind, self.new_id, self.step, self.parameter, name, old, new, meanings, said, self.item, self.old_id, touches,
            self.called, self.item_called, what, self.subject,
        )  # fmt: skip


class Comparison:
    """Compares elements under the new names of what was renamed: `renamed` maps old ids to new ones.

    It also has the parameters with new ids that were found, as `<step>.<parameter>`, the step called as in the new diagram.
    """

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self.renamed = dict(renamed)

    def translated(self, text: str, step: str = "") -> str:
        """An old text in the names of the new diagram; inside a step its parameters are called without it."""
        if not self.renamed:
            return text

        def new_name(found: re.Match[str]) -> str:
            holder, dot, name = found[0].partition(".")
            holder = self.renamed.get(holder, holder)
            own = self.renamed.get(f"{step}.{found[0]}", "").partition(".")[2]
            return own or self.renamed.get(f"{holder}.{name}") or f"{holder}{dot}{name}"

        return re.sub(r"(?<![\w.])[A-Za-z_][\w-]*(?:\.\w+)?", new_name, text)

    def of(self, place: Place, old: Part, new: Part, ignored: frozenset[str] = frozenset()) -> Iterator[Entry]:
        """Every difference between two elements; `ignored` are attributes that somebody else compares."""
        for attribute in dict.fromkeys([*old.values, *new.values]):
            if attribute not in ignored and not (new.name == "mes:parameter" and attribute == "id"):
                yield from self._value(place, old, new, attribute)
        if new.name == "dmn:decisionTable":
            yield from self._rows(place, old, new)
        yield from self._parts(place, old, new)

    def _value(self, place: Place, old: Part, new: Part, attribute: str) -> Iterator[Entry]:
        before, after = old.get(attribute), new.get(attribute)
        refers = attribute in _REFER or new.name == "sequenceFlow"
        if before == after or (refers and self.translated(before, place.step) == after):
            return
        if attribute == "exclusive":
            yield from _bounds(place, old, new)
        elif not _said_by_twin(old, new, attribute):
            expected = attribute in judging.LIMITS and judging.is_expected(new)
            name = attribute or new.name
            what = "expected value" if expected else property_words(name)
            yield place.entry("changed", name, before, after, judging.meanings_of_value(old, new, attribute), what)

    def _parts(self, place: Place, old: Part, new: Part) -> Iterator[Entry]:
        before, after = ({(p.name, p.key): p for p in side.parts if p.name != "dmn:rule"} for side in (old, new))
        again = self._renamed_parameters(place, before, after) if new.name == "mes:step" else {}
        for key, part in before.items():
            counterpart = after.get(again.get(key, key))
            if counterpart is not None and key in again:
                yield self._id_changed(place, part, counterpart)
            if counterpart is not None:
                yield from self.of(_within(place, part, counterpart, new), part, counterpart)
            elif part.name == "extensionElements":
                yield from self.of(place, part, Part(part.name, "", {}))
            else:
                yield from _come_or_gone(place, part, "removed")
        for key, part in after.items():
            if key not in before and key not in again.values():
                if part.name == "extensionElements":
                    yield from self.of(place, Part(part.name, "", {}), part)
                else:
                    yield from _come_or_gone(place, part, "added")
        yield from _order(place, before, after)

    def _renamed_parameters(self, place: Place, before: _Keyed, after: _Keyed) -> dict[tuple[str, str], tuple[str, str]]:
        """Parameters that say the same under another id."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for key, part in before.items():
            if part.name != "mes:parameter" or key in after:
                continue
            free = [k for k in after if k not in before and k not in found.values()]
            same = [k for k in free if _same_but_id(part, after[k])]
            if len(same) == 1:
                found[key] = same[0]
                self.renamed[f"{place.new_id}.{key[1]}"] = f"{place.new_id}.{same[0][1]}"
        return found

    def _id_changed(self, place: Place, old: Part, new: Part) -> Entry:
        inside = replace(_within(place, old, new, None), critical=())
        return inside.entry("changed", "id", old.key, new.key, ("id_changed",), "id")

    def _rows(self, place: Place, old: Part, new: Part) -> Iterator[Entry]:
        for change in rows.compare(old, new):
            inside = replace(place, item=change.item, item_called=change.item)
            yield inside.entry(change.kind, "dmn:rule", change.old, change.new, (change.meaning,))


_Keyed = dict[tuple[str, str], Part]


def learn_renamed_parameters(comparison: Comparison, pairs: Callable[[], Iterator[tuple[str, Part, Part]]]) -> None:
    """Let the comparison know parameters with new ids before it reads expressions that use them."""
    for step_id, old, new in pairs():
        before, after = ({(p.name, p.key): p for p in side.parts} for side in (old, new))
        comparison._renamed_parameters(Place(step_id, step_id, ""), before, after)


def _within(place: Place, old: Part, new: Part, parent: Part | None) -> Place:
    """The place of something that hangs on an element."""
    if new.name == "mes:parameter":
        critical = {old.get("class"), new.get("class")} & v.CRITICAL_CLASSES
        name = f"{place.step}.{new.key}"
        given = place.reason_given or old.get("why") != new.get("why")
        return replace(
            place,
            parameter=new.key,
            item_called=new.get("name") or new.key,
            critical=(name,) if critical else (),
            reason_given=given,
            subject=name,
        )
    if new.name == "mes:holdTime":
        given = old.get("why") != new.get("why")
        called = f"hold time {new.key}"
        return replace(place, item=new.key, item_called=called, reason_given=given, subject=HOLD + new.key)
    if new.name == "mes:step":
        return replace(place, reason_given=old.get("rationale") != new.get("rationale"))
    if new.name in ("extensionElements", "mes:recipe") or not new.key or new.key.startswith("#"):
        return place
    called = item_words(new)
    if place.item_called:
        called = f"{place.item_called}, {called}"
    return replace(place, item=new.key, item_called=called)


def _come_or_gone(place: Place, part: Part, kind: Kind) -> Iterator[Entry]:
    """A thing that hangs on an element and is only in one of the diagrams."""
    added = kind == "added"
    meaning = judging.meaning_of_part(part.name, 0 if added else 1)
    if part.name in _TEXTS and not part.parts and set(part.values) <= {""}:
        text = part.get("")
        yield place.entry("changed", part.name, "" if added else text, text if added else "", (meaning,))
        return
    if part.name == "mes:parameter":
        critical = (f"{place.step}.{part.key}",) if part.get("class") in v.CRITICAL_CLASSES else ()
        place = replace(place, parameter=part.key, critical=critical, subject=f"{place.step}.{part.key}")
    elif part.key:
        place = replace(place, item=part.key, subject=HOLD + part.key if part.name == "mes:holdTime" else place.subject)
    what = item_words(part)
    if part.name == "mes:signature" and part.key[:1] in SLOTS:
        what = f"signature of the {SLOTS[part.key[0]]} ({part.key})"
    text = content(part) or part.key
    yield place.entry(kind, part.name, "" if added else text, text if added else "", (meaning,), what)


_ORDERED = frozenset({
    "mes:parameter", "mes:choice", "mes:equipment", "mes:material", "mes:deviation", "mes:holdTime", "mes:orderField", "mes:scan",
})  # fmt: skip


def _order(place: Place, before: _Keyed, after: _Keyed) -> Iterator[Entry]:
    """Things that stay, in another order."""
    for name in sorted(_ORDERED):
        old = [key for kind, key in before if kind == name and (kind, key) in after]
        new = [key for kind, key in after if kind == name and (kind, key) in before]
        if old != new:
            what = f"order of {property_words(name)}s"
            yield place.entry("moved", name, ", ".join(old), ", ".join(new), ("order_changed",), what)


def _bounds(place: Place, old: Part, new: Part) -> Iterator[Entry]:
    """A limit that may be reached and then may not, or the other way round."""
    before, after = (set(side.get("exclusive").split()) for side in (old, new))
    for attribute, name in zip(judging.LIMITS, v.LIMIT_NAMES, strict=True):
        if (name in before) == (name in after):
            continue
        was, now = ("must not be reached" if name in side else "may be reached" for side in (before, after))
        both = old.get(attribute) and new.get(attribute)
        meanings = judging.limit(old, new, attribute) if both else ("limit_rewritten",)
        what = f"{property_words(attribute)} {new.get(attribute)}".strip()
        yield replace(place, item=attribute).entry("changed", "exclusive", was, now, meanings, what)
    for word in sorted((before ^ after) - set(v.LIMIT_NAMES)):
        yield place.entry("changed", "exclusive", word if word in before else "", word if word in after else "", ("other",))
    if before == after:
        yield place.entry("changed", "exclusive", old.get("exclusive"), new.get("exclusive"), ("limit_rewritten",))


def _said_by_twin(old: Part, new: Part, attribute: str) -> bool:
    """An expected value stands in both limits of its pair; it is one change."""
    if new.name != "mes:parameter" or attribute not in ("norHigh", "parHigh"):
        return False
    low = attribute.replace("High", "Low")
    same = all(side.get(low) == side.get(attribute) for side in (old, new))
    return same and judging.is_expected(old) and judging.is_expected(new)


def _same_but_id(old: Part, new: Part) -> bool:
    if old.name != new.name or old.parts != new.parts:
        return False
    return {**old.values, "id": ""} == {**new.values, "id": ""} and bool(old.get("name"))
