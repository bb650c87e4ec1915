"""A step that is done only where a condition holds: a decision before it, and the way round it.

In a loop this is how one iteration differs from the others: those that were done stay as they were.
"""

from __future__ import annotations

from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram
from bpmn.edits import EditError
from bpmn.layout import drawn_by_us, lay_out, place_new
from bpmn.merging import write_flows
from bpmn.reading import read_xml

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def only_where(xml: bytes, step_id: str, condition: str, words: str) -> bytes:
    """The diagram in which a step is done where `condition` holds, and passed by elsewhere. `words`: the way's name.

    Raises EditError with every reason: the step has several ways out, or something needs it on every way.
    """
    root = read_xml(xml)
    ours = drawn_by_us(root)
    diagram = Diagram.of(xml, root)
    node, out = diagram.nodes[step_id], diagram.outgoing[step_id]
    if len(out) != 1:
        raise EditError([f"{step_id} has {len(out)} ways out, so there is no way round it."])
    scope = node.element.getparent()
    assert scope is not None
    flows = {str(e.get("id")): e for e in scope.findall(f"{{{BPMN}}}sequenceFlow")}
    taken = {str(e.get("id")) for e in root.iter(etree.Element)}
    gate, join = _free(taken, f"{step_id}_if"), _free(taken, f"{step_id}_on")
    at = scope.index(node.element)
    scope.insert(at, etree.Element(f"{{{BPMN}}}exclusiveGateway", id=gate, default=f"{gate}_past"))
    scope.insert(at + 2, etree.Element(f"{{{BPMN}}}exclusiveGateway", id=join))
    for flow in diagram.incoming[step_id]:
        flows[flow.id].set("targetRef", gate)
    flows[out[0].id].set("sourceRef", join)
    way = _flow(scope, f"{gate}_in", gate, step_id)
    way.set("name", words)
    asked = etree.SubElement(way, f"{{{BPMN}}}conditionExpression")
    asked.set(f"{{{_XSI}}}type", "bpmn:tFormalExpression")
    asked.text = condition
    _flow(scope, f"{gate}_past", gate, join)
    _flow(scope, f"{gate}_out", step_id, join)
    if next(root.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"), None) is not None:
        write_flows(scope)
    (lay_out if ours else place_new)(root)
    return _checked(xml, etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _checked(before: bytes, after: bytes) -> bytes:
    report = check_diagram(after)
    if report.errors and (found := report.new_errors(check_diagram(before))):
        raise EditError([f"{finding.element_id or 'The diagram'}: {finding.message}." for finding in found])
    return after


def _flow(scope: etree._Element, flow_id: str, source: str, target: str) -> etree._Element:
    """A sequence flow, in front of the others: the schema wants none after artifacts."""
    flow = etree.Element(f"{{{BPMN}}}sequenceFlow", id=flow_id, sourceRef=source, targetRef=target)
    others = scope.findall(f"{{{BPMN}}}sequenceFlow")
    scope.insert(scope.index(others[-1]) + 1, flow)
    return flow


def _free(taken: set[str], wanted: str) -> str:
    name, number = wanted[:90], 2
    while any(name in (other, f"{other}_in", f"{other}_out", f"{other}_past") for other in taken):
        name, number = f"{wanted[:90]}{number}", number + 1
    taken.add(name)
    return name
