"""A call activity calls another process of the same file, and no process calls itself, not even by way of others."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.checks.report import Finding, at, shown
from bpmn.diagram import BPMN, Diagram, Node

RULE = "call_activity"


def check(diagram: Diagram) -> Iterator[Finding]:
    """Refuses calls of nothing, of what is not in the file, of itself, and processes that nobody calls."""
    processes = {process.get("id", ""): process for process in diagram.root.findall(f"{{{BPMN}}}process")}
    calls: dict[str, list[tuple[Node, str]]] = {process: [] for process in processes}
    for node in diagram.nodes.values():
        if node.type != "callActivity":
            continue
        called = node.element.get("calledElement", "")
        if called not in processes:
            yield at(
                node.element,
                RULE,
                f"{shown(called)} is no process of this file",
                "name the process to call",
                property="calledElement",
            )
            continue
        *_, caller = diagram.ancestors(node.id)
        calls.setdefault(caller, []).append((node, called))
    for node, called in (call for made in calls.values() for call in made):
        *_, caller = diagram.ancestors(node.id)
        if caller in _reached(called, calls):
            yield at(node.element, RULE, f"{caller} calls itself", "repeat with a loop subprocess")
    wanted = _reached(diagram.process_id, calls)
    for process_id, process in processes.items():
        if process_id not in wanted:
            yield at(process, RULE, f"nobody calls the process {process_id}", "call it or remove it")


def _reached(start: str, calls: dict[str, list[tuple[Node, str]]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for _, called in calls.get(waiting.pop(), []):
            if called not in found:
                found.add(called)
                waiting.append(called)
    return found
