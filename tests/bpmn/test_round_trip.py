"""Opened and saved in our editor, or in any BPMN modeler, a diagram says the same as before."""

from __future__ import annotations

import pytest

from bpmn.reading import DiagramError, read_xml
from tests.bpmn.round_trips import differences, meaning, written_by_the_editor
from tests.recipes import random_recipe
from tests.services import ROOT

RANDOM = 100

FOREIGN = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:mes="urn:batchwright:mes:1"
  xmlns:acme="urn:acme:modeler" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:x"
  acme:version="7.20" exporter="Acme">
 <bpmn:process id="p" isExecutable="true" acme:colour="warm">
  <bpmn:documentation>Two
lines, and &lt;brackets&gt;</bpmn:documentation>
  <bpmn:extensionElements>
   <acme:properties><acme:property name="cost">12.50</acme:property><acme:property name="owner"/></acme:properties>
   <mes:recipe id="p" revision="1" title="Æther &amp; Öl &#8804; 5&#10;second line">
    <mes:holdTime id="H1" from="S1.end" to="S1.end" nor="1.50" par="2.00" uom="h" select="next"/>
   </mes:recipe>
  </bpmn:extensionElements>
  <bpmn:startEvent id="s"/>
  <bpmn:userTask id="S1" name="S1 Weigh" acme:assignee="bench 3">
   <bpmn:extensionElements>
    <acme:form key="f">
     <acme:field><![CDATA[a < b & c]]></acme:field>tail</acme:form>
    <mes:step title="Weigh" instruction="First&#10;then&#9;second">
     <mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>
     <mes:equipment class="balance"/>
     <mes:parameter id="g" name="Mass" type="num" uom="g" norLow="7.20" norHigh="7.50" exclusive="nor_high"
      optional="true">
      <mes:origin file="batch.docx" place="table 2, row 7" text="7.20 to &lt; 7.50"/></mes:parameter></mes:step>
   </bpmn:extensionElements>
  </bpmn:userTask>
  <bpmn:endEvent id="e"/>
  <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="S1"/><bpmn:sequenceFlow id="f2" sourceRef="S1" targetRef="e"/>
 </bpmn:process>
</bpmn:definitions>"""


@pytest.fixture(scope="module")
def diagrams() -> dict[str, bytes]:
    """Every diagram of the tests and of the product that can be read at all, and random ones."""
    found = {}
    for folder in (ROOT / "tests" / "data", ROOT / "bpmn" / "processes"):
        for file in sorted(folder.rglob("*.bpmn")):
            try:
                read_xml(data := file.read_bytes())
                data.decode("utf-8")
            except (DiagramError, UnicodeDecodeError):
                continue
            found[str(file.relative_to(ROOT))] = data
    return found | {f"random recipe {seed}": random_recipe(seed, 1 + seed % 25) for seed in range(RANDOM)}


@pytest.mark.parametrize("stock", [False, True], ids=["our editor", "a modeler that knows only BPMN"])
def test_a_diagram_says_the_same_after_it_was_opened_and_saved(diagrams, stock):
    answers = written_by_the_editor(diagrams, stock=stock)
    lost = {
        name: changes
        for name, answer in answers.items()
        if not answer["unread"] and (changes := differences(meaning(diagrams[name]), meaning(answer["xml"])))
    }
    assert lost == {}
    assert sum(not answer["unread"] for answer in answers.values()) > RANDOM


def test_what_the_editor_cannot_read_is_told_before_it_is_lost(diagrams):
    told = {name for name, answer in written_by_the_editor(diagrams).items() if answer["unread"]}
    assert {"tests/data/bad_diagrams/b11_dup_task_id.bpmn", "tests/data/bad_diagrams/b47_loop_nan.bpmn"} <= told
    assert not any(name.startswith(("bpmn/", "random")) for name in told)


def test_other_vendors_data_and_every_character_survive():
    answer = written_by_the_editor({"foreign": FOREIGN.encode()})["foreign"]
    assert differences(meaning(FOREIGN), meaning(answer["xml"])) == []


def test_a_modeler_that_knows_only_bpmn_keeps_our_data_and_other_vendors():
    without_tab = FOREIGN.replace("&#9;", " ")  # bpmn-js makes a blank of a tab
    answer = written_by_the_editor({"foreign": without_tab.encode()}, stock=True)["foreign"]
    assert differences(meaning(without_tab), meaning(answer["xml"])) == []


def test_the_comparison_sees_a_lost_limit_a_moved_shape_and_a_lost_vendor_element():
    said = meaning(FOREIGN)
    for gone in ('norLow="7.20" ', '<acme:property name="owner"/>', "tail", 'select="next"', "&#9;"):
        assert gone in FOREIGN
        assert differences(said, meaning(FOREIGN.replace(gone, "", 1))), gone
    bounds = '<dc:Bounds xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" x="{}"/>'
    assert differences(meaning(bounds.format("10")), meaning(bounds.format("11")))
    assert not differences(meaning(bounds.format("10")), meaning(bounds.format("10.0")))
