"""Which process is the recipe, and that it says so."""

from __future__ import annotations

from lxml import etree

from bpmn.checks.schema import FLOW_NODES
from bpmn.diagram import BPMN, mes_elements
from bpmn.importers.foreign.repair import Workbench, bpmn, called, extension, local


def choose(root: etree._Element, wanted: str) -> etree._Element | None:
    """The process that is to be the recipe: the one asked for, else the executable one with most in it."""
    processes = root.findall(bpmn("process"))
    for process in processes:
        if wanted and process.get("id") == wanted:
            return process
    return max(processes, key=lambda p: (size(p) > 0, bool(mes_elements(p, "recipe")), p.get("isExecutable") == "true", size(p)),
               default=None)  # fmt: skip


def size(process: etree._Element) -> int:
    """How many steps, events and gateways it has."""
    return sum(1 for element in process.iter(f"{{{BPMN}}}*") if local(element) in FLOW_NODES)


def repair(bench: Workbench, wanted: str) -> None:
    """Offer to put the recipe's process first, make it executable, give it a header, and leave other pools out."""
    chosen = choose(bench.root, wanted)
    if chosen is None:
        return
    first = bench.processes()[0]
    if chosen is not first:

        def move() -> None:
            first.addprevious(chosen)

        bench.offer("first", chosen, f"{called(chosen)} is the recipe and comes first", called(first), called(chosen), move)
    used = _called(bench.root, chosen)
    for process in bench.processes():
        if process.get("id") in used:
            _executable(bench, process)
    _header(bench, chosen)
    for process in bench.processes():
        if process.get("id") not in used:
            _other_pool(bench, process)
    _message_flows(bench)


def _executable(bench: Workbench, process: etree._Element) -> None:
    if process.get("isExecutable") == "true":
        return

    def mend() -> None:
        process.set("isExecutable", "true")

    before = f'isExecutable="{process.get("isExecutable")}"' if process.get("isExecutable") else "not said"
    bench.offer("executable", process, f"{called(process)} is to be run", before, 'isExecutable="true"', mend)


def _header(bench: Workbench, process: etree._Element) -> None:
    found = mes_elements(process, "recipe")
    if found and found[0].get("id") and found[0].get("revision"):
        return
    title = str(process.get("name") or _pool_name(bench.root, process) or process.get("id", ""))

    def mend() -> None:
        header = extension(process, "recipe")
        for name, value in (("id", str(process.get("id", ""))), ("revision", "1"), ("title", title)):
            if not header.get(name):
                header.set(name, value)

    bench.offer(
        "header",
        process,
        "the recipe gets a number, a revision and a title",
        "no header",
        f"{process.get('id')}, revision 1, {title}",
        mend,
    )


def _pool_name(root: etree._Element, process: etree._Element) -> str:
    pools = (p for p in root.iter(bpmn("participant")) if p.get("processRef") == process.get("id"))
    return next((str(p.get("name")) for p in pools if p.get("name")), "")


def _called(root: etree._Element, process: etree._Element) -> set[str]:
    """The process and those it calls, itself or by way of others."""
    by_id = {str(p.get("id")): p for p in root.findall(bpmn("process"))}
    found, waiting = {str(process.get("id"))}, [process]
    while waiting:
        for call in waiting.pop().iter(bpmn("callActivity")):
            name = call.get("calledElement", "").rpartition(":")[2]
            if name in by_id and name not in found:
                found.add(name)
                waiting.append(by_id[name])
    return found


def _other_pool(bench: Workbench, process: etree._Element) -> None:
    inside = {e.get("id") for e in process.iter(etree.Element) if e.get("id")}
    pools = [p for p in bench.root.iter(bpmn("participant")) if p.get("processRef") == process.get("id")]

    def mend() -> None:
        gone = inside | {p.get("id") for p in pools}
        for flow in list(bench.root.iter(bpmn("messageFlow"))):
            if flow.get("sourceRef") in gone or flow.get("targetRef") in gone:
                gone.add(flow.get("id"))
                _drop(flow)
        for element in [process, *pools]:
            _drop(element)
        for shape in list(bench.root.iter("{*}BPMNShape", "{*}BPMNEdge")):
            if shape.get("bpmnElement") in gone:
                _drop(shape)

    what = f"{called(process)} is another pool and is left out, with what it exchanges"
    bench.offer("pool", process, what, f"{size(process)} elements", "left out", mend, safe=False)


def _message_flows(bench: Workbench) -> None:
    for flow in list(bench.root.iter(bpmn("messageFlow"))):
        ends = f"{flow.get('sourceRef')} to {flow.get('targetRef')}"

        def mend(flow: etree._Element = flow) -> None:
            for shape in list(bench.root.iter("{*}BPMNEdge")):
                if shape.get("bpmnElement") == flow.get("id"):
                    _drop(shape)
            _drop(flow)

        what = f"{called(flow)} between pools is left out; nothing is sent by the system"
        bench.offer("message_flow", flow, what, ends, "left out", mend, safe=False)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
