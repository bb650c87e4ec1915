"""Timers with a literal time become ours; messages and escalations get the definition that their event lacks."""

from __future__ import annotations

import re

from lxml import etree

from bpmn.diagram import mes_elements
from bpmn.importers.foreign.repair import Workbench, bpmn, called, extension, local

_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?)?", re.ASCII)
_STEPS = frozenset({"userTask", "manualTask"})
_CAUGHT = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})


def repair(bench: Workbench) -> None:
    """Offer due times for literal durations, and messages and escalations by the name of their event."""
    by_id = {str(node.get("id")): node for node in bench.nodes()}
    for node in bench.nodes():
        for definition in node.iterchildren(bpmn("timerEventDefinition")):
            if not mes_elements(node, "timer"):
                _timer(bench, node, definition, by_id)
        for name, code in (("message", "name"), ("escalation", "escalationCode")):
            for definition in node.iterchildren(bpmn(f"{name}EventDefinition")):
                if name == "escalation" or local(node) in _CAUGHT:
                    _definition(bench, node, definition, name, code)
    for element in bench.root.findall(bpmn("message")):
        if not element.get("name"):
            _named(bench, element)


def _timer(bench: Workbench, node: etree._Element, definition: etree._Element, by_id: dict[str, etree._Element]) -> None:
    literal = "".join((definition.findtext(bpmn("timeDuration")) or "").split()).strip("\"'")
    duration = _ours(literal)
    event = _counted_from(bench, node, by_id)
    if not re.match(r"[A-Za-z][A-Za-z0-9_]*\.", event):
        return  # its step has an id that no expression can name
    if not duration or not event:
        return  # told by the check of timers, with what to do
    due = f"{event} + {duration}"

    def mend() -> None:
        extension(node, "timer").set("due", due)

    what = f"{called(node)} is due {literal} after {event}"
    bench.offer("timer", node, what, literal, due, mend)


def _ours(literal: str) -> str:
    """A duration in our language; empty for months and years, which have no fixed length, and for what is no literal."""
    match = _DURATION.fullmatch(literal)
    if match is None or not any(match.groups()):
        return ""
    weeks, days, hours, minutes = (int(number or 0) for number in match.groups())
    parts = ((days + 7 * weeks, "days"), (hours, "hours"), (minutes, "minutes"))
    return " + ".join(f"{name}({number})" for number, name in parts if number)


def _counted_from(bench: Workbench, node: etree._Element, by_id: dict[str, etree._Element]) -> str:
    """The event of a step at which the timer begins to run: the start of its host, or the end of the step before it."""
    if local(node) == "boundaryEvent":
        host = by_id.get(node.get("attachedToRef", ""))
        while host is not None and local(host) == "subProcess":
            host = _first_inside(bench, host, by_id)
        return f"{host.get('id')}.start" if host is not None and local(host) in _STEPS else ""
    before = [by_id.get(flow.get("sourceRef", "")) for flow in bench.incoming(node)]
    if local(node) == "intermediateCatchEvent" and len(before) == 1 and before[0] is not None:
        return f"{before[0].get('id')}.end" if local(before[0]) in _STEPS else ""
    return ""


def _first_inside(bench: Workbench, scope: etree._Element, by_id: dict[str, etree._Element]) -> etree._Element | None:
    starts = scope.findall(bpmn("startEvent"))
    flows = bench.outgoing(starts[0]) if len(starts) == 1 else []
    return by_id.get(flows[0].get("targetRef", "")) if len(flows) == 1 else None


def _definition(bench: Workbench, node: etree._Element, definition: etree._Element, name: str, code: str) -> None:
    if definition.get(f"{name}Ref"):
        return
    text = " ".join(node.get("name", "").split()) or str(node.get("id"))
    new = bench.new_id(f"{name}_{node.get('id')}")

    def mend() -> None:
        element = etree.Element(bpmn(name), {"id": new, "name": text})
        element.set(code, f"{text} ({node.get('id')})")
        bench.root.insert(0, element)
        definition.set(f"{name}Ref", new)

    bench.offer(name, node, f"{called(node)} names no {name}; it gets one of its own", f"no {name}", text, mend)


def _named(bench: Workbench, element: etree._Element) -> None:
    def mend() -> None:
        element.set("name", element.get("id", ""))

    bench.offer("message_name", element, f"{called(element)} gets a name", "no name", element.get("id", ""), mend)
