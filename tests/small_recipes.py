"""Small recipes of the tests' own: a row of like steps, one after the other or all side by side.

Each step asks for a weight within 1 to 100 g (70 to 90 as a rule) and one signature, so that a whole act with value,
rule, signature and run of the engine takes two requests.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from lxml import etree

from bpmn import vocabulary as v
from bpmn.diagram import BPMN, Diagram, write_element

NAMES = {"bpmn": BPMN, "mes": v.NAMESPACE}

WEIGHT = v.Parameter(
    id="weight", name="Weight", type="num", uom="g", target="80", nor_low="70", nor_high="90", par_low="1",
    par_high="100", limit_action="block", parameter_class="IPC",
)  # fmt: skip
LABEL = v.Parameter(id="label", name="Label", type="text")


def step_ids(count: int) -> list[str]:
    """S001, S002, ..."""
    return [f"S{n:03}" for n in range(1, count + 1)]


def sequence(count: int, recipe_id: str = "MR-ROW-001") -> bytes:
    """Steps one after the other."""
    process = _process(recipe_id, "Steps in a row")
    nodes = ["start", *step_ids(count), "end"]
    _node(process, "startEvent", "start")
    for step_id in step_ids(count):
        _step(process, step_id)
    _node(process, "endEvent", "end")
    for source, target in itertools.pairwise(nodes):
        _flow(process, source, target)
    return _xml(process)


def side_by_side(count: int, recipe_id: str = "MR-PAR-001") -> bytes:
    """Steps between a parallel split and its join: all open from the start."""
    process = _process(recipe_id, "Steps side by side")
    for kind, node in (("startEvent", "start"), ("parallelGateway", "split"), ("parallelGateway", "join")):
        _node(process, kind, node)
    _node(process, "endEvent", "end")
    _flow(process, "start", "split")
    for step_id in step_ids(count):
        _step(process, step_id)
        _flow(process, "split", step_id)
        _flow(process, step_id, "join")
    _flow(process, "join", "end")
    return _xml(process)


def _process(recipe_id: str, title: str) -> etree._Element:
    definitions = etree.Element(f"{{{BPMN}}}definitions", nsmap=NAMES)
    definitions.set("id", "definitions")
    definitions.set("targetNamespace", "urn:batchwright:tests")
    process = etree.SubElement(definitions, f"{{{BPMN}}}process", id=recipe_id, isExecutable="true")
    process.set("name", title)
    extension = etree.SubElement(process, f"{{{BPMN}}}extensionElements")
    coi = v.OrderField(name="coi", type="text", label="Chain of identity", identifier=True)
    write_element(extension, "recipe", v.Recipe(recipe_id, "1.0", title, "Test product", order_fields=(coi,)))
    return process


def _step(process: etree._Element, step_id: str, step: v.Step | None = None) -> None:
    step = step or v.Step(
        id="", title=f"Weigh {step_id}", instruction="Weigh and write down.", parameters=(WEIGHT, LABEL),
        signatures=(v.Signature("P", ("MFG_OP",), ("performed_by",)),),
    )  # fmt: skip
    node = _node(process, "userTask", step_id)
    node.set("name", step.title)
    element = write_element(etree.SubElement(node, f"{{{BPMN}}}extensionElements"), "step", step)
    del element.attrib["id"]  # the element around it carries it


def _node(process: etree._Element, kind: str, node_id: str) -> etree._Element:
    return etree.SubElement(process, f"{{{BPMN}}}{kind}", id=node_id)


def _flow(process: etree._Element, source: str, target: str) -> None:
    etree.SubElement(process, f"{{{BPMN}}}sequenceFlow", id=f"{source}_to_{target}", sourceRef=source, targetRef=target)


def _xml(process: etree._Element) -> bytes:
    root = process.getparent()
    assert root is not None
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def every_form_of(diagram: Diagram, recipe_id: str = "MR-FORMS-001") -> bytes:
    """The steps of a recipe side by side, so that each of its forms is open from the start.

    What a step takes from other steps (formulas, limits that refer to them, conditions) becomes a constant or nothing.
    """
    process = _process(recipe_id, "Every form")
    for kind, node in (("startEvent", "start"), ("parallelGateway", "split"), ("parallelGateway", "join")):
        _node(process, kind, node)
    _node(process, "endEvent", "end")
    _flow(process, "start", "split")
    for step_id, step in diagram.steps.items():
        _step(process, step_id, replace(step, parameters=tuple(map(_alone, step.parameters)), kind="manufacture", scans=()))
        _flow(process, "split", step_id)
        _flow(process, step_id, "join")
    _flow(process, "join", "end")
    return _xml(process)


def _alone(parameter: v.Parameter) -> v.Parameter:
    names = ("nor_low", "nor_high", "par_low", "par_high")
    plain = not any(re.search("[A-Za-z_]{2}", getattr(parameter, name)) for name in names) or parameter.type != "num"
    bounds: dict[str, Any] = {} if plain else dict.fromkeys(names, "") | {"limit_action": "none"}
    return replace(parameter, formula="1" if parameter.formula else "", when="", **bounds)


def with_a_device(recipe_id: str = "MR-DEV-001") -> bytes:
    """One step whose weight a registered scale reports, after the scale was scanned."""
    process = _process(recipe_id, "Weighed by a scale")
    _node(process, "startEvent", "start")
    step = v.Step(
        id="", title="Weigh", instruction="Weigh on the scale.", parameters=(replace(WEIGHT, source="device"),),
        equipment=("scale",), scans=(v.Scan("equipment"),),
        signatures=(v.Signature("P", ("MFG_OP",), ("performed_by",)),),
    )  # fmt: skip
    _step(process, "S001", step)
    _node(process, "endEvent", "end")
    _flow(process, "start", "S001")
    _flow(process, "S001", "end")
    return _xml(process)
