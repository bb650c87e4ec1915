"""Decisions and splits said out loud: defaults, conditions in our language, gateways where several flows leave a task."""

from __future__ import annotations

import re

from lxml import etree

from bpmn.checks.schema import GATEWAYS
from bpmn.diagram import mes_elements
from bpmn.expressions import ExpressionError, parse
from bpmn.importers.foreign.repair import Workbench, bpmn, called, extension, local
from bpmn.vocabulary import NAMESPACE

_WRAPPED = re.compile(r"\s*(?:[$#]\{(.*)\}|=(?!=)(.*))\s*", re.DOTALL)
_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_JAVA = ((r"&&", " and "), (r"\|\|", " or "), (r"!(?!=)", " not "))


def repair(bench: Workbench) -> None:
    """Offer conditions in our language, the default that is missing, and gateways instead of silent splits."""
    for flow in bench.flows():
        _condition(bench, flow)
    for node in bench.nodes():
        flows = bench.outgoing(node)
        if len(flows) < 2:
            continue
        if local(node) == "exclusiveGateway":
            _default(bench, node, flows)
            _ask(bench, node, flows)
        elif local(node) not in GATEWAYS:
            _split(bench, node, flows)


def _condition(bench: Workbench, flow: etree._Element) -> None:
    condition = flow.find(bpmn("conditionExpression"))
    text = (condition.text or "").strip() if condition is not None else ""
    if condition is None:
        return
    if not text:

        def remove() -> None:
            flow.remove(condition)

        bench.offer(
            "empty_condition",
            flow,
            f"{called(flow)} has an empty condition",
            f"empty {' '.join(map(str, condition.attrib.values()))}",
            "no condition",
            remove,
        )
        return
    ours, language = _translated(text), condition.get("language", "")
    if ours is not None and (ours != text or language):

        def mend() -> None:
            condition.text = ours
            condition.attrib.pop("language", "")

        before = f"{text} ({language})" if language else text
        bench.offer("condition", flow, f"the condition of {called(flow)} is written in our language", before, ours, mend)


def _translated(text: str) -> str | None:
    """The same condition in our language; None where it isn't simply another way to write it."""
    match = _WRAPPED.fullmatch(text)
    plain = (match.group(1) or match.group(2) or "").strip() if match else text
    for candidate in (plain, _java(plain), re.sub(r"(?<![<>=!])=(?!=)", "==", plain)):
        try:
            parse(candidate)
            return candidate
        except ExpressionError:
            continue
    return None


def _java(text: str) -> str:
    if "'" in text or '"' in text:
        return text  # the signs may stand within a text
    for sign, word in _JAVA:
        text = re.sub(sign, word, text)
    return " ".join(text.split())


def _default(bench: Workbench, node: etree._Element, flows: list[etree._Element]) -> None:
    open_ways = [flow for flow in flows if flow.find(bpmn("conditionExpression")) is None]
    if node.get("default") or len(open_ways) != 1 or len(open_ways) == len(flows):
        return
    way = open_ways[0]

    def mend() -> None:
        node.set("default", way.get("id", ""))

    what = f"{called(way)} is the default of {called(node)}: it is the only way without a condition"
    bench.offer("default", node, what, "no default", way.get("id", ""), mend)


def _ask(bench: Workbench, node: etree._Element, flows: list[etree._Element]) -> None:
    """Where nothing says how a decision is taken, the person at the step before takes it: a choice by the names drawn."""
    before = _step_before(bench, node)
    if before is None or node.get("default") or any(flow.find(bpmn("conditionExpression")) is not None for flow in flows):
        return
    by_id = {str(n.get("id")): n for n in bench.nodes()}
    words = [
        " ".join((flow.get("name") or by_id.get(flow.get("targetRef", ""), flow).get("name") or "").split()) for flow in flows
    ]
    values = [re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words]
    if len(set(values)) < len(values) or not all(values):
        return
    name = " ".join(node.get("name", "").split()) or "Which way?"
    asked = f"way_{re.sub(r'[^A-Za-z0-9]+', '_', node.get('id', '')).strip('_')}"[:60]

    def mend() -> None:
        parameter = etree.SubElement(extension(before, "step"), f"{{{NAMESPACE}}}parameter", id=asked, name=name, type="choice")
        for value, word in zip(values, words, strict=True):
            etree.SubElement(parameter, f"{{{NAMESPACE}}}choice", value=value, label=word)
        for flow, value in list(zip(flows, values, strict=True))[:-1]:
            condition = etree.SubElement(flow, bpmn("conditionExpression"))
            condition.text = f'{before.get("id")}.{asked} == "{value}"'
        node.set("default", flows[-1].get("id", ""))

    what = f"{called(node)} is decided by who performs {called(before)}"
    bench.offer("ask", node, what, "no conditions", f"a choice of {', '.join(words)}", mend, safe=False)


def _step_before(bench: Workbench, node: etree._Element) -> etree._Element | None:
    """The one step that leads to a decision."""
    sources = {flow.get("sourceRef") for flow in bench.incoming(node)}
    found = [n for n in bench.nodes() if n.get("id") in sources]
    return found[0] if len(found) == 1 and mes_elements(found[0], "step") and _FORM.fullmatch(found[0].get("id", "")) else None


def _split(bench: Workbench, node: etree._Element, flows: list[etree._Element]) -> None:
    conditions = sum(flow.find(bpmn("conditionExpression")) is not None for flow in flows)
    scope = node.getparent()
    decided = bool(conditions or node.get("default"))
    if scope is None or (conditions and conditions < len(flows) - 1):
        return  # some of the ways are taken always, others sometimes: a person has to say what is meant
    kind = "exclusiveGateway" if decided else "parallelGateway"
    gateway_id = bench.new_id(f"{node.get('id')}_split")

    def mend() -> None:
        gateway = etree.Element(bpmn(kind), id=gateway_id)
        node.addnext(gateway)
        for flow in flows:
            flow.set("sourceRef", gateway_id)
        for reference in node.findall(bpmn("outgoing")):
            node.remove(reference)
        if node.get("default"):
            gateway.set("default", str(node.attrib.pop("default")))
        bench.connect(scope, node.get("id", ""), gateway_id)

    ways = f"{len(flows)} flows out of {called(node)}"
    if decided:
        what = f"{ways} become a decision; BPMN would take each way whose condition holds, here the first one"
        bench.offer("split", node, what, ways, "an exclusive gateway", mend, safe=False)
    else:
        bench.offer("split", node, f"{ways} run at the same time; a gateway says so", ways, "a parallel gateway", mend)
