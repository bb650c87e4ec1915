"""What a change reaches: the steps that take values from what changed, and the steps that come after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bpmn.diagram import Diagram
from bpmn.diff.entries import Difference
from bpmn.diff.matching import Side
from bpmn.diff.ways import OUT, ways
from bpmn.expression_places import expression_places
from bpmn.expressions import ExpressionError, parse


@dataclass(frozen=True, slots=True)
class Affected:
    """Steps, choices, timers and hold times of the new diagram that a change reaches.

    `by_data`: the changed names (`S20.moi`) that each of them uses, through any number of formulas. `by_flow`: the steps
    that can still come after the first change, in the order of the recipe.
    """

    by_data: dict[str, tuple[str, ...]]
    by_flow: tuple[str, ...]


def affected(difference: Difference, diagram: Diagram) -> Affected:
    """What the changes reach in the diagram they lead to. What is editorial reaches nothing."""
    entries = [entry for entry in difference.entries if not entry.editorial]
    changed = {f"{entry.step}.{entry.parameter}" for entry in entries if entry.parameter}
    whole = {entry.element_id for entry in entries if not entry.parameter} & set(diagram.steps)
    places = {entry.element_id for entry in entries}
    return Affected(_by_data(diagram, changed, whole), _by_flow(diagram, places))


def _by_data(diagram: Diagram, changed: set[str], whole: set[str]) -> dict[str, tuple[str, ...]]:
    uses = list(_uses(diagram))
    reached: dict[str, set[str]] = {}
    sources = {name: {name} for name in changed}  # a name whose value can differ -> the changed names it comes from
    growing = True
    while growing:
        growing = False
        for holder, makes, names in uses:
            found: set[str] = set()
            for name in names:
                found |= sources.get(name, set()) | ({name} if name.partition(".")[0] in whole else set())
            fresh = found - reached.get(holder, set())
            if fresh and holder not in whole:
                reached.setdefault(holder, set()).update(fresh)
            if makes and found - sources.get(makes, set()):
                sources.setdefault(makes, set()).update(found)
                growing = True
    return {holder: tuple(sorted(names)) for holder, names in reached.items()}


def _uses(diagram: Diagram) -> Iterator[tuple[str, str, list[str]]]:
    """Each expression: who holds it, the name it gives a value to (empty for none), the names it asks for."""
    for place in expression_places(diagram):
        try:
            names = parse(place.text).names
        except ExpressionError:
            continue
        step = place.node_id if place.node_id in diagram.steps else ""
        own = [f"{step}.{name.removeprefix('previous.')}" for name in names]  # a step's own parameters, now or before
        parameter = place.element.get("id", "") if place.what.startswith("the formula") else ""
        flow = diagram.flows.get(place.node_id)
        yield flow.source if flow else place.node_id, f"{step}.{parameter}" if parameter else "", [*own, *names]
    for hold in diagram.recipe.hold_times:
        yield hold.id, "", [hold.from_event, *hold.to_events, *hold.links]


def _by_flow(diagram: Diagram, places: Iterable[str]) -> tuple[str, ...]:
    graph = ways(Side(diagram, frozenset(), frozenset()), str)
    waiting = [diagram.flows[p].target if p in diagram.flows else p for p in places]
    seen: set[str] = set()
    while waiting:
        node = waiting.pop()
        for following in graph.after.get(node, ()):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return tuple(step for step in diagram.steps if step in seen or f"{step}{OUT}" in seen)
