"""A run as the actions see it: what is open, under which key, what an act changes, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import BudgetExceededError, EngineFaultError, StepNotOpenError, UnknownRoutingNameError
from engine.workflow import Change, OpenItem, Procedure, Run
from tests import drawings as d

ROW = d.process("begin > S1 > S2 > end")
CHOICE = d.process(
    "begin > S1 > x1; x1 > S2 if S1.n >= 100; x1 > S3 if S1.n >= 50; x1 > S4 else; S2 > x2; S3 > x2; S4 > x2; x2 > end"
)
PAIR = d.process("begin > p1 > S1 > p2 > S3 > end; p1 > S2 > p2")


def started(xml: bytes) -> Run:
    return Procedure.from_xml(xml).start()


def keys(change: Change) -> list[str]:
    return [item.key for item in change.opened]


def test_the_first_step_is_open_at_the_start() -> None:
    assert dict(started(ROW).open) == {"S1": OpenItem("S1", "S1", "step", "", ())}


def test_steps_follow_one_another_to_the_end() -> None:
    run = started(ROW)
    assert keys(run.complete("S1")) == ["S2"]
    assert run.outcome == ""
    assert run.complete("S2") == Change((), ())
    assert (dict(run.open), run.outcome) == ({}, "completed")


@pytest.mark.requirement("P11-13")
@pytest.mark.parametrize("key", ["S2", "S9", "", "S1[1]", "begin", "end", "Start", "Main"])
def test_nobody_completes_a_step_that_is_not_open(key: str) -> None:
    run = started(ROW)
    with pytest.raises(StepNotOpenError):
        run.complete(key)
    assert list(run.open) == ["S1"]
    assert keys(run.complete("S1")) == ["S2"]


@pytest.mark.requirement("P11-13")
def test_nobody_completes_a_step_twice() -> None:
    run = started(ROW)
    run.complete("S1")
    with pytest.raises(StepNotOpenError):
        run.complete("S1")


def test_a_step_is_not_fired_and_a_timer_is_not_completed() -> None:
    run = started(d.process("begin > p1 > S1 > p2 > end; p1 > T1 > p2", T1=d.wait("T1", "timer")))
    with pytest.raises(StepNotOpenError):
        run.fire("S1")
    with pytest.raises(StepNotOpenError):
        run.complete("T1")
    assert run.open["T1"].kind == "timer"


@pytest.mark.parametrize(("n", "follows"), [("100", "S2"), ("99.9", "S3"), ("50", "S3"), ("49.99", "S4"), ("-1", "S4")])
def test_a_recorded_value_decides_the_way(n: str, follows: str) -> None:
    assert keys(started(CHOICE).complete("S1", {"S1.n": Decimal(n)})) == [follows]


@pytest.mark.parametrize("name", ["S1.m", "S2.n", "n", "order.weight_kg", "S1", "day"])
def test_a_value_that_no_condition_reads_from_this_step_is_refused(name: str) -> None:
    run = started(CHOICE)
    with pytest.raises(UnknownRoutingNameError):
        run.complete("S1", {"S1.n": Decimal(1), name: Decimal(1)})
    assert keys(run.complete("S1", {"S1.n": Decimal(1)})) == ["S4"]


@pytest.mark.parametrize("value", [1.5, 1, [1], {"a": 1}, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_value_is_refused_before_anything_moves(value: object) -> None:
    run = started(CHOICE)
    with pytest.raises(EngineFaultError):
        run.complete("S1", {"S1.n": value})  # type: ignore[dict-item]
    assert keys(run.complete("S1", {"S1.n": Decimal(1)})) == ["S4"]


@pytest.mark.parametrize("values", [{}, {"S1.n": None}, {"S1.n": "many"}, {"S1.n": True}])
def test_a_decision_without_a_value_is_a_fault_and_the_run_is_unusable_afterwards(values: dict[str, str]) -> None:
    run = started(CHOICE)
    with pytest.raises(EngineFaultError):
        run.complete("S1", values)
    for act in (lambda: run.complete("S2"), lambda: run.fire("S2"), run.snapshot):
        with pytest.raises(EngineFaultError):
            act()


def test_branches_meet_whoever_comes_first() -> None:
    for first, second in (("S1", "S2"), ("S2", "S1")):
        run = started(PAIR)
        assert list(run.open) == ["S1", "S2"]
        assert run.complete(first) == Change((), ())
        assert keys(run.complete(second)) == ["S3"]


def test_values_of_the_order_decide_from_the_start() -> None:
    procedure = Procedure.from_xml(d.process("begin > x1; x1 > S1 if order.urgent; x1 > S2 else; S1 > end; S2 > end2"))
    assert procedure.routing_names == {"order.urgent"}
    assert list(procedure.start({"order.urgent": True}).open) == ["S1"]
    with pytest.raises(UnknownRoutingNameError):
        procedure.start({"order.weight_kg": Decimal(70)})


DAYS = d.sub("L", "begin2 > S1 > S2 > end2", d.loop("S2.again", first=3))
LOOP = d.process("begin > L > x1; x1 > S3 if S2.again; x1 > S4 else; S3 > end; S4 > end3", L=DAYS)


def test_each_iteration_has_keys_and_labels_of_its_own() -> None:
    run = started(LOOP)
    assert run.open["S1[1]"] == OpenItem("S1[1]", "S1", "step", "D3", (1,))
    run.complete("S1[1]")
    run.complete("S2[1]", {"S2.again": True})
    assert run.open["S1[2]"] == OpenItem("S1[2]", "S1", "step", "D4", (2,))


def test_after_a_loop_the_values_are_those_of_the_last_iteration() -> None:
    run = started(LOOP)
    for n, again in ((1, True), (2, False)):
        run.complete(f"S1[{n}]")
        change = run.complete(f"S2[{n}]", {"S2.again": again})
    assert keys(change) == ["S4"]


def test_a_value_of_the_last_iteration_is_not_recorded_yet_in_this_one() -> None:
    early = d.sub("L", "begin2 > x1; x1 > S1 if day == 1; x1 > x2 if S1.ok; x1 > x2 else; S1 > x2 > S2 > end2", d.loop("true"))
    run = started(d.process("begin > L > end", L=early))
    run.complete("S1[1]", {"S1.ok": True})
    with pytest.raises(EngineFaultError, match=r"S1\.ok"):
        run.complete("S2[1]")


def test_a_loop_stops_at_its_maximum() -> None:
    run = started(d.process("begin > L > S3 > end", L=d.sub("L", "begin2 > S1 > end2", d.loop("true", most=2))))
    run.complete("S1[1]")
    assert keys(run.complete("S1[2]")) == ["S3"]


def test_a_loop_tested_before_may_not_run_at_all() -> None:
    body = d.sub("L", "begin2 > S1 > end2", d.loop("day < 3", before=True))
    run = started(d.process("begin > L > S3 > end", L=body))
    assert [keys(run.complete(f"S1[{n}]")) for n in (1, 2, 3)] == [["S1[2]"], ["S1[3]"], ["S3"]]
    none = d.sub("L", "begin2 > S1 > end2", d.loop("order.urgent", before=True))
    procedure = Procedure.from_xml(d.process("begin > L > S3 > end", L=none))
    assert list(procedure.start({"order.urgent": False}).open) == ["S3"]


def test_loops_in_loops_count_from_the_outermost() -> None:
    inner = d.sub("M", "begin3 > S1 > end3", d.times("2"))
    xml = d.process("begin > L > end", L=d.sub("L", "begin2 > M > end2", d.loop("day < 6", first=5), M=inner))
    procedure = Procedure.from_xml(xml)
    run = procedure.start()
    run.complete("S1[1.1]")
    run.complete("S1[1.2]")
    item = run.open["S1[2.1]"]
    assert (item.label, item.iteration) == ("D6/W1", (2, 1))
    assert procedure.numbers(item) == {"day": Decimal(6), "part": Decimal(1)}


@pytest.mark.parametrize(("cardinality", "count"), [("3", 3), ("1 + 1", 2), ("0", 0)])
def test_a_multi_instance_activity_runs_as_often_as_it_says(cardinality: str, count: int) -> None:
    run = started(d.process("begin > L > S3 > end", L=d.sub("L", "begin2 > S1 > end2", d.times(cardinality))))
    for n in range(1, count + 1):
        assert list(run.open) == [f"S1[{n}]"]
        run.complete(f"S1[{n}]")
    assert list(run.open) == ["S3"]


@pytest.mark.parametrize("cardinality", ["1.5", "-1", "100000", '"two"', "true", "1 / 0"])
def test_a_number_of_iterations_that_is_none_is_a_fault(cardinality: str) -> None:
    xml = d.process("begin > L > S3 > end", L=d.sub("L", "begin2 > S1 > end2", d.times(cardinality)))
    with pytest.raises(EngineFaultError):
        started(xml)


def test_a_decision_that_ends_the_day_withdraws_the_work_beside_it() -> None:
    body = "begin2 > p1 > S1 > p2 > end2; p1 > S2 > x1; x1 > stop if S2.last; x1 > p2 else"
    day = d.sub("L", body, d.loop("not S2.last"), stop=d.stop("stop"))
    run = started(d.process("begin > L > S3 > end", L=day))
    change = run.complete("S2[1]", {"S2.last": True})
    assert (keys(change), change.withdrawn) == (["S3"], ("S1[1]",))


def test_a_terminate_end_of_the_process_withdraws_everything() -> None:
    body = d.sub("U", "begin2 > S2 > end2")
    xml = d.process("begin > p1 > S1 > stop; p1 > U > end; p1 > T > end3", U=body, T=d.wait("T", "timer"), stop=d.stop("stop"))
    run = started(xml)
    assert run.complete("S1") == Change((), ("S2", "T"))
    assert run.outcome == "terminated"


TERMINATED = d.process(
    "begin > U > S9 > end; B > stop",
    U=d.sub(
        "U",
        "begin2 > p1 > S1 > x1; x1 > out if S1.bad; x1 > p2 else; p1 > S2 > p2 > end2",
        out=d.event("endEvent", "out", "leave"),
    ),
    B=d.boundary("B", "leave", "U"),
    stop=d.stop("stop"),
)  # fmt: skip


def test_an_escalation_leaves_a_unit_procedure_and_ends_the_process() -> None:
    run = started(TERMINATED)
    assert run.complete("S1", {"S1.bad": True}).withdrawn == ("S2",)
    assert run.outcome == "terminated"


def test_without_the_escalation_the_unit_procedure_ends_as_usual() -> None:
    run = started(TERMINATED)
    run.complete("S1", {"S1.bad": False})
    assert keys(run.complete("S2")) == ["S9"]


def test_a_timer_that_interrupts_withdraws_the_step_and_one_that_does_not_leaves_it() -> None:
    events = {"B": d.boundary("B", "timer", "S1"), "C": d.boundary("C", "timer", "S1", interrupting=False)}
    run = started(d.process("begin > S1 > end; B > S2 > end2; C > S3 > end3", **events))
    assert (keys(run.fire("C")), list(run.open)) == (["S3"], ["S1", "B", "S3"])
    assert run.fire("B") == Change((run.open["S2"],), ("S1",))
    assert list(run.open) == ["S3", "S2"]


def test_a_completed_step_withdraws_its_timers() -> None:
    run = started(d.process("begin > S1 > S9 > end; B > S2 > end2", B=d.boundary("B", "timer", "S1")))
    assert run.complete("S1").withdrawn == ("B",)


def test_the_same_called_process_may_run_twice_at_once_with_values_of_its_own() -> None:
    own = d.called("Own", "begin9 > S1 > x1; x1 > S2 if S1.ok; x1 > S3 else; S2 > end9; S3 > end8")
    xml = d.process("begin > p1 > C1 > p2 > end; p1 > C2 > p2", own, C1=d.call("C1", "Own"), C2=d.call("C2", "Own"))
    run = started(xml)
    assert list(run.open) == ["C1/S1", "C2/S1"]
    assert keys(run.complete("C1/S1", {"S1.ok": True})) == ["C1/S2"]
    assert keys(run.complete("C2/S1", {"S1.ok": False})) == ["C2/S3"]


def test_what_a_called_process_recorded_is_known_to_the_caller_afterwards() -> None:
    own = d.called("Own", "begin9 > S1 > end9")
    run = started(d.process("begin > C1 > x1; x1 > S2 if S1.ok; x1 > S3 else; S2 > end; S3 > end3", own, C1=d.call("C1", "Own")))
    assert keys(run.complete("C1/S1", {"S1.ok": True})) == ["S2"]


def test_a_call_in_a_loop_begins_anew_although_the_last_one_was_withdrawn() -> None:
    own = d.called("Own", "begin9 > S1 > x1; x1 > S2 if S1.ok; x1 > end8 else; S2 > end9")
    body = "begin2 > p1 > C1 > p2 > end2; p1 > S5 > x2; x2 > stop if S5.last; x2 > p2 else"
    day = d.sub("L", body, d.loop("day < 3"), C1=d.call("C1", "Own"), stop=d.stop("stop"))
    run = started(d.process("begin > L > end", own, L=day))
    run.complete("C1/S1[1]", {"S1.ok": True})
    assert run.complete("S5[1]", {"S5.last": True}).withdrawn == ("C1/S2[1]",)
    assert keys(run.complete("C1/S1[2]", {"S1.ok": True})) == ["C1/S2[2]"]


def test_calls_that_double_at_each_level_are_stopped_by_the_budget() -> None:
    levels = [
        d.called(
            f"Own{n}",
            f"begin{n} > p{n}a > Ca{n} > p{n}b > end{n}; p{n}a > Cb{n} > p{n}b",
            **{name: d.call(name, f"Own{n + 1}") for name in (f"Ca{n}", f"Cb{n}")},
        )
        for n in range(30)
    ]
    last = d.called("Own30", "begin30 > S1 > end30")
    procedure = Procedure.from_xml(d.process("begin > C > end", *levels, last, C=d.call("C", "Own0")))
    with pytest.raises(BudgetExceededError):
        procedure.start()


def test_scripts_compute_routing_values_from_recorded_ones() -> None:
    lines = ("total = S1.n * 2", "much = total > 10")
    xml = d.process("begin > S1 > k1 > x1; x1 > S2 if much; x1 > S3 else; S2 > end; S3 > end3", k1=d.script("k1", *lines))
    assert keys(started(xml).complete("S1", {"S1.n": Decimal("5.5")})) == ["S2"]
    assert Procedure.from_xml(xml).routing_names == {"S1.n"}


def test_a_routing_value_is_written_once() -> None:
    scripts = {"k1": d.script("k1", "a = 1"), "k2": d.script("k2", "a = 2")}
    with pytest.raises(EngineFaultError, match="twice"):
        started(d.process("begin > k1 > k2 > S1 > end", **scripts))


def test_a_service_is_open_for_the_system_and_gives_values() -> None:
    run = started(d.process("begin > V1 > x1; x1 > S2 if V1.ok; x1 > S3 else; S2 > end; S3 > end3"))
    assert run.open["V1"].kind == "service"
    assert keys(run.complete("V1", {"V1.ok": True})) == ["S2"]


@pytest.mark.parametrize("kind", ["timer", "message"])
def test_a_process_may_begin_with_an_event(kind: str) -> None:
    run = started(d.process("go > S1 > end", go=d.event("startEvent", "go", kind)))
    assert [(item.key, item.kind) for item in run.open.values()] == [("go", kind)]
    assert keys(run.fire("go")) == ["S1"]


def test_a_step_that_never_reaches_a_person_ends_at_the_budget() -> None:
    body = d.sub("M", "begin3 > k1 > end3", d.loop("true", 1000, name="b"), k1=d.script("k1", "a = 1"))
    xml = d.process("begin > S1 > L > end", L=d.sub("L", "begin2 > M > end2", d.loop("true", 1000), M=body))
    run = started(xml)
    with pytest.raises(BudgetExceededError, match="20001 nodes"):
        run.complete("S1")


def test_a_run_that_stands_still_without_an_end_is_a_fault() -> None:
    run = started(d.process("begin > S1 > x1; x1 > p1 if S1.ok; x1 > x2 else; x2 > p1 > end"))
    with pytest.raises(EngineFaultError, match="no end"):
        run.complete("S1", {"S1.ok": True})


def test_a_step_that_would_be_open_twice_is_a_fault() -> None:
    with pytest.raises(EngineFaultError, match="twice"):
        started(d.process("begin > p1 > x1 > S1 > end; p1 > x1"))
