"""What a service finds out leads gateways and decision tables like a recorded value, and nothing of it enters the record."""

from __future__ import annotations

import pytest
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.checks.decision_table import around
from bpmn.checks.report import Finding
from bpmn.diagram import Diagram
from bpmn.layout import lay_out
from bpmn.reading import read_xml
from bpmn.vocabulary import PARAMETER_TYPES, SERVICE_OUTPUTS, SERVICES
from tests.bpmn.diff.edits import flow, replaced

SIGNED = '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'
PROCESS = f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:mes="urn:batchwright:mes:1"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:batchwright:mes:1">
 <bpmn:process id="PR-1" name="Of a change" isExecutable="true">
  <bpmn:extensionElements><mes:recipe id="PR-1" revision="1.0" title="Of a change" kind="process"/></bpmn:extensionElements>
  <bpmn:startEvent id="start"/>
  <bpmn:serviceTask id="scope" name="Scope"><bpmn:extensionElements><mes:service action="change.scope"/>
   </bpmn:extensionElements></bpmn:serviceTask>
  <bpmn:exclusiveGateway id="which" name="Editorial?" default="else"/>
  <bpmn:userTask id="READ" name="READ Read it"><bpmn:extensionElements>
   <mes:step title="Read it" instruction="Read it.">{SIGNED}</mes:step></bpmn:extensionElements></bpmn:userTask>
  <bpmn:exclusiveGateway id="met"/>
  <bpmn:endEvent id="end"/>
  {flow("f1", "start", "scope")}{flow("f2", "scope", "which")}{flow("yes", "which", "READ", "scope.entries &gt; 3")}
  {flow("else", "which", "met")}{flow("f3", "READ", "met")}{flow("f4", "met", "end")}
 </bpmn:process></bpmn:definitions>"""


def findings(text: str) -> list[Finding]:
    root = read_xml(text.encode())
    lay_out(root)
    return list(check_diagram(etree.tostring(root)).findings)


def test_a_gateway_asks_what_a_service_found_out() -> None:
    assert findings(PROCESS) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scope.entries &gt; 3", "scope.entrys &gt; 3", "scope.entrys is not known"),
        ("scope.entries &gt; 3", "scope.entries", "a number, not true or false"),
        ("scope.entries &gt; 3", "scope.urgency == 3", "a text == a number"),
        ('action="change.scope"', 'action="recipe.state" value="DRAFT"', "scope.entries is not known"),
    ],
)
def test_a_name_that_no_service_gives_or_of_another_kind_is_refused(old: str, new: str, message: str) -> None:
    found = findings(replaced((old, new), text=PROCESS))
    assert [finding.rule for finding in found] == ["expressions"]
    assert message in found[0].message


def test_a_value_that_comes_only_later_is_refused() -> None:
    later = replaced(
        ('sourceRef="start" targetRef="scope"', 'sourceRef="start" targetRef="which"'),
        ('sourceRef="scope" targetRef="which"', 'sourceRef="scope" targetRef="end"'),
        ('sourceRef="met" targetRef="end"', 'sourceRef="met" targetRef="scope"'), text=PROCESS,
    )  # fmt: skip
    (found,) = findings(later)
    assert (found.rule, found.severity) == ("recorded_before", "error")
    assert "only later, at scope" in found.message


def test_nothing_is_computed_for_the_record_from_what_a_service_found_out() -> None:
    formula = '<mes:parameter id="n" name="N" type="int" uom="1" source="calc" formula="scope.entries"/>'
    found = findings(replaced((SIGNED, SIGNED + formula), text=PROCESS))
    assert [finding.rule for finding in found] == ["expressions"]


def test_a_decision_table_knows_their_kinds() -> None:
    known = around(Diagram.parse(PROCESS.encode()), "which")
    assert known.names is not None
    assert "scope.urgency" in known.names
    assert "scope.entries" in known.whole


def test_the_service_task_has_a_name_that_expressions_can_say() -> None:
    text = PROCESS.replace('"scope"', '"the-scope"').replace("scope.entries &gt; 3", "1 &lt; 2")
    root = read_xml(text.encode())
    lay_out(root)
    assert "no expression can say the-scope" in " ".join(f.message for f in check_diagram(etree.tostring(root)).findings)


def test_every_value_has_a_type() -> None:
    assert SERVICE_OUTPUTS.keys() <= SERVICES.keys()
    assert {kind for outputs in SERVICE_OUTPUTS.values() for kind in outputs.values()} <= set(PARAMETER_TYPES)
