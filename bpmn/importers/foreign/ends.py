"""Starts and ends that other modelers leave out, drawn."""

from __future__ import annotations

from lxml import etree

from bpmn.checks.schema import SUBPROCESSES
from bpmn.importers.foreign.repair import Workbench, bpmn, called, local

_NO_END = frozenset({"endEvent"})


def repair(bench: Workbench) -> None:
    """Offer an end event after what leads nowhere, and a start event before the one node that nothing leads to."""
    scopes: dict[etree._Element, list[etree._Element]] = {}
    for node in bench.nodes():
        scope = node.getparent()
        if scope is not None and (local(scope) == "process" or local(scope) in SUBPROCESSES):
            scopes.setdefault(scope, []).append(node)
    sources = {flow.get("sourceRef") for flow in bench.flows()}
    targets = {flow.get("targetRef") for flow in bench.flows()}
    for scope, nodes in scopes.items():
        for node in nodes:
            if node.get("id") not in sources and local(node) not in _NO_END and node.get("triggeredByEvent") != "true":
                _end(bench, scope, node)
        if not any(local(node) == "startEvent" for node in nodes):
            first = [n for n in nodes if n.get("id") not in targets and local(n) != "boundaryEvent"]
            if len(first) == 1:
                _start(bench, scope, first[0])


def _end(bench: Workbench, scope: etree._Element, node: etree._Element) -> None:
    def mend() -> None:
        end = etree.SubElement(scope, bpmn("endEvent"), id=bench.new_id(f"{node.get('id')}_end"))
        bench.connect(scope, node.get("id", ""), end.get("id", ""))

    bench.offer("end", node, f"{called(node)} leads nowhere: its branch ends there", "no flow out of it", "an end event", mend)


def _start(bench: Workbench, scope: etree._Element, node: etree._Element) -> None:
    def mend() -> None:
        start = etree.Element(bpmn("startEvent"), id=bench.new_id(f"{scope.get('id')}_start"))
        node.addprevious(start)
        bench.connect(scope, start.get("id", ""), node.get("id", ""))

    bench.offer("start", scope, f"{called(scope)} begins with {called(node)}", "no start event", "a start event", mend)
