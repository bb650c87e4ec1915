"""What the changes of a comparison touch: steps, parameters, labels, stock, the system, and who reads of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.diff.entries import Difference, Entry
from bpmn.diff.judging import LIMITS
from bpmn.diff.meanings import MEANINGS
from bpmn.diff.regression import LITERALS

_WORDS_ONLY = frozenset({"why_changed", "renamed", "limit_rewritten", "order_changed", "id_changed", "form_changed"})
_RANGES = frozenset({*LIMITS, "exclusive", "limitAction", "severity"})
_NOT_READ = frozenset({"reporting_changed", "limit_rewritten", "form_changed", "class_changed", "order_changed"})
VERIFICATION = frozenset({
    "verification_weakened", "verification_strengthened", "verification_changed", "signature_meaning_changed",
    "decision_roles_changed",
})  # fmt: skip
_IN_PROCESS = frozenset({"IPC", "CQA-IPC", "CQA"})
_QUALITY = frozenset({"CPP", "CQA", "CQA-IPC"})
_REPORTED = {"established": "prior approval", "notify": "notification", "annual": "annual report"}
_LABEL = re.compile(r"\b(labels?|etikett(en)?)\b", re.IGNORECASE)
_STOCK = {"mes:material": "material", "mes:equipment": "equipment"}
_SHOWN = frozenset({"label", *LITERALS})
_SYSTEM = {
    "script": "script", "decision_table": "decision table", "decision_row": "decision table", "service": "service",
    "choice": "decision", "branch": "decision", "default": "decision", "decision_order": "decision", "parallel": "decision",
    "loop": "loop", "timer": "timer", "event": "event", "call": "call", "hold_time": "hold time", "step": "step",
    "condition": "decision", "process": "process", "element": "element", "late_entry": "rule for late entries",
    "decision_roles": "signature or scan", "foreign": "extension of others", "other": "unknown thing",
    "verification": "signature or scan", "signature_meaning": "signature or scan", "order_field": "field of the order",
}  # fmt: skip
"""What the system does by itself, by the beginning of a meaning."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A material or equipment class that a step needs now, or needs no more."""

    kind: str
    what: str
    step: str
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A step that is done otherwise, and the roles that sign there: they read the change before they do it again."""

    step: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """What a parameter needs from the authorities: `prior approval`, `notification`, `annual report`, `amendment likely`."""

    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class SystemChange:
    """Something of the system that is configured otherwise: what it is, its name, whether it was added, removed or changed."""

    what: str
    name: str
    kind: str


class Touched:
    """What the entries that are not editorial touch, one question a method; `entries` are those."""

    def __init__(self, difference: Difference, old: Diagram, new: Diagram) -> None:
        self._difference, self._old, self._new = difference, old, new
        self.entries = [entry for entry in difference.entries if not entry.editorial]
        self._order = {step: number for number, step in enumerate([*new.steps, *(s for s in old.steps if s not in new.steps)])}

    # steps and parameters

    def in_order(self, steps: Iterable[str]) -> tuple[str, ...]:
        """Each step once, in the order of the recipe."""
        return tuple(sorted(dict.fromkeys(steps), key=lambda step: self._order.get(step, 10**9)))

    def steps(self, entries: Iterable[Entry]) -> Iterator[str]:
        """The steps that entries are about, also those that moved along."""
        for entry in entries:
            yield from (name for name in self._named(entry) if name in self._order)

    def _named(self, entry: Entry) -> Iterator[str]:
        if entry.step:
            yield entry.step
        if entry.kind == "moved" and entry.property == "place":
            yield from entry.item.split(", ")

    def _parameters(self) -> Iterator[tuple[Entry, str, v.Parameter | None, v.Parameter | None]]:
        """Each change of a parameter, its name, and the parameter before and after; of steps that come or go all of them."""
        for entry in self.entries:
            if entry.parameter:
                yield entry, f"{entry.step}.{entry.parameter}", self._old_parameter(entry), self._new_parameter(entry)
            elif entry.kind in ("added", "removed") and entry.property == "step" and entry.element_id in self._order:
                side = self._new if entry.kind == "added" else self._old
                for parameter in side.steps[entry.element_id].parameters:
                    sides = (None, parameter) if entry.kind == "added" else (parameter, None)
                    yield entry, f"{entry.element_id}.{parameter.id}", *sides

    def _old_parameter(self, entry: Entry) -> v.Parameter | None:
        step = self._old.steps.get(entry.old_element_id)
        name = entry.old if entry.property == "id" else entry.parameter
        new = entry.kind == "added" and entry.property == "mes:parameter"
        return step.parameter(name) if step is not None and not new else None

    def _new_parameter(self, entry: Entry) -> v.Parameter | None:
        step = self._new.steps.get(entry.element_id)
        gone = entry.kind == "removed" and entry.property == "mes:parameter"
        return step.parameter(entry.parameter) if step is not None and not gone else None

    def class_of(self, name: str) -> str:
        """The class of a parameter (`S20.moi`), the new one where it has both."""
        step_id, _, parameter_id = name.partition(".")
        for side in (self._new, self._old):
            step = side.steps.get(step_id)
            parameter = step.parameter(parameter_id) if step is not None else None
            if parameter is not None:
                return parameter.parameter_class
        return ""

    # what follows

    def ranges(self) -> Iterator[str]:
        """Parameters and hold times with another range, or another consequence outside of it."""
        for entry in self.entries:
            if means(entry) <= _WORDS_ONLY:
                continue
            if entry.subject.startswith("hold:"):
                yield entry.item
            elif entry.parameter and entry.property in _RANGES:
                yield f"{entry.step}.{entry.parameter}"

    def tests(self) -> Iterator[str]:
        """Attributes of the specification, and in-process and quality control tests."""
        for entry, name, before, after in self._parameters():
            step = self._new.steps.get(entry.step) or self._old.steps.get(entry.step)
            tested = [p for p in (before, after) if p and (p.judge == "specification" or p.parameter_class in _IN_PROCESS)]
            if (tested or (step is not None and step.kind == "qc_results")) and not means(entry) <= _WORDS_ONLY:
                yield name

    def training(self) -> Iterator[Reading]:
        """Steps that are done otherwise, with who signs there."""
        read = [entry for entry in self.entries if not means(entry) <= _NOT_READ]
        steps = [*self.steps(read)]
        for entry in read:
            if entry.subject.startswith("hold:"):
                steps += self._of_hold(entry.item)
        for step_id in self.in_order(steps):
            slots = [*_slots(self._new, step_id), *_slots(self._old, step_id)]
            roles = tuple(dict.fromkeys(role for slot in slots for role in slot.roles))
            if roles:
                yield Reading(step_id, roles)

    def _of_hold(self, hold_id: str) -> Iterator[str]:
        for side in (self._new, self._old):
            for hold in side.recipe.hold_times:
                if hold.id == hold_id:
                    events = (hold.from_event, *hold.to_events)
                    yield from (name for event in events if (name := event.partition(".")[0]) in self._order)

    def labels(self) -> Iterator[str]:
        """What prints on labels or is scanned from them."""
        for entry in self.entries:
            if entry.property == "product" and entry.subject == "header":
                yield "product"
            if entry.property == "mes:scan" or entry.item in ("identity", "material", "equipment"):
                yield entry.step
            if "order_field" in " ".join(entry.meanings) and self._is_identifier(entry):
                yield f"order.{entry.item}"
            if entry.property == "mes:material" and self._is_scanned(entry.step):
                yield entry.step
        for entry, name, before, after in self._parameters():
            step = self._new.steps.get(entry.step) or self._old.steps.get(entry.step)
            sides = [p for p in (before, after) if p is not None]
            prints = any(p.source == "scan" or _LABEL.search(f"{p.name} {p.uom}") for p in sides)
            if prints or (step is not None and _LABEL.search(step.title)):
                yield name

    def _is_identifier(self, entry: Entry) -> bool:
        fields = [field for side in (self._old, self._new) for field in side.recipe.order_fields]
        return any(field.identifier for field in fields if field.name == entry.item)

    def _is_scanned(self, step_id: str) -> bool:
        steps = [side.steps[step_id] for side in (self._old, self._new) if step_id in side.steps]
        return any(scan.kind == "material" for step in steps for scan in step.scans)

    def stock(self) -> Iterator[Stock]:
        """Materials and equipment that come or go."""
        for entry in self.entries:
            if entry.property in _STOCK and entry.kind in ("added", "removed"):
                yield Stock(entry.kind, _STOCK[entry.property], entry.step, entry.item)
            elif entry.kind in ("added", "removed") and entry.property == "step" and entry.element_id in self._order:
                step = (self._new if entry.kind == "added" else self._old).steps[entry.element_id]
                for what, names in (("material", step.materials), ("equipment", step.equipment)):
                    yield from (Stock(entry.kind, what, step.id, name) for name in names)

    def regulatory(self) -> Iterator[Tag]:
        """Parameters that the authorities have to be asked or told about."""
        for entry, name, before, after in self._parameters():
            if means(entry) <= _WORDS_ONLY:
                continue
            sides = [p for p in (before, after) if p is not None]
            reported = [p.reporting for p in sides if p.reporting]
            if reported:
                yield Tag(name, _REPORTED[min(reported, key=v.REPORTING.index)])
            elif any(p.parameter_class in _QUALITY or p.judge == "specification" for p in sides):
                yield Tag(name, "amendment likely")

    def system(self) -> Iterator[SystemChange]:
        """What the system does otherwise by itself, or asks for."""
        for entry in self.entries:
            kind = entry.kind if entry.kind in ("added", "removed") else "changed"
            if entry.parameter:
                if not means(entry) <= _WORDS_ONLY:
                    whole = entry.property == "mes:parameter"
                    yield SystemChange("parameter", f"{entry.step}.{entry.parameter}", kind if whole else "changed")
                continue
            for meaning in entry.meanings if entry.property not in _SHOWN else ():
                what = next((word for begin, word in _SYSTEM.items() if f"{meaning}_".startswith(f"{begin}_")), "")
                if what:
                    yield SystemChange(what, self._configured(entry, what), kind if entry.property in _WHOLE else "changed")
                    break

    def _configured(self, entry: Entry, what: str) -> str:
        """The name of what is configured otherwise: of a branch the decision it leaves, of a header what it has."""
        if what in ("hold time", "field of the order"):
            return entry.item
        for flows in (self._new.flows, self._old.flows):
            if entry.element_id in flows:
                return flows[entry.element_id].source
        return entry.element_id or entry.item


_WHOLE = frozenset({
    "script", "decision_table", "service", "choice", "parallel", "loop", "timer", "event", "call", "step", "mes:holdTime",
    "mes:orderField",
})  # fmt: skip


def means(entry: Entry) -> set[str]:
    """What a change means, without what is only remarked on it."""
    return {name for name in entry.meanings if MEANINGS[name].weight != "mark"}


def _slots(side: Diagram, step_id: str) -> tuple[v.Signature, ...]:
    return side.steps[step_id].signatures if step_id in side.steps else ()
