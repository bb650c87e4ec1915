"""What the engine accepts and misreads is refused by name, with element and line, before it can run."""

from pathlib import Path

import pytest

from bpmn.checks import check_diagram

CHECKS = Path(__file__).parents[1] / "data" / "checks"
PLAIN = (CHECKS / "whitelist" / "right.bpmn").read_text()
LATE = (CHECKS / "timers" / "right.bpmn").read_text()
NESTED = (CHECKS / "event_codes" / "right.bpmn").read_text()
FINISH = '<bpmn:endEvent id="finish"/>'
BEGIN = '<bpmn:startEvent id="begin"/>'


def end(definition):
    return (FINISH, f'<bpmn:endEvent id="finish">{definition}</bpmn:endEvent>')


def start(definition):
    return (BEGIN, f'<bpmn:startEvent id="begin">{definition}</bpmn:startEvent>')


def middle(event):
    """An event on the way from the step to the end."""
    flow = '<bpmn:sequenceFlow id="f_m" sourceRef="middle" targetRef="finish"/>'
    return ((FINISH, FINISH + event + flow), ('sourceRef="S01" targetRef="finish"', 'sourceRef="S01" targetRef="middle"'))


def instead(name, attributes=""):
    """Another element in the place of the user task."""
    begin, close = PLAIN.index("<bpmn:userTask"), PLAIN.index("</bpmn:userTask>") + len("</bpmn:userTask>")
    return ((PLAIN[begin:close], f'<bpmn:{name} id="S01" name="Step S01"{attributes}/>'),)


CATCH, THROW = "bpmn:intermediateCatchEvent", "bpmn:intermediateThrowEvent"
MISREAD = {
    "link throw": ("whitelist", "middle", middle(f'<{THROW} id="middle"><bpmn:linkEventDefinition name="l"/></{THROW}>')),
    "link catch": ("whitelist", "middle", middle(f'<{CATCH} id="middle"><bpmn:linkEventDefinition name="l"/></{CATCH}>')),
    "compensation throw": (
        "whitelist", "middle", middle(f'<{THROW} id="middle"><bpmn:compensateEventDefinition/></{THROW}>'),
    ),
    "signal throw": ("whitelist", "middle", middle(f'<{THROW} id="middle"><bpmn:signalEventDefinition/></{THROW}>')),
    "conditional catch": (
        "whitelist", "middle",
        middle(f'<{CATCH} id="middle"><bpmn:conditionalEventDefinition><bpmn:condition>1</bpmn:condition>'
               f"</bpmn:conditionalEventDefinition></{CATCH}>"),
    ),
    "signal end": ("whitelist", "finish", [end("<bpmn:signalEventDefinition/>")]),
    "error end": ("whitelist", "finish", [end("<bpmn:errorEventDefinition/>")]),
    "cancel end": ("whitelist", "finish", [end("<bpmn:cancelEventDefinition/>")]),
    "compensation end": ("whitelist", "finish", [end("<bpmn:compensateEventDefinition/>")]),
    "message end": ("whitelist", "finish", [end("<bpmn:messageEventDefinition/>")]),
    "two triggers": (
        "whitelist", "finish", [end("<bpmn:terminateEventDefinition/><bpmn:signalEventDefinition/>")],
    ),
    "error start": ("whitelist", "begin", [start("<bpmn:errorEventDefinition/>")]),
    "signal start": ("whitelist", "begin", [start("<bpmn:signalEventDefinition/>")]),
    "message start of a subprocess": (
        "whitelist", "u_begin",
        [('<bpmn:startEvent id="u_begin"/>', '<bpmn:startEvent id="u_begin"><bpmn:messageEventDefinition/></bpmn:startEvent>')],
    ),
    "event subprocess": ("whitelist", "UP1", [(' id="UP1"', ' id="UP1" triggeredByEvent="true"')]),
    "error boundary": ("whitelist", "stopped", [("bpmn:escalationEventDefinition escalationRef=\"stop\"/>\n    </bpmn:boundary",
                                                 "bpmn:errorEventDefinition/>\n    </bpmn:boundary")]),
    "escalation at a task": (
        "whitelist", "late", [("<bpmn:timerEventDefinition>", '<bpmn:escalationEventDefinition escalationRef="x"/>'),
                              ("</bpmn:timerEventDefinition>", "")],
    ),
    "several starts": ("start", "other", [(BEGIN, BEGIN + '<bpmn:startEvent id="other"/>')]),
    "a condition on a task's flow": (
        "conditions", "f_S01_finish",
        [('targetRef="finish"/>', 'targetRef="finish"><bpmn:conditionExpression>1 &gt; 2</bpmn:conditionExpression>'
          "</bpmn:sequenceFlow>")],
    ),
    "a flow without id": ("identifiers", "recipe", [(' id="f_S01_finish"', "")]),
    "the same id twice": ("identifiers", "begin", [('id="finish"', 'id="begin"')]),
    "complex gateway": ("whitelist", "S01", instead("complexGateway")),
    "inclusive gateway": ("whitelist", "S01", instead("inclusiveGateway")),
    "event gateway": ("whitelist", "S01", instead("eventBasedGateway")),
    "a plain task": ("whitelist", "S01", instead("task")),
    "business rule task without a table": ("decision_table", "S01", instead("businessRuleTask")),
    "send task": ("whitelist", "S01", instead("sendTask")),
    "receive task": ("whitelist", "S01", instead("receiveTask")),
    "ad-hoc subprocess": ("whitelist", "S01", instead("adHocSubProcess")),
    "transaction": ("whitelist", "S01", instead("transaction")),
    "compensation handler": ("whitelist", "S01", [(' id="S01"', ' id="S01" isForCompensation="true"')]),
    "a repeated task": (
        "whitelist", "S01", [("</bpmn:userTask>", '<bpmn:standardLoopCharacteristics loopMaximum="3"/></bpmn:userTask>')],
    ),
    "parallel instances": (
        "loops", "UP1",
        [('<bpmn:startEvent id="u_begin"/>', '<bpmn:startEvent id="u_begin"/><bpmn:multiInstanceLoopCharacteristics>'
          "<bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>")],
    ),
    "no isExecutable": ("process", "recipe", [(' isExecutable="true"', "")]),
    "a script language": (
        "expressions", "S01",
        [(old, new.replace("/>", ' scriptFormat="python"><bpmn:script>a = 1</bpmn:script></bpmn:scriptTask>'))
         for old, new in instead("scriptTask")],
    ),
    "a literal timer alone": ("timers", "late", [('<mes:timer due="S01.start + hours(2)"/>', ""), (
        "<bpmn:timerEventDefinition>", "<bpmn:timerEventDefinition><bpmn:timeDuration>PT5M</bpmn:timeDuration>")]),
    "a timer in cycles": ("timers", "late", [
        ("<bpmn:timerEventDefinition>", "<bpmn:timerEventDefinition><bpmn:timeCycle>R3/PT5M</bpmn:timeCycle>")]),
    "a padded lane reference": (
        "references", "l1",
        [(BEGIN, '<bpmn:laneSet id="ls"><bpmn:lane id="l1"><bpmn:flowNodeRef> S01 </bpmn:flowNodeRef></bpmn:lane>'
          "</bpmn:laneSet>" + BEGIN)],
    ),
    "a script before a task": (
        "foreign_extensions", "S01",
        [("</mes:step>", '</mes:step><s:preScript xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core">a = 1</s:preScript>')],
    ),
    "a flow back": ("cycle", "S01", [('sourceRef="S01" targetRef="finish"', 'sourceRef="S01" targetRef="S01"')]),
    "a message flow": (
        "whitelist", "mf",
        [("</bpmn:definitions>", '<bpmn:collaboration id="c"><bpmn:messageFlow id="mf" sourceRef="S01" targetRef="S01"/>'
          "</bpmn:collaboration></bpmn:definitions>")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISREAD)
def test_a_misread_construct_is_refused_naming_element_line_and_rule(name):
    rule, element_id, changes = MISREAD[name]
    xml = next(text for text in (PLAIN, LATE, NESTED) if all(old in text for old, _ in changes))
    for old, new in changes:
        xml = xml.replace(old, new, 1)
    report = check_diagram(xml.encode())
    assert not report.ok
    assert {finding.element_id for finding in report.findings if finding.rule == rule and finding.line} >= {element_id}


def test_the_diagrams_they_are_made_from_are_right():
    assert all(check_diagram(text.encode()).findings == () for text in (PLAIN, LATE, NESTED))
