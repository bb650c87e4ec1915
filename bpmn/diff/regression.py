"""What a dry run has to try again after a change: edges of limits, hold times, and ways that a batch can take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bpmn import vocabulary as v
from bpmn.decision_tables import decision_names, table_of
from bpmn.decision_tables.place import TASK
from bpmn.diagram import Diagram
from bpmn.diff.entries import Entry
from bpmn.diff.judging import LIMITS, decimal
from bpmn.expression_places import ExpressionPlace, expression_places
from bpmn.expressions import ExpressionError, parse
from bpmn.known_names import script_names
from bpmn.units import UnitMismatchError, UnknownUnitError, convert

_NAMES = dict(zip(LIMITS, v.LIMIT_NAMES, strict=True))
_JUDGED_BY = frozenset({"type", "source", "formula", "uom", "judge", "qualifier"})
_VALUE = frozenset({"type", "formula", "uom"})
LITERALS = frozenset({"timeDuration", "timeDate", "timeCycle"})
"""Times of a timer that nothing is run by; `mes:timer` says what is."""
_LOOPS = frozenset({"loop_added", "loop_changed", "loop_condition_changed", "loop_maximum_raised", "loop_maximum_lowered"})


@dataclass(frozen=True, slots=True)
class LimitTest:
    """Limits of a parameter (`nor_low`, ...) whose edges have to be tried: inside, at and outside."""

    step: str
    parameter: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldTest:
    """A hold time that has to be met, and exceeded at NOR and PAR."""

    hold: str


@dataclass(frozen=True, slots=True)
class PathTest:
    """A way that has to be taken again.

    `kind`: branch (a flow out of a decision or split), loop, timer, event, row (of a decision table, `item` its number),
    script, service, call, way (a flow or step that is reached otherwise), asked (a parameter that is asked for sometimes),
    value (a parameter that is calculated otherwise).
    """

    kind: str
    element: str
    item: str = ""


class Regression:
    """What the entries (none editorial) of a comparison mean for the new diagram."""

    def __init__(self, entries: Sequence[Entry], old: Diagram, new: Diagram) -> None:
        self._entries, self._old, self._new = entries, old, new
        self._reads = list(_reads(new))
        self._differing = self._values_that_differ()

    # limits

    def limits(self) -> Iterator[LimitTest]:
        """Those that changed or are new, in the order of the recipe; not what was removed, or is only written otherwise."""
        asked: dict[tuple[str, str], set[str]] = {}
        for step_id, parameter_id, limits in self._asked():
            asked.setdefault((step_id, parameter_id), set()).update(limits)
        for step_id, step in self._new.steps.items():
            for parameter in step.parameters:
                wanted = asked.get((step_id, parameter.id), set())
                there = tuple(name for name in v.LIMIT_NAMES if name in wanted and getattr(parameter, name))
                if there:
                    yield LimitTest(step_id, parameter.id, there)

    def _asked(self) -> Iterator[tuple[str, str, Collection[str]]]:
        for entry in self._entries:
            if entry.parameter:
                yield entry.step, entry.parameter, self._of_entry(entry)
            elif (step := self._new_step(entry)) is not None:
                yield from ((step.id, parameter.id, v.LIMIT_NAMES) for parameter in step.parameters)
        for place, names in self._reads:
            limit = _NAMES.get(place.property, "")
            if limit and names & self._differing:
                yield place.node_id, place.element.get("id", ""), (limit,)

    def _of_entry(self, entry: Entry) -> Collection[str]:
        name = entry.property
        if name == "mes:parameter" or (name in _JUDGED_BY and entry.kind == "changed" and not entry.item):
            return v.LIMIT_NAMES
        if name in LIMITS and "limit_rewritten" not in entry.meanings:
            expected = "expected_value_changed" in entry.meanings or self._is_expected(entry)
            pair = (name, name.replace("Low", "High")) if expected else (name,)
            return [_NAMES[one] for one in pair]
        if name == "exclusive" and entry.item in _NAMES:
            return (_NAMES[entry.item],)
        if name == "severity":
            return ("par_low", "par_high")
        if name == "limitAction":
            return v.LIMIT_NAMES if "none" in (entry.old or "none", entry.new or "none") else ("par_low", "par_high")
        return ()

    def _is_expected(self, entry: Entry) -> bool:
        step = self._new.steps.get(entry.step)
        parameter = step.parameter(entry.parameter) if step is not None else None
        return parameter is not None and parameter.type in ("bool", "choice", "text")

    def _new_step(self, entry: Entry) -> v.Step | None:
        """A step that was none before."""
        if entry.element_id in self._new.steps and entry.old_element_id not in self._old.steps:
            return self._new.steps[entry.element_id]
        return None

    # values

    def _values_that_differ(self) -> frozenset[str]:
        """Names whose value can be another one though the same is done: by formula, script, table, unit, and what follows."""
        found: set[str] = set()
        for entry in self._entries:
            if entry.parameter:
                if (entry.property in _VALUE and not entry.item) or {"answer_added", "answer_removed"} & set(entry.meanings):
                    found.add(f"{entry.step}.{entry.parameter}")
            elif entry.item and "order_field_changed" in entry.meanings and entry.property in ("type", "uom"):
                found.add(f"order.{entry.item}")
            elif entry.element_id in self._new.nodes and self._new.nodes[entry.element_id].type in ("scriptTask", TASK):
                if entry.kind != "moved" and entry.property != "name":
                    found.update(script_names(self._new.nodes[entry.element_id]))
            elif "loop_changed" in entry.meanings and entry.property in ("first", "previous"):
                loop = self._new.nodes[entry.element_id].loop if entry.element_id in self._new.nodes else None
                found.add((loop or v.Loop()).name)
        growing = True
        while growing:
            growing = False
            for place, names in self._reads:
                made = _made(self._new, place)
                if made - found and names & found:
                    found |= made
                    growing = True
        return frozenset(found)

    # hold times

    def holds(self) -> Iterator[HoldTest]:
        """Those that are new, last otherwise, or run between other events; a unit alone, for the same time, is nothing."""
        before = {hold.id: hold for hold in self._old.recipe.hold_times}
        touched = {entry.item for entry in self._entries if entry.subject.startswith("hold:")}
        for hold in self._new.recipe.hold_times:
            was = before.get(hold.id)
            events = {hold.from_event, *hold.to_events}
            otherwise = hold.id in touched and (was is None or self._lasts_otherwise(hold.id, was, hold))
            if otherwise or events & self._differing:
                yield HoldTest(hold.id)

    def _lasts_otherwise(self, hold_id: str, was: v.HoldTime, now: v.HoldTime) -> bool:
        own = [entry for entry in self._entries if entry.subject == f"hold:{hold_id}"]
        if any(entry.property in ("from", "to", "select", "kind") for entry in own):
            return True
        return any(_duration(was, name) != _duration(now, name) for name in ("nor", "par"))

    # ways

    def paths(self) -> Iterator[PathTest]:
        """Each once, in the order of the new diagram."""
        found = dict.fromkeys([*self._of_changes(), *self._of_values()])
        places = {name: number for number, name in enumerate([*self._new.nodes])}
        at = {name: places.get(flow.source, 0) + 0.5 for name, flow in self._new.flows.items()}
        yield from sorted(found, key=lambda path: {**places, **at}.get(path.element.partition(".")[0], 10**9))

    def _of_changes(self) -> Iterator[PathTest]:
        for entry in self._entries:
            meanings = set(entry.meanings)
            flow = self._new.flows.get(entry.element_id)
            if entry.kind == "removed" and entry.element_id in self._old.nodes and entry.element_id not in self._new.nodes:
                yield from self._joined(entry.element_id)
            elif entry.property == "conditionExpression" and flow is not None:
                yield from self._branches(flow.source, flow.id)
            elif meanings & {"branch_redirected", "sequence_changed"} and flow is not None:
                yield PathTest("branch" if "branch_redirected" in meanings else "way", flow.id)
            elif meanings & {"branch_added", "branch_removed"}:
                gone = self._old.flows.get(entry.element_id)
                source = flow.source if flow is not None else gone.source if gone is not None else ""
                yield from self._branches(source)
            elif meanings & {"default_changed", "decision_order_changed", "choice_added", "parallel_added"}:
                yield from self._branches(entry.element_id)
            elif meanings & _LOOPS and entry.property != "label":
                yield PathTest("loop", entry.element_id)
            elif meanings & {"step_added", "loop_removed"} or (entry.kind == "moved" and entry.property == "place"):
                yield PathTest("way", entry.element_id)
            elif entry.parameter and entry.property in ("when", "optional"):
                yield PathTest("asked", f"{entry.step}.{entry.parameter}")
            elif entry.parameter and entry.property == "formula" and entry.new:
                yield PathTest("value", f"{entry.step}.{entry.parameter}")
            else:
                yield from self._of_node(entry, meanings)

    def _of_node(self, entry: Entry, meanings: set[str]) -> Iterator[PathTest]:
        if entry.property in LITERALS:
            return  # it is for other modelers to show
        if entry.property == "dmn:rule":
            yield from self._rows(entry)
            return
        for kind, begins in (
            ("timer", "timer_"), ("event", "event_"), ("script", "script_"), ("service", "service_"), ("call", "call_"),
            ("row", "decision_table_"),
        ):  # fmt: skip
            if entry.element_id in self._new.nodes and any(name.startswith(begins) for name in meanings):
                yield from self._all_rows(entry.element_id) if kind == "row" else [PathTest(kind, entry.element_id)]

    def _branches(self, source: str, first: str = "") -> Iterator[PathTest]:
        """The ways out of a decision; from one on those that are asked later, and the default: what they get is another."""
        node, flows = self._new.nodes.get(source), self._new.outgoing.get(source, ())
        if node is None or len(flows) < 2:
            return
        asked = [flow.id for flow in flows if flow.id != node.default]
        later = asked[asked.index(first) :] if first in asked else asked
        yield from (PathTest("branch", name) for name in [*later, *([node.default] if node.default else [])])

    def _joined(self, gone: str) -> Iterator[PathTest]:
        """The ways that lead on where something was taken out."""
        waiting, seen = [gone], set()
        while waiting:
            for flow in self._old.incoming.get(waiting.pop(), ()):
                if flow.source in seen:
                    continue
                seen.add(flow.source)
                if flow.source in self._new.nodes:
                    flows = self._new.outgoing.get(flow.source, ())
                    came = {f.target for f in self._old.outgoing.get(flow.source, ())}
                    yield from (PathTest("way", f.id) for f in flows if f.target not in came)
                else:
                    waiting.append(flow.source)

    def _rows(self, entry: Entry) -> Iterator[PathTest]:
        table = table_of(self._new.nodes[entry.element_id].element).table
        if table is None:
            return
        number = int(entry.item.removeprefix("row "))
        if table.hit_policy == "FIRST":
            yield from (PathTest("row", entry.element_id, str(row)) for row in range(number, len(table.rules) + 1))
        elif entry.kind == "removed":
            yield from self._all_rows(entry.element_id)
        else:
            yield PathTest("row", entry.element_id, str(number))

    def _all_rows(self, task: str) -> Iterator[PathTest]:
        table = table_of(self._new.nodes[task].element).table
        yield from (PathTest("row", task, str(row)) for row in range(1, 1 + (len(table.rules) if table else 0)))

    def _of_values(self) -> Iterator[PathTest]:
        """Decisions, loops, timers and tables that look at a value that can be another one."""
        for place, names in self._reads:
            if not names & self._differing:
                continue
            flow = self._new.flows.get(place.node_id)
            if flow is not None:
                yield from self._branches(flow.source, flow.id)
            elif place.property in ("loopCondition", "loopCardinality"):
                yield PathTest("loop", place.node_id)
            elif place.property == "due":
                yield PathTest("timer", place.node_id)
            elif place.property == "script":
                yield PathTest("script", place.node_id)
            elif place.property == "when":
                yield PathTest("asked", f"{place.node_id}.{place.element.get('id', '')}")
        for node in self._new.nodes.values():
            table = table_of(node.element).table if node.type == TASK else None
            if table is not None and decision_names(table) & self._differing:
                yield from self._all_rows(node.id)


def _reads(diagram: Diagram) -> Iterator[tuple[ExpressionPlace, frozenset[str]]]:
    """Each expression with the names it asks for, those of its own step in full."""
    for place in expression_places(diagram):
        try:
            names = parse(place.text).names
        except ExpressionError:
            continue
        step = diagram.steps.get(place.node_id)
        own = {p.id for p in step.parameters} if step is not None else set()
        full = {f"{place.node_id}.{name}" for name in (n.removeprefix("previous.") for n in names) if name in own}
        yield place, frozenset(names) | full


def _made(diagram: Diagram, place: ExpressionPlace) -> set[str]:
    """The names that an expression gives a value to."""
    if place.property == "formula":
        return {f"{place.node_id}.{place.element.get('id', '')}"}
    if place.property == "script":
        return {place.what.removeprefix("the value of ")}
    if place.property == "decisionTable":
        return set(script_names(diagram.nodes[place.node_id]))
    return set()


def _duration(hold: v.HoldTime, name: str) -> Decimal | str:
    """How long it may last, in minutes; the text where it is none or has no unit of time."""
    number = decimal(getattr(hold, name))
    try:
        return convert(number, hold.uom, "min") if number is not None else str(getattr(hold, name))
    except (UnknownUnitError, UnitMismatchError):
        return f"{number} {hold.uom}"
