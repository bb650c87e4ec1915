"""Files made to exhaust the reader: each is answered within 2 seconds of processor time and 300 MB of memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAD = (
    '<bpmn:definitions id="d" xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:mes="urn:batchwright:mes:1">'
    '<bpmn:process id="p" isExecutable="true"><bpmn:extensionElements><mes:recipe id="R" revision="1"/>'
    "</bpmn:extensionElements>"
)
TAIL = "</bpmn:process></bpmn:definitions>"
SIGNED = '<mes:signature code="P" roles="MFG_OP" meanings="performed_by"/>'
PARAMETER = (
    '<mes:parameter id="x{}" name="Weight" type="num" uom="g" norLow="2" norHigh="8" parLow="1" parHigh="10"'
    ' class="CPP" limitAction="block" why="The dose depends on it."/>'
)


def task(number, extensions):
    inner = f"<bpmn:extensionElements><mes:step instruction=\"Do it.\">{SIGNED}{extensions}</mes:step></bpmn:extensionElements>"
    return f'<bpmn:userTask id="S{number}" name="Step">{inner}</bpmn:userTask>'


def chain(length, extensions=""):
    names = ["s", *(f"S{i}" for i in range(length)), "e"]
    tasks = "".join(task(i, extensions) for i in range(length))
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{i}" sourceRef="{names[i]}" targetRef="{names[i + 1]}"/>' for i in range(length + 1)
    )
    return HEAD + '<bpmn:startEvent id="s"/>' + tasks + '<bpmn:endEvent id="e"/>' + flows + TAIL


def dmn(rules):
    rule = '<rule><inputEntry><text>"a"</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>'
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        f'<decision id="t"><decisionTable>{rule * rules}</decisionTable></decision></definitions>'
    )


PARAMETERS = "".join(PARAMETER.format(i) for i in range(5))


def described(size):
    return f"{HEAD}<bpmn:documentation>{'x' * size}</bpmn:documentation>{TAIL}"


def named(size):
    return f'{HEAD}<bpmn:userTask id="a" name="{"x" * size}"/>{TAIL}'


def crossing(width):
    """Parallel branches that each choose between their own join and the next branch's."""
    nodes, ways = ["startEvent s", "parallelGateway fork"], [("s", "fork")]
    for i in range(width):
        j = (i + 1) % width
        nodes += [f"exclusiveGateway x{i}", f"parallelGateway j{i}", f"parallelGateway m{i}", f"endEvent e{i}"]
        ways += [("fork", f"x{i}"), *((f"x{i}", f"{kind}{k}") for kind in "jm" for k in (i, j))]
        ways += [(f"j{i}", f"e{i}"), (f"m{i}", f"e{i}")]
    drawn = "".join(f'<bpmn:{node.split()[0]} id="{node.split()[1]}"/>' for node in nodes)
    flows = "".join(f'<bpmn:sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(ways))
    return HEAD + drawn + flows + TAIL


HUGE = {
    "200 parallel branches that cross": (lambda: crossing(200), "undecided"),
    "documentation of 50 MB": (lambda: described(50_000_000), "xml_size"),
    "documentation of 39 MB": (lambda: described(39_000_000), "xml_size"),
    "a node of 50 MB": (lambda: named(50_000_000), "xml_size"),
    "a node of 39 MB": (lambda: named(39_000_000), "xml_size"),
    "100,000 levels": (lambda: HEAD + '<bpmn:subProcess id="a">' * 100_000, "xml_depth"),
    "100,000 attributes": (
        lambda: HEAD + "<bpmn:task " + " ".join(f'a{i}="1"' for i in range(100_000)) + "/>" + TAIL,
        "xml_size",
    ),
    "an id of 1 MB": (lambda: f'{HEAD}<bpmn:userTask id="{"x" * 1_000_000}"/>{TAIL}', "identifiers"),
    "a chain of 10,000": (lambda: chain(10_000), "size"),
    "a chain of 10,000 with parameters": (lambda: chain(10_000, PARAMETERS), "size"),
    "a table of 10,000 rules": (lambda: dmn(10_000), "schema"),
    "2,000,000 comments": (lambda: HEAD + "<!---->" * 2_000_000 + TAIL, "xml_size"),
    "2,000,000 elements": (lambda: HEAD + "<bpmn:a/>" * 2_000_000 + TAIL, "xml_size"),
    "280,000 nodes": (
        lambda: HEAD + "".join(f'<bpmn:userTask id="a{i}"/>' for i in range(280_000)) + TAIL,
        "size",
    ),
    "50,000 parameters": (lambda: chain(1, "".join(PARAMETER.format(i) for i in range(50_000))), "size"),
    "a formula of 30 MB": (
        lambda: chain(1, "".join(PARAMETER.format(i).replace('"8"', f'"{"-" * 1999}8"') for i in range(15_000))),
        "size",
    ),
    "15,000 gateways that nothing leads to": (
        lambda: chain(1).replace(TAIL, "".join(f'<bpmn:exclusiveGateway id="g{i}"/>' for i in range(15_000)) + TAIL),
        "reachability",
    ),
}  # fmt: skip

MEASURE = """
import json, re, resource, sys, time
from pathlib import Path
from bpmn.checks import check_diagram
data = sys.stdin.buffer.read()
began = time.process_time()
report = check_diagram(data)
seconds = time.process_time() - began
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss would count what the process that started this one had used
    megabytes = int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text()).group(1)) / 1024
else:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, megabytes, report.ok, sorted({finding.rule for finding in report.findings})]))
"""


def measure(xml):
    """Seconds and megabytes of a process of its own that does nothing else, whether it accepts, and the rules."""
    done = subprocess.run([sys.executable, "-c", MEASURE], input=xml.encode(), capture_output=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_file_is_refused_in_time_and_memory(name):
    make, rule = HUGE[name]
    seconds, megabytes, ok, rules = measure(make())
    assert not ok
    assert rule in rules
    assert seconds < 2
    assert megabytes < 300


def test_a_recipe_of_5000_steps_is_read_and_checked_in_a_few_seconds():
    seconds, megabytes, ok, rules = measure(chain(5_000, PARAMETERS))
    assert ok
    assert set(rules) <= {"names", "second_person"}  # all its steps are alike
    assert seconds < 10
    assert megabytes < 300
