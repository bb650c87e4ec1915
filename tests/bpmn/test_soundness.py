"""The token game finds what can go wrong, says how to get there, and never guesses."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.diagram import Diagram
from bpmn.soundness import faults

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"><bpmn:process id="p" '
    'isExecutable="true"><bpmn:startEvent id="s"/>'
)
TAIL = "</bpmn:process></bpmn:definitions>"
TYPES = {"x": "exclusiveGateway", "a": "parallelGateway", "t": "userTask", "e": "endEvent", "s": "startEvent"}


def draw(ways, more=""):
    """A process from lines such as `s>x1 x1>t1`; the first letter of an id says what it is."""
    pairs = [way.split(">") for way in ways.split()]
    nodes = dict.fromkeys(name for pair in pairs for name in pair if name[0] in "xate")
    drawn = "".join(f'<bpmn:{TYPES[name[0]]} id="{name}"/>' for name in nodes)
    flows = "".join(f'<bpmn:sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(pairs))
    return Diagram.parse((HEAD + drawn + flows + more + TAIL).encode())


def boundary(name, host, *, interrupting):
    stops = "true" if interrupting else "false"
    return (
        f'<bpmn:boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity="{stops}">'
        "<bpmn:timerEventDefinition/></bpmn:boundaryEvent>"
    )


def terminate(name):
    return f'<bpmn:endEvent id="{name}"><bpmn:terminateEventDefinition/></bpmn:endEvent>'


def kinds(diagram):
    return {(fault.kind, fault.node_id) for fault in faults(diagram)}


BLOCK = "s>a1 a1>t1 a1>t2 t1>a2 t2>a2 a2>e"
NESTED = "s>a1 a1>x1 a1>t9 x1>t1 x1>t2 t1>x2 t2>x2 x2>a3 t9>a3 a3>e"
CROSSED = "s>a1 a1>t1 a1>t2 t1>a2 t2>a3 a2>a4 a3>a5 a2>a5 a3>a4 a4>a6 a5>a6 a6>e"


@pytest.mark.parametrize(
    "ways", ["s>e", "s>t1 t1>e", BLOCK, NESTED, CROSSED, "s>x1 x1>t1 x1>e t1>e", "s>a1 a1>t1 a1>t2 t1>e1 t2>e2"]
)
def test_a_sound_process_has_no_fault(ways):
    assert kinds(draw(ways)) == set()


def test_a_choice_into_a_parallel_join_stands_still_and_the_path_leads_there():
    found = [fault for fault in faults(draw("s>x1 x1>t1 x1>t2 t1>a1 t2>a1 a1>t3 t3>e")) if fault.kind == "deadlock"]
    assert [fault.node_id for fault in found] == ["a1"]
    assert found[0].path in {("s", "x1", "t1", "a1"), ("s", "x1", "t2", "a1")}
    assert "waits forever for" in found[0].message


def test_what_stands_behind_a_deadlock_can_never_happen():
    assert {node for kind, node in kinds(draw("s>x1 x1>t1 x1>t2 t1>a1 t2>a1 a1>t3 t3>e")) if kind == "dead_step"} == {"t3", "e"}


def test_branches_that_meet_without_a_join_pass_twice():
    found = faults(draw("s>a1 a1>t1 a1>t2 t1>x1 t2>x1 x1>t3 t3>e"))
    assert {(fault.kind, fault.node_id) for fault in found} == {("lack_of_synchronisation", "x1")}
    assert found[0].path.count("x1") == 2


def test_a_task_that_two_branches_lead_to_is_such_a_meeting():
    assert ("lack_of_synchronisation", "t3") in kinds(draw("s>a1 a1>t1 a1>t2 t1>t3 t2>t3 t3>t4 t4>e"))


def test_a_circle_without_a_way_out_is_a_livelock():
    found = [fault for fault in faults(draw("s>x1 x1>e x1>x2 x2>t1 t1>t2 t2>x2")) if fault.kind == "livelock"]
    assert len(found) == 1
    assert "x1" in found[0].path


def test_a_circle_with_a_way_out_is_none():
    assert kinds(draw("s>x1 x1>t1 t1>x2 x2>x1 x2>e")) == set()


def test_a_join_before_the_circle_closes_waits_forever():
    assert ("deadlock", "a1") in kinds(draw("s>a1 a1>t1 t1>x2 x2>a1 x2>e"))


def test_an_end_that_ends_everything_leaves_nobody_waiting():
    ways = "s>a1 a1>t1 a1>t2 t1>x1 x1>a2 x1>z t2>a2 a2>e"
    assert ("deadlock", "a2") in kinds(draw(ways.replace(">z", ">e9")))
    assert kinds(draw(ways, terminate("z"))) == set()


def test_an_interrupting_event_is_a_choice():
    ways = "s>a1 a1>t1 a1>t2 t1>a2 t2>a2 a2>e"
    assert kinds(draw(ways + " b>e9", boundary("b", "t1", interrupting=True))) >= {("deadlock", "a2")}
    assert kinds(draw(ways + " b>e9", boundary("b", "t1", interrupting=False))) == set()


def test_what_runs_beside_a_step_must_not_come_back_into_its_path():
    ways = "s>t1 t1>x1 b>t2 t2>x1 x1>t3 t3>e"
    assert ("lack_of_synchronisation", "x1") in kinds(draw(ways, boundary("b", "t1", interrupting=False)))
    assert kinds(draw(ways, boundary("b", "t1", interrupting=True))) == set()


def test_every_scope_is_played_on_its_own():
    inner = draw("s>x1 x1>t1 x1>t2 t1>a1 t2>a1 a1>e").xml.decode()
    inner = inner[inner.index("<bpmn:startEvent") : inner.index("</bpmn:process>")]
    xml = HEAD.replace('"s"', '"s0"') + f'<bpmn:subProcess id="u">{inner}</bpmn:subProcess><bpmn:endEvent id="e0"/>'
    xml += '<bpmn:sequenceFlow id="g1" sourceRef="s0" targetRef="u"/><bpmn:sequenceFlow id="g2" sourceRef="u" targetRef="e0"/>'
    assert {node for kind, node in kinds(Diagram.parse((xml + TAIL).encode())) if kind == "deadlock"} == {"a1"}


def in_time(diagram, seconds=2.0):
    began = time.process_time()
    found = kinds(diagram)
    assert time.process_time() - began < seconds
    return found


def test_a_chain_of_5000_steps_is_played_in_time():
    ways = " ".join(["s>t0", *(f"t{i}>t{i + 1}" for i in range(5000)), "t5000>e"])
    assert in_time(draw(ways)) == set()


@pytest.mark.parametrize("blocks", [16, 300])
def test_parallel_blocks_one_after_the_other_do_not_explode(blocks):
    ways = ["s>a0"]
    for i in range(blocks):
        ways += [f"a{i}>t{i}l", f"a{i}>t{i}r", f"t{i}l>ax{i}", f"t{i}r>ax{i}", f"ax{i}>a{i + 1}"]
    assert in_time(draw(" ".join([*ways, f"a{blocks}>e"]))) == set()


def test_sixteen_choices_beside_each_other_do_not_explode():
    ways = ["s>a1"]
    for i in range(16):
        ways += [f"a1>x{i}", f"x{i}>t{i}l", f"x{i}>t{i}r", f"t{i}l>xx{i}", f"t{i}r>xx{i}", f"xx{i}>a2"]
    assert in_time(draw(" ".join([*ways, "a2>e"]))) == set()


def test_sixteen_splits_that_each_just_end_do_not_explode():
    ways = ["s>a0", *(f"a{i}>a{i + 1} a{i}>t{i} t{i}>e{i}" for i in range(16)), "a16>e"]
    assert in_time(draw(" ".join(ways))) == set()


def test_fourteen_hold_time_events_that_just_end_do_not_explode():
    ways = ["s>t0", *(f"t{i}>t{i + 1} b{i}>e{i}" for i in range(14)), "t14>e"]
    events = "".join(boundary(f"b{i}", f"t{i}", interrupting=False) for i in range(14))
    assert in_time(draw(" ".join(ways), events)) == set()


def test_beyond_the_bound_the_answer_is_undecided_not_a_guess():
    ways = ["s>a0"]
    for i in range(12):
        j = (i + 1) % 12
        ways += [f"a0>x{i}", f"x{i}>aj{i}", f"x{i}>aj{j}", f"x{i}>am{i}", f"x{i}>am{j}", f"aj{i}>e{i}", f"am{i}>ef{i}"]
    found = in_time(draw(" ".join(ways)), seconds=5)
    assert ("undecided", "s") in found
    assert not any(kind == "dead_step" for kind, _ in found)


def random_ways(seed):
    """A random process without circles: joins, choices and tasks in a row, flows only forward."""
    pick = random.Random(seed)
    names = ["s", *(f"{pick.choice('xxaat')}{i}" for i in range(pick.randint(2, 7))), "e"]
    ways = set()
    for place, name in enumerate(names[1:], 1):
        ways.add((pick.choice([n for n in names[:place] if n[0] in "xas"] or ["s"]), name))
    for _ in range(pick.randint(0, 6)):
        a, b = sorted(pick.sample(range(len(names)), 2))
        if names[a][0] in "xa":
            ways.add((names[a], names[b]))
    for place, name in enumerate(names[:-1]):
        if not any(a == name for a, _ in ways):
            ways.add((name, pick.choice(names[place + 1 :])))
    first = [way for way in sorted(ways) if way[0] == "s"]
    return " ".join(f"{a}>{b}" for a, b in sorted(ways) if a != "s") + f" s>{first[0][1]}"


def play_everything(ways):
    """All runs in every order, token by token, with no folding: can one stand still, can a flow carry two tokens?"""
    pairs = [tuple(way.split(">")) for way in ways.split()]
    outs = {n: [p for p in pairs if p[0] == n] for pair in pairs for n in pair}
    ins = {n: [p for p in pairs if p[1] == n] for n in outs}
    first = tuple(sorted(outs["s"]))
    seen, waiting, stuck, twice = {first}, [first], False, False
    while waiting:
        state = waiting.pop()
        following = []
        for flow in set(state):
            node = flow[1]
            if node == "e":
                continue
            if node[0] == "a":
                if all(way in state for way in ins[node]):
                    following.append((ins[node], outs[node]))
            else:
                following += [([flow], [out]) for out in outs[node]] or [([flow], [])]
        stuck |= not following and any(flow[1] != "e" for flow in state)
        for taken, new in following:
            rest = list(state)
            for flow in taken:
                rest.remove(flow)
            after = tuple(sorted([*rest, *new]))
            if len(set(after)) < len(after):
                twice = True
            elif after not in seen:
                seen.add(after)
                waiting.append(after)
    return stuck, twice


@settings(max_examples=600)
@given(st.integers(0, 10**9))
def test_folding_and_ordering_never_change_the_answer(seed):
    ways = random_ways(seed)
    stuck, twice = play_everything(ways)
    found = {fault.kind for fault in faults(draw(ways))}
    assert ("lack_of_synchronisation" in found) == twice
    if not twice:
        assert ("deadlock" in found) == stuck
