"""Tasks of other kinds become steps of persons, with a title, an instruction and who performs them."""

from __future__ import annotations

import re

from lxml import etree

from bpmn.checks.schema import ATTRIBUTES
from bpmn.diagram import mes_elements
from bpmn.importers.foreign.repair import Workbench, bpmn, called, extension, local, remark, text_of
from bpmn.vocabulary import NAMESPACE, ROLES

_SAFE = {"task": "a plain task", "sendTask": "a person sends", "receiveTask": "a person notes what came"}
_BY_MACHINE = {
    "businessRuleTask": "a decision of another system becomes a step of a person",
    "scriptTask": "a script of another language becomes a step of a person",
    "serviceTask": "what another system did becomes a step of a person",
}
# A word of a lane's name -> who that is. The first that fits counts.
_LANES = (
    ("witness", "MFG_WIT"), ("verif", "MFG_VER"), ("supervisor", "MFG_SUP"), ("shift lead", "MFG_SUP"),
    ("qualified person", "QP"), ("qp", "QP"), ("disposition", "QA_DISP"), ("release", "QA_DISP"),
    ("qa", "QA_FLR"), ("quality assurance", "QA_FLR"), ("qc review", "QC_REV"), ("qc", "QC_ANL"),
    ("quality control", "QC_ANL"), ("laboratory", "QC_ANL"), ("analyst", "QC_ANL"), ("quality", "QA_FLR"),
    ("client", "CLI_QA"), ("sponsor", "CLI_QA"), ("physician", "MED"), ("medical", "MED"), ("regulatory", "RA"),
    ("process owner", "PROC"), ("msat", "PROC"), ("logistics", "COI"), ("coordinator", "COI"),
    ("operator", "MFG_OP"), ("production", "MFG_OP"), ("manufacturing", "MFG_OP"),
)  # fmt: skip


def repair(bench: Workbench) -> None:
    """Offer to make user tasks of what is none, and steps of user tasks."""
    roles = _roles_by_node(bench.root)
    for node in bench.nodes():
        kind = local(node)
        if kind in _SAFE or (kind in _BY_MACHINE and not _runs_here(node)):
            _to_user_task(bench, node, kind)
    for node in bench.nodes():
        if local(node) in ("userTask", "manualTask") and not mes_elements(node, "step"):
            _step(bench, node, roles.get(node.get("id", ""), ("", "MFG_OP")))


def _runs_here(node: etree._Element) -> bool:
    """A script in our language, a service of ours, a decision table in the diagram."""
    if local(node) == "scriptTask":
        return node.get("scriptFormat", "mes") == "mes" and node.find(bpmn("script")) is not None
    if local(node) == "serviceTask":
        return bool(mes_elements(node, "service"))
    return any("/DMN/" in str(child.tag) for child in node.iterfind(f"{bpmn('extensionElements')}/*"))


def _to_user_task(bench: Workbench, node: etree._Element, kind: str) -> None:
    lost = {str(n): str(v) for n, v in node.attrib.items() if not str(n).startswith("{") and n not in ATTRIBUTES["userTask"]}
    script = node.find(bpmn("script"))
    kept = [f'{name}="{value}"' for name, value in lost.items()] + ([f"script: {script.text}"] if script is not None else [])

    def mend() -> None:
        node.tag = bpmn("userTask")
        for name in lost:
            del node.attrib[name]
        if script is not None:
            node.remove(script)
        if kept:
            remark(node, f"{kind}; {'; '.join(kept)}")

    what = f"{called(node)} becomes a step ({_SAFE.get(kind) or _BY_MACHINE[kind]})"
    before = " ".join([kind, *kept])
    after = "userTask; what it said is kept as its remark" if kept else "userTask"
    bench.offer("user_task", node, what, before, after, mend, safe=kind in _SAFE)


def _step(bench: Workbench, node: etree._Element, lane: tuple[str, str]) -> None:
    said, role = lane
    title = " ".join(node.get("name", "").split())
    instruction = text_of(node)

    def mend() -> None:
        step = extension(node, "step")
        step.set("title", title or node.get("id", ""))
        if instruction:
            step.set("instruction", instruction)
        slot = {"code": "P", "roles": role, "meanings": _MEANING.get(role, "performed_by")}
        etree.SubElement(step, f"{{{NAMESPACE}}}signature", slot)

    who = f"signed by {ROLES[role]}" + (f", for the lane {said}" if said else "")
    after = f"title {title or node.get('id')}" + (", instruction from its remark" if instruction else "") + f", {who}"
    bench.offer("step", node, f"{called(node)} becomes a step of the recipe", "no mes:step", after, mend)


_MEANING = {"QC_ANL": "tested_by", "QC_REV": "reviewed_by_qc"}


def _roles_by_node(root: etree._Element) -> dict[str, tuple[str, str]]:
    """The lane's name and the role that it stands for, by node; of nested lanes the innermost that stands for one."""
    found: dict[str, tuple[str, str]] = {}
    for lane in root.iter(bpmn("lane")):
        name = " ".join(lane.get("name", "").split())
        role = role_of(name)
        for reference in lane.findall(bpmn("flowNodeRef")):
            if role:
                found[(reference.text or "").strip()] = (name, role)
    return found


def role_of(name: str) -> str:
    """The role a lane or pool stands for by its name; nothing where none fits."""
    plain = name.lower()
    for role, label in ROLES.items():
        if plain in (role.lower(), label.lower()):
            return role
    return next((role for word, role in _LANES if re.search(rf"\b{re.escape(word)}", plain)), "")
