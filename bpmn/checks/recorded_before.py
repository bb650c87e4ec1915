"""Whatever a condition, formula or limit asks for is recorded before, on every way that leads there.

Otherwise the batch stands still at the gateway, or its step can't be completed, and only in the batches that took the
other way. What `and`, `or` and `if` look at only sometimes is left to who wrote it so.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.assignment import Assignment
from bpmn.checks.report import Finding, at
from bpmn.diagram import Diagram
from bpmn.expression_places import ExpressionPlace, expression_places
from bpmn.expressions import ExpressionError, parse
from bpmn.expressions.reads import always_read, read_when
from bpmn.flow_order import FlowOrder
from bpmn.known_names import script_names

RULE = "recorded_before"

_ADVICE = "record it before, or ask only where it is recorded"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses reading what is recorded later, beside or elsewhere; warns where some way, or some order, is without it."""
    places = [place for place in expression_places(diagram) if place.property != "due"]  # a timer waits for its names
    writers = _writers(diagram)
    reads = [(place, _reads(diagram, place) & writers.keys()) for place in places]
    certain = Assignment(diagram, set().union(*(names for _, names in reads)))
    order = FlowOrder(diagram)
    scripted: dict[str, set[str]] = {}
    for place, names in reads:
        known = _known(diagram, place, certain) | scripted.get(place.node_id, set())
        for name in sorted(names - known):
            yield from _judge(diagram, order, place, name, writers[name])
        if place.property == "script":
            scripted.setdefault(place.node_id, set()).add(place.what.removeprefix("the value of "))


def _writers(diagram: Diagram) -> dict[str, str]:
    """Which node records a name."""
    found: dict[str, str] = {}
    for step_id, step in diagram.steps.items():
        for name in ("start", "end", *(parameter.id for parameter in step.parameters)):
            found[f"{step_id}.{name}"] = step_id
    for node in diagram.nodes.values():
        found |= dict.fromkeys(script_names(node), node.id)
    return found


def _reads(diagram: Diagram, place: ExpressionPlace) -> frozenset[str]:
    """The names it certainly asks for, those of its own step in full."""
    try:
        names = always_read(parse(place.text))
    except ExpressionError:
        return frozenset()
    step = diagram.steps.get(place.node_id)
    own = {parameter.id for parameter in step.parameters} if step is not None else set()
    return frozenset(f"{place.node_id}.{name}" if name in own else name for name in names)


def _known(diagram: Diagram, place: ExpressionPlace, certain: Assignment) -> set[str]:
    flow = diagram.flows.get(place.node_id)
    if flow is not None:
        found = set(certain.before(flow.source))
        for tried in diagram.outgoing[flow.source]:
            if tried.id == flow.id:
                return found
            if tried.condition:
                found |= _asked(tried.condition)
    if place.property == "loopCondition":
        return set(certain.at_loop(place.node_id))
    found = set(certain.before(place.node_id))
    step = diagram.steps.get(place.node_id)
    if step is not None:
        asking = step.parameter(place.element.get("id", ""))
        together = {"", asking.when if asking else ""}
        found |= {f"{step.id}.{p.id}" for p in step.parameters if p.when in together and not (p.optional and not asking)}
        found |= {f"{step.id}.start", f"{step.id}.end"}
    return found


def _asked(condition: str) -> frozenset[str]:
    try:
        return read_when(parse(condition), False)
    except ExpressionError:
        return frozenset()


def _judge(diagram: Diagram, order: FlowOrder, place: ExpressionPlace, name: str, writer: str) -> Iterator[Finding]:
    flow = diagram.flows.get(place.node_id)
    reader = flow.source if flow is not None else place.node_id
    says = f"{place.what} asks for {name}, which"
    if reader == writer:
        problem = "is not always asked for: its own condition decides" if diagram.steps.get(writer) else "it writes only then"
        yield at(place.element, RULE, f"{says} {problem}", _ADVICE, "warning", property=place.property)
        return
    if order.meet(reader, writer) is None:
        problem = f"is recorded at {writer} of another process and not seen here"
    elif order.side_by_side(reader, writer):
        problem = f"is recorded in a parallel branch, at {writer}"
        if _waits(diagram, order, reader, writer):
            yield at(place.element, RULE, f"{says} {problem}", _ADVICE, "warning", property=place.property)
            return
    elif order.reaches(reader, writer) and not _inside(diagram, writer, place):
        problem = f"is recorded only later, at {writer}"
    else:
        problem = f"is recorded at {writer}, and a batch may come here without it"
        way = order.around(writer, reader)
        yield at(place.element, RULE, f"{says} {problem}", _ADVICE, "warning", way, place.property)
        return
    yield at(place.element, RULE, f"{says} {problem}", _ADVICE, property=place.property)


def _waits(diagram: Diagram, order: FlowOrder, reader: str, writer: str) -> bool:
    """An event is awaited first, in the reader's branch: whoever drew it may know that the value is there by then."""
    waiting = [node.id for node in diagram.nodes.values() if node.type == "intermediateCatchEvent"]
    return any(order.side_by_side(event, writer) and order.reaches(event, reader) for event in waiting)


def _inside(diagram: Diagram, writer: str, place: ExpressionPlace) -> bool:
    """A loop condition looks back at what its own iteration records."""
    return place.property == "loopCondition" and place.node_id in diagram.ancestors(writer)
