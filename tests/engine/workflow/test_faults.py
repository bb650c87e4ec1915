"""What SpiffWorkflow 3.2.0 gets wrong, and what is done about it: refused with its place, or right here all the same."""

from __future__ import annotations

import copy
import itertools
import sys
import threading
import time
from pathlib import Path

import pytest

from bpmn.diagram import BPMN
from engine.errors import UnsupportedDiagramError
from engine.workflow import Procedure
from tests import drawings as d
from tests.recipes import random_recipe, random_run
from tests.small_recipes import sequence, step_ids
from tests.stock_engine import StockRun


def around(element: str, node: str) -> bytes:
    """A process with one element of its own between two steps."""
    return d.process(f"begin > S1 > {node} > S2 > end", **{node: element})


def bpmn(kind: str, name: str, inner: str = "", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{name}"{attributes}>{inner}</bpmn:{kind}>'


SIGNAL = "<bpmn:signalEventDefinition/>"
LINK = '<bpmn:linkEventDefinition name="l"/>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"
ERROR = "<bpmn:errorEventDefinition/>"
CONDITION = "<bpmn:conditionalEventDefinition><bpmn:condition>true</bpmn:condition></bpmn:conditionalEventDefinition>"
TIMER = "<bpmn:timerEventDefinition/>"
REPEATING = "<bpmn:timerEventDefinition><bpmn:timeCycle>R3/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>"
PARALLEL_INSTANCES = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
INNER = d.scope("begin2 > S3 > end2")

MISREAD: dict[str, bytes] = {
    "a task that is nobody's": around(bpmn("task", "N"), "N"),
    "a link throw": around(bpmn("intermediateThrowEvent", "N", LINK), "N"),
    "a link catch": around(bpmn("intermediateCatchEvent", "N", LINK), "N"),
    "a compensation throw": around(bpmn("intermediateThrowEvent", "N", COMPENSATE), "N"),
    "a compensation task": around(bpmn("userTask", "N", "", ' isForCompensation="true"'), "N"),
    "a signal catch": around(bpmn("intermediateCatchEvent", "N", SIGNAL), "N"),
    "a conditional catch": around(bpmn("intermediateCatchEvent", "N", CONDITION), "N"),
    "a message throw": around(bpmn("intermediateThrowEvent", "N", "<bpmn:messageEventDefinition/>"), "N"),
    "a timer that repeats": around(bpmn("intermediateCatchEvent", "N", REPEATING), "N"),
    "a catch of nothing": around(bpmn("intermediateCatchEvent", "N"), "N"),
    "two triggers of one event": around(bpmn("intermediateCatchEvent", "N", TIMER * 2), "N"),
    "a signal end": d.process("begin > S1 > N", N=bpmn("endEvent", "N", SIGNAL)),
    "an error end": d.process("begin > S1 > N", N=bpmn("endEvent", "N", ERROR)),
    "an error start": d.process("N > S1 > end", N=bpmn("startEvent", "N", ERROR)),
    "a signal start": d.process("N > S1 > end", N=bpmn("startEvent", "N", SIGNAL)),
    "a second start": d.process("begin > S1 > x1 > end; begin2 > x1"),
    "a timer start inside": around(d.sub("U", "N > S3 > end2", N=bpmn("startEvent", "N", TIMER)), "U"),
    "an event subprocess": d.process("begin > S1 > end", N=bpmn("subProcess", "N", INNER, ' triggeredByEvent="true"')),
    "a transaction": around(bpmn("transaction", "N", INNER), "N"),
    "an ad hoc subprocess": around(bpmn("adHocSubProcess", "N", INNER), "N"),
    "a call of nothing": around(bpmn("callActivity", "N"), "N"),
    "a call of itself": around(bpmn("callActivity", "N", "", ' calledElement="Main"'), "N"),
    "a call in a circle": d.process(
        "begin > N > end", d.called("Own", "begin2 > C > end2", C=d.call("C", "Main")), N=d.call("N", "Own")
    ),
    "a process that nobody calls": d.process("begin > S1 > end", d.called("N", "begin2 > S2 > end2")),
    "an inclusive gateway": around(bpmn("inclusiveGateway", "N"), "N"),
    "a complex gateway": around(bpmn("complexGateway", "N"), "N"),
    "an event gateway": around(bpmn("eventBasedGateway", "N"), "N"),
    "a complex gateway out of reach": d.process("begin > S1 > end", N=bpmn("complexGateway", "N")),
    "a condition on a flow out of a step": d.process("begin > S1 > S2 if S1.ok; S2 > end").replace(b"f1_S1_S2", b"N"),
    "two flows out of a step": d.process("begin > N > end; N > end2", N=bpmn("userTask", "N")),
    "a way without a condition": d.process("begin > x1; x1 > S1 else; x1 > S2; S1 > end; S2 > end2").replace(b"f2_x1_S2", b"N"),
    "a condition that is Python": around(d.sub("U", "begin2 > x1; x1 > S3 if print(1); x1 > end2 else; S3 > end3"), "U"),
    "a script that is Python": around(d.script("N", "import os"), "N"),
    "an empty script": around(bpmn("scriptTask", "N"), "N"),
    "a circle of flows": d.process("begin > x1 > N > x2; x2 > x1 if N.again; x2 > end else", N=bpmn("userTask", "N")),
    "a flow to itself": d.process("begin > x1 > N; N > N; N > end", N=bpmn("userTask", "N")),
    "parallel instances": around(bpmn("subProcess", "N", PARALLEL_INSTANCES + INNER), "N"),
    "a step that repeats itself": around(bpmn("userTask", "N", d.loop("true")), "N"),
    "a loop without an end": around(bpmn("subProcess", "N", "<bpmn:standardLoopCharacteristics/>" + INNER), "N"),
    "a path that stops": d.process("begin > S1 > end; x9 > N", N=bpmn("userTask", "N")),
    "a step out of reach": d.process("begin > S1 > x1 > end; N > x1", N=bpmn("userTask", "N")),
    "a flow out of an end": d.process("begin > S1 > N > S2 > end", N=bpmn("endEvent", "N")),
    "a boundary event on nothing": d.process("begin > S1 > end; N > end2", N=d.boundary("N", "timer", "S9")),
    "a boundary event on a gateway": d.process("begin > x1 > end; N > end2", N=d.boundary("N", "timer", "x1")),
    "an escalation awaited at a step": d.process("begin > S1 > end; N > end2", N=d.boundary("N", "leave", "S1")),
    "an error boundary": d.process("begin > S1 > end; N > end2", N=bpmn("boundaryEvent", "N", ERROR, ' attachedToRef="S1"')),
    "an escalation of nothing": d.process("begin > S1 > N", N=d.event("endEvent", "N", "nobody")),
    "a name that nothing gives": d.process("begin > x1; x1 > S1 if wrong; x1 > end else; S1 > end2").replace(b"f1_x1_S1", b"N"),
    "a flow into another scope": d.process("begin > U > end; S1 > N", U=d.sub("U", "begin2 > N > end2", N=bpmn("userTask", "N"))),
    "an id of the engine": d.process("begin > N > end", N=bpmn("userTask", "End")).replace(b'Ref="N"', b'Ref="End"'),
}  # fmt: skip


@pytest.mark.parametrize("name", MISREAD)
def test_what_the_library_would_misread_is_refused_by_name_and_line(name: str) -> None:
    with pytest.raises(UnsupportedDiagramError) as refused:
        Procedure.from_xml(MISREAD[name])
    assert refused.value.details["element"] in MISREAD[name].decode()
    assert "line" in refused.value.details


def test_elements_without_an_id_are_refused_not_dropped() -> None:
    """The library drops a flow without an id: the process runs no step and says it is complete."""
    whole = d.process("begin > S1 > end")
    for element in (b'id="f0_begin_S1" ', b'id="S1"', b'id="end"', b'id="Main" '):
        with pytest.raises(UnsupportedDiagramError):
            Procedure.from_xml(whole.replace(element, b"", 1))


def test_of_two_elements_with_one_id_neither_wins() -> None:
    with pytest.raises(UnsupportedDiagramError, match="twice"):
        Procedure.from_xml(d.process("begin > S1 > S2 > end").replace(b'userTask id="S2"', b'userTask id="S1"'))


@pytest.mark.parametrize("xml", [b"", b"no xml", b"<a/>", f'<definitions xmlns="{BPMN}"/>'.encode()])
def test_what_is_no_recipe_is_refused(xml: bytes) -> None:
    with pytest.raises(UnsupportedDiagramError):
        Procedure.from_xml(xml)


def test_a_process_marked_as_not_executable_is_refused() -> None:
    with pytest.raises(UnsupportedDiagramError):
        Procedure.from_xml(d.process("begin > S1 > end").replace(b'"true"', b'"false"'))


def test_a_run_changes_nothing_in_the_specification_that_all_batches_share() -> None:
    for seed in range(20):
        procedure = Procedure.from_xml(random_recipe(seed, 20))
        before = frozen(procedure)
        assert before == frozen(procedure)
        for _ in random_run(procedure, seed):
            pass
        assert frozen(procedure) == before


def frozen(procedure: Procedure) -> str:
    """Everything that the specifications hold, as text."""

    def text(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ",".join(f"{k}:{text(v)}" for k, v in value.items()) + "}"
        if isinstance(value, (list, tuple)):
            return "[" + ",".join(map(text, value)) + "]"
        if type(value).__module__.startswith(("SpiffWorkflow", "engine")) and hasattr(value, "__dict__"):
            name = getattr(value, "name", "")
            inner = {k: v for k, v in vars(value).items() if not k.startswith("_wf") and not hasattr(v, "_wf_spec")}
            return f"{type(value).__name__} {name} {text(inner)}" if not hasattr(value, "task_specs") else name
        return str(value)

    scopes = procedure._specification.scopes.values()
    return "\n".join(text(spec) for scope in scopes for spec in scope.task_specs.values())


def test_batches_of_one_revision_run_in_several_threads() -> None:
    procedure, results = Procedure.from_xml(random_recipe(11, 25)), []

    def one() -> None:
        results.append([run.snapshot() for _ in range(10) for _, run in random_run(procedure, 3)])

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(result == results[0] for result in results)


def test_a_join_in_a_loop_waits_for_both_in_whatever_order_they_come() -> None:
    """With a circle of flows the library's join fires early when the order changes between iterations."""
    body = d.sub("L", "begin2 > p1 > S1 > p2 > S3 > end2; p1 > S2 > p2", d.loop("true", most=4))
    procedure = Procedure.from_xml(d.process("begin > L > end", L=body))
    for orders in itertools.product([("S1", "S2"), ("S2", "S1")], repeat=4):
        run = procedure.start()
        for n, (first, second) in enumerate(orders, 1):
            run.complete(f"{first}[{n}]")
            assert list(run.open) == [f"{second}[{n}]"]
            run.complete(f"{second}[{n}]")
            run.complete(f"S3[{n}]")
        assert run.outcome == "completed"


INTERRUPTED = {
    "B": d.boundary("B", "leave", "U"),
    "C": d.boundary("C", "tell", "U", interrupting=False),
}
LEAVE = d.event("endEvent", "out", "leave")
TELL = d.event("intermediateThrowEvent", "throw", "tell")
AROUND = "begin > U > S2 > end; B > S3 > end3; C > S4 > end4"


def test_an_interrupted_scope_does_nothing_more() -> None:
    """The library lets it run on until it rests: what comes after the escalation is still thrown."""
    deeper = d.sub("W", "begin3 > out", out=LEAVE)
    xml = d.process(AROUND, U=d.sub("U", "begin2 > S1 > W > throw > end2", W=deeper, throw=TELL), **INTERRUPTED)
    stock, run = StockRun(xml, {}), Procedure.from_xml(xml).start()
    stock.complete("S1", {})
    run.complete("S1")
    assert stock.open == {"S3", "S4"}
    assert list(run.open) == ["S3"]


def test_a_branch_of_an_interrupted_scope_does_not_go_on_either() -> None:
    inner = d.sub("U", "begin2 > S1 > p1 > out; p1 > throw > end2", out=LEAVE, throw=TELL)
    outer = d.sub("O", "begin3 > U > end3; B > S3 > end4", U=inner, B=d.boundary("B", "leave", "U"))
    catch = d.boundary("C", "tell", "O", interrupting=False)
    run = Procedure.from_xml(d.process("begin > O > end; C > S4 > end5", O=outer, C=catch)).start()
    run.complete("S1")
    assert list(run.open) == ["S3"]


def test_an_escalation_reaches_no_handler_of_a_sibling() -> None:
    inner = d.sub("U", "begin2 > S1 > throw > S4 > end2", throw=d.event("intermediateThrowEvent", "throw", "leave"))
    other = d.sub("W", "begin3 > S2 > end3")
    catch = d.boundary("B", "leave", "W")
    xml = d.process("begin > p1 > U > p2 > end; p1 > W > x1 > p2; B > S3 > x1", U=inner, W=other, B=catch)
    run = Procedure.from_xml(xml).start()
    run.complete("S1")
    assert list(run.open) == ["S2", "S4"]


@pytest.mark.parametrize("blocks", [14, 30])
def test_parallel_blocks_in_series_do_not_explode(blocks: int) -> None:
    """Stock predicts 131,069 tasks for 14 blocks."""
    flows = ";".join(
        f"pa{n} > S{n}a > pb{n}; pa{n} > S{n}b > pb{n}" + (f"; pb{n} > pa{n + 1}" if n < blocks else f"; pb{n} > end")
        for n in range(1, blocks + 1)
    )
    run = Procedure.from_xml(d.process(f"begin > pa1; {flows}")).start()
    begun = time.thread_time()
    for n in range(1, blocks + 1):
        run.complete(f"S{n}b")
        run.complete(f"S{n}a")
    assert run.outcome == "completed"
    assert time.thread_time() - begun < 0.5


def test_five_thousand_steps_load_and_run_at_the_usual_recursion_limit() -> None:
    """Stock's parser ends at 400 to 500 steps, and beyond a depth of 1,000 its tasks vanish."""
    limit, procedure = sys.getrecursionlimit(), Procedure.from_xml(sequence(5000))
    run = procedure.start()
    for step in step_ids(5000):
        assert list(run.open) == [step]
        run.complete(step)
    assert run.outcome == "completed"
    assert sys.getrecursionlimit() == limit
    assert len(run.snapshot()) < 4096


def test_a_thousand_iterations_leave_nothing_behind() -> None:
    body = d.sub("L", "begin2 > S1 > end2", d.loop("true", most=1000))
    run = Procedure.from_xml(d.process("begin > L > end", L=body)).start()
    sizes = []
    for n in range(1, 1001):
        run.complete(f"S1[{n}]")
        sizes.append(len(run.snapshot()))
    assert run.outcome == "completed"
    assert max(sizes) < 600


def test_a_run_keeps_no_reference_to_what_it_was_given() -> None:
    values = {"S1.text": "on"}
    xml = d.process('begin > S1 > S2 > x1; x1 > S3 if S1.text == "on"; x1 > S4 else; S3 > end; S4 > end4')
    run = Procedure.from_xml(xml).start()
    given = copy.copy(values)
    run.complete("S1", given)
    given["S1.text"] = "off"
    assert [item.key for item in run.complete("S2").opened] == ["S3"]


def test_only_this_package_knows_the_library() -> None:
    root = Path(__file__).parents[3]
    files = [f for room in ("bpmn", "forms", "engine", "api", "web") for f in (root / room).rglob("*.py")]
    naming = {f.relative_to(root).parent.as_posix() for f in files if "SpiffWorkflow" in f.read_text(encoding="utf-8")}
    importing = {
        f.relative_to(root).parent.as_posix()
        for f in files
        if "import SpiffWorkflow" in f.read_text() or "from SpiffWorkflow" in f.read_text()
    }
    assert importing == {"engine/workflow"} <= naming
