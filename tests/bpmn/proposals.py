"""Proposed revisions of any recipe: what process owners change, at random, and sound for the most part."""

from __future__ import annotations

import random
from collections.abc import Callable

from lxml import etree

from bpmn.diagram import BPMN
from bpmn.reading import read_xml
from bpmn.renaming import rename
from bpmn.vocabulary import NAMESPACE

SIGNED = '<m:signature xmlns:m="urn:batchwright:mes:1" code="W" roles="MFG_WIT" meanings="witnessed_by"/>'


def proposal(xml: bytes, chance: random.Random, times: int) -> bytes:
    """The recipe after some edits."""
    root = read_xml(xml)
    for number in range(times):
        chance.choice(EDITS)(root, chance, f"N{number}{chance.randrange(100)}")
    return etree.tostring(root)


def found(root: etree._Element, chance: random.Random, name: str) -> etree._Element | None:
    """Any element of ours or of BPMN with that name."""
    space, _, local = name.partition(":")
    elements = list(root.iter(f"{{{NAMESPACE if space == 'mes' else BPMN}}}{local}"))
    return chance.choice(elements) if elements else None


def _limit(root: etree._Element, chance: random.Random, name: str) -> None:
    element = found(root, chance, "mes:parameter")
    if element is not None:
        if element.get("type") == "num":
            element.set(chance.choice(["norLow", "norHigh"]), str(chance.randrange(20, 80)))
        element.set("why", f"study {name}")


def _parameter(root: etree._Element, chance: random.Random, name: str) -> None:
    step = found(root, chance, "mes:step")
    if step is not None:
        new = etree.SubElement(step, f"{{{NAMESPACE}}}parameter", id=f"p{name}", name=f"Asked {name}", type="bool")
        if chance.random() < 0.5:
            step.insert(chance.randrange(len(step)), new)


def _parameter_gone(root: etree._Element, chance: random.Random, name: str) -> None:
    element = found(root, chance, "mes:parameter")
    if element is None:
        return
    step = element.getparent()
    task = next(element.iterancestors(f"{{{BPMN}}}userTask", f"{{{BPMN}}}manualTask"))
    if step is not None and f"{task.get('id')}.".encode() not in etree.tostring(root):
        step.remove(element)


def _order(root: etree._Element, chance: random.Random, name: str) -> None:
    step = found(root, chance, "mes:step")
    if step is not None:
        parameters = step.findall(f"{{{NAMESPACE}}}parameter")
        chance.shuffle(parameters)
        step.extend(parameters)


def _words(root: etree._Element, chance: random.Random, name: str) -> None:
    step = found(root, chance, "mes:step")
    if step is not None:
        step.set(chance.choice(["instruction", "title", "rationale", "decisionRoles"]), f"QA_FLR {name}")


def _witness(root: etree._Element, chance: random.Random, name: str) -> None:
    step = found(root, chance, "mes:step")
    if step is not None and step.find(f"{{{NAMESPACE}}}signature[@code='W']") is None:
        step.insert(0, etree.fromstring(SIGNED))


def _header(root: etree._Element, chance: random.Random, name: str) -> None:
    recipe = found(root, chance, "mes:recipe")
    assert recipe is not None
    act = chance.choice(["product", "field", "hold", "hold", "hold gone", "revision"])
    holds = recipe.findall(f"{{{NAMESPACE}}}holdTime")
    steps = [e.get("id", "") for e in root.iter(f"{{{BPMN}}}userTask")]
    if act in ("product", "revision"):
        recipe.set(act, name)
    elif act == "field":
        etree.SubElement(recipe, f"{{{NAMESPACE}}}orderField", name=f"f{name}", type="text", label=name)
    elif act == "hold gone" and holds:
        recipe.remove(chance.choice(holds))
    elif holds and chance.random() < 0.5:
        chance.choice(holds).set("par", str(chance.randrange(100, 200)))
    elif steps:
        step = chance.choice(steps)
        values = {"id": f"H{name}", "from": f"{step}.start", "to": f"{step}.end", "nor": "30", "par": "60", "uom": "min"}
        etree.SubElement(recipe, f"{{{NAMESPACE}}}holdTime", values)


def _condition(root: etree._Element, chance: random.Random, name: str) -> None:
    element = found(root, chance, "bpmn:conditionExpression")
    if element is not None:
        element.text = f"not ({element.text})"


def _loop(root: etree._Element, chance: random.Random, name: str) -> None:
    element = found(root, chance, "bpmn:standardLoopCharacteristics")
    if element is not None:
        element.set("loopMaximum", str(chance.randrange(5, 9)))


def _remark(root: etree._Element, chance: random.Random, name: str) -> None:
    element = found(root, chance, chance.choice(["bpmn:userTask", "bpmn:sequenceFlow", "bpmn:process", "bpmn:subProcess"]))
    if element is not None:
        note = etree.Element(f"{{{BPMN}}}documentation")
        note.text = f"remark {name}"
        element.insert(0, note)


def step_comes(root: etree._Element, chance: random.Random, name: str, flow: etree._Element | None = None) -> None:
    """A step on any flow, or on this one."""
    flow = found(root, chance, "bpmn:sequenceFlow") if flow is None else flow
    parent = flow.getparent() if flow is not None else None
    if flow is None or parent is None:
        return
    task = etree.SubElement(parent, f"{{{BPMN}}}userTask", id=f"S{name}", name=f"S{name} New")
    step = etree.SubElement(etree.SubElement(task, f"{{{BPMN}}}extensionElements"), f"{{{NAMESPACE}}}step", title="New")
    etree.SubElement(step, f"{{{NAMESPACE}}}signature", code="P", roles="MFG_OP", meanings="performed_by")
    etree.SubElement(parent, f"{{{BPMN}}}sequenceFlow", id=f"F{name}", sourceRef=f"S{name}", targetRef=flow.get("targetRef", ""))
    flow.set("targetRef", f"S{name}")


def step_goes(root: etree._Element, chance: random.Random, name: str) -> None:
    """Out goes a step that nothing refers to, with one way in and one out."""
    task = found(root, chance, "bpmn:userTask")
    parent = task.getparent() if task is not None else None
    if task is None or parent is None:
        return
    own = task.get("id", "")
    flows = parent.findall(f"{{{BPMN}}}sequenceFlow")
    into, out = ([f for f in flows if f.get(end) == own] for end in ("targetRef", "sourceRef"))
    text = etree.tostring(root)
    used = f"{own}.".encode() in text or f'attachedToRef="{own}"'.encode() in text
    if len(into) == len(out) == 1 and not used:
        into[0].set("targetRef", out[0].get("targetRef", ""))
        parent.remove(out[0])
        parent.remove(task)


def _step_moved(root: etree._Element, chance: random.Random, name: str) -> None:
    """Two neighbours change places."""
    flow = found(root, chance, "bpmn:sequenceFlow")
    parent = flow.getparent() if flow is not None else None
    if flow is None or parent is None:
        return
    flows = parent.findall(f"{{{BPMN}}}sequenceFlow")
    one, other = flow.get("sourceRef", ""), flow.get("targetRef", "")
    tasks = {e.get("id") for e in parent.findall(f"{{{BPMN}}}userTask")}
    ends = [[f for f in flows if f.get(end) == n] for n in (one, other) for end in ("sourceRef", "targetRef")]
    if not {one, other} <= tasks or any(len(found_here) != 1 for found_here in ends):
        return
    before, after = ends[1][0], ends[2][0]
    before.set("targetRef", other)
    flow.set("sourceRef", other)
    flow.set("targetRef", one)
    after.set("sourceRef", one)


def _framed(root: etree._Element, chance: random.Random, name: str) -> None:
    """A frame around a step."""
    task = found(root, chance, "bpmn:userTask")
    parent = task.getparent() if task is not None else None
    if task is None or parent is None or f'attachedToRef="{task.get("id")}"'.encode() in etree.tostring(root):
        return
    own, frame = task.get("id", ""), etree.SubElement(parent, f"{{{BPMN}}}subProcess", id=f"U{name}", name="Unit")
    for flow in parent.findall(f"{{{BPMN}}}sequenceFlow"):
        for end in ("sourceRef", "targetRef"):
            if flow.get(end) == own:
                flow.set(end, f"U{name}")
    etree.SubElement(frame, f"{{{BPMN}}}startEvent", id=f"Ua{name}")
    frame.append(task)
    etree.SubElement(frame, f"{{{BPMN}}}endEvent", id=f"Uz{name}")
    etree.SubElement(frame, f"{{{BPMN}}}sequenceFlow", id=f"Ub{name}", sourceRef=f"Ua{name}", targetRef=own)
    etree.SubElement(frame, f"{{{BPMN}}}sequenceFlow", id=f"Uc{name}", sourceRef=own, targetRef=f"Uz{name}")


def _renamed(root: etree._Element, chance: random.Random, name: str) -> None:
    task = found(root, chance, "bpmn:userTask")
    if task is not None:
        rename(root, {task.get("id", ""): f"R{name}"})


EDITS: tuple[Callable[[etree._Element, random.Random, str], None], ...] = (
    _limit, _limit, _limit, _parameter, _parameter, _parameter_gone, _order, _words, _words, _witness, _header, _header,
    _condition, _loop, _remark, step_comes, step_comes, step_goes, _step_moved, _framed, _renamed,
)  # fmt: skip
