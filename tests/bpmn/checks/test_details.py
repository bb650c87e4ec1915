"""What single checks look at beyond their right and wrong diagram."""

from pathlib import Path

import pytest

import bpmn
from bpmn.checks import check_diagram

DATA = Path(__file__).parents[2] / "data" / "checks"
TIMER = "<bpmn:timerEventDefinition>"


def findings(rule, *replacements):
    """The findings of the right diagram of a rule, after changing its text."""
    xml = (DATA / rule / "right.bpmn").read_text()
    for old, new in replacements:
        assert old in xml
        xml = xml.replace(old, new)
    return check_diagram(xml.encode()).findings


def messages(rule, *replacements):
    return [finding.message for finding in findings(rule, *replacements) if finding.rule == rule]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("x /", "ends too early"),
        ("x and true", "true or false is needed"),
        ("'a'", "is a text, not a number"),
        ("hours(end - start)", ""),
        ("hours(S01.end - order.nothing)", "order.nothing is not known"),
        ("previous.x", "previous.x is not known"),
        ("x if S01.x > 1 else 'no'", "a number else a text"),
        ("y + 1", "needs its own result"),
        ("__import__('os').system('id')", "has no meaning here"),
    ],
)
def test_a_formula_has_a_meaning_and_a_kind(formula, message):
    found = messages("expressions", ("x / 2", formula))
    assert len(found) == (1 if message else 0)
    assert all(message in text for text in found)


@pytest.mark.parametrize("condition", ["S01.x", "S01.x &gt; 'a'", "x &gt; 1", "import os"])
def test_a_condition_is_true_or_false_of_names_known_at_the_gateway(condition):
    assert messages("default_flow", ("S01.x &gt; 1", condition)) == []
    assert [f.rule for f in findings("default_flow", ("S01.x &gt; 1", condition))] == ["expressions"]


def test_inside_a_loop_its_number_and_the_previous_iteration_are_known():
    assert findings("loops", ("S01.x &lt; 5", "S01.x &lt; 5 and day &lt; 12")) == ()
    assert findings("loops", ('uom="g"/>', 'uom="g"/><mes:parameter id="y" name="Y" type="num" uom="g"'
                              ' source="calc" formula="x - previous.x + day"/>')) == ()  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('loopMaximum="10"', 'loopMaximum="abc"'),
        (' loopMaximum="10"', ""),
        ("<bpmn:loopCondition>S01.x &lt; 5</bpmn:loopCondition>", ""),
        ('previous=""', 'previous="S99"'),
    ],
)
def test_a_loop_is_bounded_and_has_a_condition(old, new):
    assert messages("loops", ('name="day"', 'name="day" previous=""'), (old, new))


@pytest.mark.parametrize(
    ("cardinality", "rule"),
    [("3", ""), ("S00.n", ""), ("0", "loops"), ("2.5", "loops"), ("10 ** 12", "loops"), ("S00.word", "expressions"),
     ("several", "expressions"), ("open('f')", "loops"), ("", "loops")],
)  # fmt: skip
def test_a_number_of_iterations_is_a_whole_number_within_bounds(cardinality, rule):
    loop = (DATA / "loops" / "right.bpmn").read_text()
    begin, end = loop.index("<bpmn:standardLoop"), loop.index("</bpmn:standardLoopCharacteristics>")
    several = f'<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:loopCardinality>{cardinality}'
    several += "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    xml = loop[:begin] + several + loop[end + len("</bpmn:standardLoopCharacteristics>") :]
    step = '<mes:parameter id="n" name="N" type="int" uom="1"/><mes:parameter id="word" name="Word" type="text"/>'
    task = '<bpmn:userTask id="S00" name="Count"><bpmn:extensionElements><mes:step instruction="Count.">'
    task += '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>' + step
    task += "</mes:step></bpmn:extensionElements></bpmn:userTask>"
    xml = xml.replace('<bpmn:subProcess id="Days"', task + '<bpmn:subProcess id="Days"')
    xml = xml.replace('targetRef="Days"', 'targetRef="S00"')
    xml = xml.replace("</bpmn:process>", '<bpmn:sequenceFlow id="f" sourceRef="S00" targetRef="Days"/></bpmn:process>')
    found = {finding.rule for finding in check_diagram(xml.encode()).findings}
    assert found == ({rule} if rule else set()) or rule in found


@pytest.mark.parametrize(
    ("literal", "good"),
    [
        ("PT90M", True), ("P3D", True), ("P1Y2M3DT4H5M6.5S", True), ("P2W", True),
        ("-PT5M", False), ("P", False), ("PT", False), ("P0.5M", False), ("P999999999Y", False), ("PT0S", False),
        ("5", False),
    ],
)  # fmt: skip
def test_a_literal_duration_is_a_positive_one_of_at_most_ten_years(literal, good):
    found = messages("timers", (TIMER, f"{TIMER}<bpmn:timeDuration>{literal}</bpmn:timeDuration>"))
    assert (found == []) == good


@pytest.mark.parametrize(
    ("literal", "good"),
    [("2026-03-02T08:00:00Z", True), ("2026-03-02T08:00:00+01:00", True), ("2026-02-30T08:00:00Z", False),
     ("2026-03-02T08:00:00", False), ("tomorrow", False)],
)  # fmt: skip
def test_a_literal_instant_exists_and_has_a_zone(literal, good):
    found = messages("timers", (TIMER, f"{TIMER}<bpmn:timeDate>{literal}</bpmn:timeDate>"))
    assert (found == []) == good


@pytest.mark.parametrize("timer", ['due="S01.start" hold="H01"', "", 'hold="H99"'])
def test_a_timer_has_one_due_time_or_one_hold_time_of_the_recipe(timer):
    assert messages("timers", ('due="S01.start + hours(2)"', timer))


@pytest.mark.parametrize("due", ["hours(2)", "S01.start + 2", "now"])
def test_a_due_time_is_an_instant(due):
    assert [f.rule for f in findings("timers", ("S01.start + hours(2)", due))] == ["expressions"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('from="S01.start"', 'from="S99.start"'),
        ('to="S01.end"', 'to="S01.finish"'),
        ('to="S01.end"', 'to="S01.end S01.start"'),
        ('uom="min"', 'uom="g"'),
        ('nor="60"', 'nor="soon"'),
        ('nor="60"', 'nor="-1"'),
        ('uom="min"', 'uom="min" kind="min"'),
    ],
)
def test_a_hold_time_runs_between_events_in_a_unit_of_time_within_ordered_limits(old, new):
    assert messages("hold_times", (old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id="x"', 'id="start"'),
        ('id="x"', 'id="2x"'),
        ('id="x"', 'id="аpprove"'),
        ('type="num"', 'type="choice"'),
        ('uom="g"', 'uom="g" formula="1 + 1"'),
        ('uom="g"', 'uom="g" limitAction="block"'),
        ('type="num" uom="g"', 'type="text" qualifier="true"'),
    ],
)
def test_a_parameter_that_nobody_could_record_is_refused(old, new):
    assert messages("parameters", (old, new))


@pytest.mark.parametrize(
    ("kind", "limits", "good"),
    [
        ('type="bool"', 'norLow="true" norHigh="true"', True),
        ('type="bool"', 'norLow="yes"', False),
        ('type="bool"', 'norLow="true" norHigh="false"', False),
        ('type="num" uom="g"', 'norLow="1e2" parHigh="50"', False),
        ('type="num" uom="C"', 'norLow="-90" norHigh="-65" parLow="-90" parHigh="-60"', True),
        ('type="num" uom="g"', 'norLow="S01.y * 2" norHigh="1"', True),
    ],
)
def test_limits_are_in_order_where_they_are_plain_numbers(kind, limits, good):
    parameter = f'<mes:parameter id="x" name="X" {kind} {limits}/><mes:parameter id="y" name="Y" type="num" uom="g"/>'
    text = (DATA / "limits" / "right.bpmn").read_text()
    begin, end = text.index("<mes:parameter"), text.index("/>", text.index("<mes:parameter")) + 2
    found = check_diagram((text[:begin] + parameter + text[end:]).encode()).findings
    assert (found == ()) == good


@pytest.mark.parametrize("identifier", ["Start", "Root", "a b", "a'b", "../x", "a.b", "1a", "аpprove", "x" * 101, ""])
def test_an_id_that_could_be_mistaken_or_misused_is_refused(identifier):
    assert messages("identifiers", ('id="finish"', f'id="{identifier}"'), ('="finish"', f'="{identifier}"'))


def test_two_steps_whose_ids_look_alike_are_refused():
    assert "looks like" in messages("identifiers", *twin("S0l"))[0]
    assert not messages("identifiers", *twin("S02"))


def twin(name):
    """A second step of that id, after S01."""
    xml = (DATA / "identifiers" / "right.bpmn").read_text()
    task = xml[xml.index("<bpmn:userTask") : xml.index("</bpmn:userTask>") + len("</bpmn:userTask>")]
    flow = f'<bpmn:sequenceFlow id="more" sourceRef="S01" targetRef="{name}"/>'
    return (
        ('sourceRef="S01"', f'sourceRef="{name}"'),
        ("</bpmn:userTask>", "</bpmn:userTask>" + task.replace("S01", name) + flow),
    )


def test_a_due_time_may_count_working_days_and_a_hold_time_may_not():
    due, hold = 'due="S01.start + hours(2)"', 'hold="H01"'
    assert findings("timers", (due, f'{due} working="true"')) == ()
    assert "a hold time runs on every day" in " ".join(messages("timers", (due, f'{hold} working="true"')))


def test_what_a_change_needs_from_the_authorities_is_one_of_few_words():
    assert findings("parameters", ('uom="g"', 'uom="g" reporting="established"')) == ()
    (found,) = findings("parameters", ('uom="g"', 'uom="g" reporting="soon"'))
    assert (found.rule, found.what_to_do) == ("extensions", "write established or notify or annual")


PROCESSES = Path(bpmn.__file__).parent / "processes"


def of_change_control(old, new):
    xml = (PROCESSES / "change_control" / "CCP-001.bpmn").read_text()
    assert old in xml
    return [finding for finding in check_diagram(xml.replace(old, new).encode()).findings if finding.severity != "info"]


def test_behind_an_escalation_is_known_what_was_recorded_wherever_it_is_thrown():
    assert of_change_control("ROUTE.route", "ROUTE.route") == []  # thrown on three routes, all behind the table
    found = of_change_control('ROUTE.route == "emergency"</bpmn', 'APPROVE.verdict == "return"</bpmn')
    assert {finding.rule for finding in found} == {"recorded_before"}
    assert all("APPROVE" in finding.message for finding in found)


@pytest.mark.parametrize(("due", "good"), [("hours(4)", True), ("days(1) + hours(2)", True), ("4", False), ("'soon'", False)])
def test_a_timer_of_a_process_is_due_at_an_instant_or_after_a_while(due, good):
    found = of_change_control('due="minutes(30)"', f'due="{due}"')
    assert [finding.rule for finding in found] == ([] if good else ["expressions"])
