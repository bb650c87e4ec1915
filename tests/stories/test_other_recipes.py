"""Recipes unlike the CAR-T one, from import to the end of a batch: each construct in the hands of people."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from engine import clock
from engine.actions.batches import resume_batch
from engine.actions.corrections import correct_value
from engine.actions.decisions import decide
from engine.actions.tasks import sign_task
from engine.actions.timers import fire_due, watch
from engine.errors import EntryRefusedError
from engine.queries.batches import live_state
from engine.queries.task_view import task_view
from engine.queries.trail import audit_trail
from engine.queries.worklist import worklist
from engine.records import Batch, DueTime, ExceptionRecord, ParameterValue
from tests.drawings import boundary, call, called, event, loop, script, sub, times, wait
from tests.stories.workshop import Workshop, number, recipe, step, timer

PARTS = v.OrderField("parts", "int", "Parts")
COLLECTED = v.OrderField("collected", "date_time", "Collected")
AT_FIVE = {"collected": "2026-03-02T05:00:00Z"}


def test_a_buffer_needs_no_patient_no_scan_no_equipment_and_one_signature(workshop: Workshop) -> None:
    workshop.run(recipe("begin > S1 > end", S1=step("S1", number("ph", "7.1..7.3", "7..7.4"))))
    workshop.do("S1", ph="7.2")
    assert (workshop.state, workshop.exceptions()) == ("COMPLETED", [])


def test_two_loops_in_one_another_number_their_iterations_and_compare_with_the_one_before(workshop: Workshop) -> None:
    growth = v.Parameter("growth", "Growth", "num", "1", source="calc", formula="n / previous.n")
    inner = sub("L2", "begin2 > S1 > end2", loop("hour < 2", most=5, label="H", name="hour"), S1=step("S1", number("n"), growth))
    outer = sub("L1", "begin1 > L2 > S2 > end1", loop("day < 2", most=5), L2=inner, S2=step("S2"))
    workshop.run(recipe("begin > S0 > L1 > end", S0=step("S0", number("n")), L1=outer))
    workshop.do("S0", n="1")
    for key, count in (("S1[1.1]", "2"), ("S1[1.2]", "6"), ("S2[1]", ""), ("S1[2.1]", "5"), ("S1[2.2]", "10"), ("S2[2]", "")):
        assert workshop.open == [key]
        workshop.do(key, n=count)
    assert workshop.value("S1[1.2]", "growth")["value"] == "3"
    assert workshop.value("S1[2.2]", "growth")["value"] == "2"
    assert workshop.state == "COMPLETED"


def test_the_order_says_how_many_parts_there_are(workshop: Workshop) -> None:
    parts = sub("L1", "begin1 > S1 > end1", times("order.parts"), S1=step("S1"))
    workshop.run(recipe("begin > L1 > end", L1=parts, header={"order_fields": (PARTS,)}), {"parts": "2"})
    workshop.do("S1[1]", "S1[2]")
    assert workshop.state == "COMPLETED"


def test_a_message_and_a_service_wait_on_the_worklist_for_a_person_who_says_what_came(workshop: Workshop) -> None:
    flows = "begin > S1 > M1 > V1 > C1 > end"
    more = called("Sub", "begin9 > S9 > M9 > end9", S9=step("S9"), M9=wait("M9", "message"))
    workshop.run(recipe(flows, more, M1=wait("M1", "message"), C1=call("C1", "Sub")))
    workshop.do("S1")
    assert [(i.task_key, i.act, i.mine) for i in worklist(workshop.site, workshop.crew["MFG_OP"][0])] == [("M1", "start", True)]
    seen = task_view(workshop.site, workshop.batch, "M1", workshop.crew["MFG_OP"][0])
    assert (seen["step"]["title"], seen["may_work"]) == ("Message: Letter 0", True)
    assert live_state(workshop.site, workshop.batch)["M1"]["state"] == "open"
    workshop.do("M1", "V1", "C1/S9", "C1/M9")
    assert workshop.state == "COMPLETED"
    assert {r["text"] for r in workshop.rows(ParameterValue)} == {"Letter 12 of the laboratory"}


def test_a_message_may_start_the_recipe_and_interrupt_a_step(workshop: Workshop) -> None:
    flows = "begin > S1 > end; M1 > S2 > end2"
    workshop.run(recipe(flows, begin=event("startEvent", "begin", "message"), M1=boundary("M1", "message", "S1")))
    workshop.do("begin")
    assert workshop.open == ["M1", "S1"]
    workshop.start("S1")
    workshop.do("M1")
    assert workshop.open == ["S2"]
    assert workshop.task("S1")["state"] == "withdrawn"
    assert ("S1", 13, "info") in workshop.exceptions()
    workshop.do("S2")
    assert workshop.state == "COMPLETED"


def test_the_way_is_chosen_by_choice_text_number_truth_and_time(workshop: Workshop) -> None:
    way = v.Parameter("way", "Way", "choice", choices=(v.Choice("on"), v.Choice("off"), v.Choice("out")))
    count, ok = v.Parameter("count", "Count", "int", "1"), v.Parameter("ok", "In order", "bool")
    asked = (way, v.Parameter("note", "Note", "text"), count, ok)
    flows = (
        'begin > S1 > x1; x1 > S2 if S1.way == "on"; x1 > S3 if S1.way == "off"; x1 > S4 else; S2 > x2; S3 > x2; S4 > x2;'
        'x2 > x3; x3 > S5 if S1.note == "red"; x3 > x4 else; S5 > x4;'
        'x4 > S6 if S1.count == 3 and not S1.ok; x4 > x5 else; S6 > x5;'
        'x5 > S7 if S1.end - S1.start >= minutes(1); x5 > end else; S7 > end2'
    )
    workshop.run(recipe(flows, S1=step("S1", *asked)))
    workshop.do("S1", way="off", note="red", count="3", ok="no")
    workshop.do("S3", "S5", "S6", "S7")
    assert workshop.state == "COMPLETED"


def test_a_timer_on_a_step_counts_from_its_start_and_in_a_loop_from_the_start_of_this_iteration(workshop: Workshop) -> None:
    flows = "begin1 > S1 > x1 > S2 > end1; late > x1"
    late = timer("boundaryEvent", "late", "S1.start + hours(2)", on="S1")
    days = sub("L1", flows, loop("day < 2", most=5), S1=step("S1"), S2=step("S2"), late=late)
    workshop.run(recipe("begin > L1 > end", L1=days))
    workshop.wait(hours=5)
    assert (workshop.open, watch(workshop.site)) == (["S1[1]"], [])
    workshop.do("S1[1]", "S2[1]")
    workshop.wait(hours=5)
    assert workshop.open == ["S1[2]"]
    workshop.start("S1[2]")
    workshop.wait(hours=1)
    assert workshop.open == ["S1[2]"]
    workshop.wait(hours=2)
    assert workshop.open == ["S2[2]"]
    assert workshop.exceptions() == [("S1[2]", 13, "info")]


FOUR = (
    v.Signature("P", ("MFG_OP",), ("performed_by",)), v.Signature("W", ("MFG_WIT",), ("witnessed_by",)),
    v.Signature("V", ("MFG_VER",), ("verified_by",)), v.Signature("Q", ("QA_FLR",), ("line_cleared_by",)),
)  # fmt: skip


def review(kind: str, *signatures: v.Signature) -> str:
    """S1 is made, reviewed by QA as S2 and disposed of as S3 by these."""
    qa = step("S2", kind="qa_review", signatures=(v.Signature("Q", ("QA_DISP",), ("reviewed_by_qa",)),))
    return recipe("begin > S1 > S2 > S3 > end", S2=qa, S3=step("S3", kind=kind, signatures=signatures))


def test_a_release_that_two_people_sign_takes_effect_with_the_second(workshop: Workshop) -> None:
    released = v.Signature("P", ("QA_DISP",), ("released_by", "rejected_by"))
    workshop.run(review("disposition", released, v.Signature("Q", ("QP",), ("certified_by_qp",))))
    workshop.do("S1", "S2")
    workshop.start("S3")
    workshop.act(sign_task, "QA_DISP", task_key="S3", meaning="released_by", proof=True)
    assert workshop.state == "QA_REVIEWED"
    workshop.act(sign_task, "QP", task_key="S3", meaning="certified_by_qp", proof=True)
    assert workshop.state == "COMPLETED"
    with workshop.site.read() as reader:
        assert reader.get(Batch, id=workshop.batch)["disposition"] == "released_by"


def test_a_step_with_four_signatures_takes_one_of_each(workshop: Workshop) -> None:
    late = v.Parameter("received", "Received", "date_time", after_end=True)
    workshop.run(recipe("begin > S1 > end", S1=step("S1", number("n"), late, signatures=FOUR)))
    workshop.start("S1")
    workshop.enter("S1", n="4")
    workshop.sign("S1")
    assert workshop.task("S1")["state"] == "performed"
    workshop.enter("S1", received=clock.text(clock.now()))
    assert workshop.state == "COMPLETED"


def test_limits_that_are_other_steps_values_judge_or_say_that_they_could_not(workshop: Workshop) -> None:
    judged = number("m", nor="0..S1.n", par="0..S1.n * 2")
    first = step("S1", number("n", qualifier=True))
    workshop.run(recipe("begin > S1 > S2 > S3 > end", S1=first, S2=step("S2", judged), S3=step("S3", judged)))
    workshop.do("S1", n="10")
    workshop.do("S2", m="11")
    assert workshop.exceptions() == [("S2", 17, "minor")]
    workshop.act(correct_value, "MFG_OP", value_id=workshop.value("S1", "n")["id"], text="<10", reason="Below the range.")
    workshop.start("S3")
    workshop.enter("S3", m="5")
    assert [e[0] for e in workshop.exceptions()].count("S3") == 1
    assert workshop.value("S3", "m")["judgement"] not in ("ok", "recorded")


def test_an_open_bound_on_either_side_and_every_action_on_every_type(workshop: Workshop) -> None:
    lone = number("lone", nor="2..", par="", limit_action="block")
    wide = number("wide", nor="", par="..9", limit_action="flag")
    closed: dict[str, Any] = dict.fromkeys(("nor_low", "nor_high", "par_low", "par_high"), "true")
    seal = v.Parameter("seal", "Seal", "bool", limit_action="stop", **closed)
    workshop.run(recipe("begin > S1 > S2 > end", S1=step("S1", lone, wide), S2=step("S2", seal)))
    workshop.do("S1", lone="1", wide="10")
    assert workshop.exceptions() == [("S1", 17, "minor"), ("S1", 4, "major")]
    workshop.start("S2")
    workshop.enter("S2", seal="no")
    assert (workshop.task("S2")["blocked"], workshop.task("S2")["stopped"]) == (1, 1)


def test_a_parameter_that_is_asked_for_only_sometimes(workshop: Workshop) -> None:
    second = step("S2", number("more", when="S1.n > 5"), number("m"))
    workshop.run(recipe("begin > S1 > S2 > end", S1=step("S1", number("n")), S2=second))
    workshop.do("S1", n="5")
    workshop.start("S2")
    with pytest.raises(EntryRefusedError, match="not asked for"):
        workshop.enter("S2", more="1")
    workshop.enter("S2", m="1")
    workshop.sign("S2")
    assert workshop.state == "COMPLETED"


def test_parallel_within_parallel_waits_for_everybody(workshop: Workshop) -> None:
    flows = "begin > p1; p1 > S1 > p4; p1 > p2; p2 > S2 > p3; p2 > S3 > p3; p3 > p4; p4 > S4 > end"
    workshop.run(recipe(flows))
    assert workshop.open == ["S1", "S2", "S3"]
    workshop.do("S3", "S1")
    assert workshop.open == ["S2"]
    workshop.do("S2", "S4")
    assert workshop.state == "COMPLETED"


def test_an_escalation_leaves_a_subprocess_and_withdraws_the_rest_of_it(workshop: Workshop) -> None:
    inner = sub("L1", "begin1 > p1; p1 > S1 > x1; x1 > out if S1.n > 5; x1 > x2 else; x2 > p2; p1 > S2 > p2; p2 > end1",
                S1=step("S1", number("n")), S2=step("S2"), out=event("endEvent", "out", "leave"))
    workshop.run(recipe("begin > L1 > S3 > end; gone > S4 > end2", L1=inner, gone=boundary("gone", "leave", "L1")))
    workshop.start("S2")
    workshop.do("S1", n="6")
    assert (workshop.open, workshop.task("S2")["state"]) == (["S4"], "withdrawn")
    workshop.do("S4")
    assert workshop.state == "COMPLETED"


def test_a_script_decides_from_what_was_recorded(workshop: Workshop) -> None:
    flows = "begin > S1 > k1 > x1; x1 > S2 if many; x1 > end else; S2 > end2"
    workshop.run(recipe(flows, S1=step("S1", number("n")), k1=script("k1", "many = S1.n > 3")))
    workshop.do("S1", n="4")
    assert workshop.open == ["S2"]


def holds(*times: v.HoldTime) -> dict[str, Any]:
    return {"order_fields": (COLLECTED,), "hold_times": times}


def test_a_minimum_a_maximum_and_an_order_event_are_judged_at_their_event(workshop: Workshop) -> None:
    times = (
        v.HoldTime("H1", "S1.end", ("S2.start",), "10", "5", "min", kind="min"),
        v.HoldTime("H2", "order.collected", ("S2.end",), "1", "2", "h"),
        v.HoldTime("H3", "S1.taken", ("S2.start",), "1", "2", "h"),
    )
    taken = v.Parameter("taken", "Taken", "date_time")
    workshop.run(recipe("begin > S1 > S2 > end", S1=step("S1", taken), header=holds(*times)), AT_FIVE)
    workshop.do("S1", taken="2026-03-02T04:30:00Z")
    workshop.wait(minutes=6)
    workshop.do("S2")
    found = {(r["hold_id"], r["number"], r["severity"]) for r in workshop.rows(ExceptionRecord)}
    assert found == {("H1", 18, "minor"), ("H2", 18, "minor"), ("H3", 18, "minor")}


def test_a_hold_time_from_one_iteration_to_the_next_starts_anew_each_time(workshop: Workshop) -> None:
    feed = v.HoldTime("H1", "S1.end", ("S1.start",), "20", "30", "h", select="next")
    days = sub("L1", "begin1 > S1 > end1", loop("day < 3", most=5), S1=step("S1"))
    workshop.run(recipe("begin > L1 > S2 > end", L1=days, header=holds(feed)), AT_FIVE)
    workshop.do("S1[1]")
    workshop.wait(hours=21)
    workshop.do("S1[2]")
    workshop.wait(hours=31)
    assert workshop.task("S1[3]")["blocked"] == 1
    workshop.proceed("S1[3]")
    workshop.do("S1[3]")
    assert not workshop.rows(DueTime, state="waiting")
    workshop.wait(hours=100)
    assert workshop.exceptions() == [("S1[2]", 18, "minor"), ("S1[3]", 18, "minor"), ("S1[3]", 18, "major")]


def test_the_last_of_several_events_ends_a_hold_time_across_branches(workshop: Workshop) -> None:
    out = v.HoldTime("H1", "S1.end", ("S2.end", "S3.end"), "1", "2", "h", select="last")
    flows = "begin > S1 > p1; p1 > S2 > p2; p1 > S3 > p2; p2 > S4 > end"
    workshop.run(recipe(flows, header=holds(out)), AT_FIVE)
    workshop.do("S1", "S2")
    workshop.wait(hours=3)
    assert workshop.task("S3")["blocked"] == 1
    workshop.proceed("S3")
    workshop.do("S3", "S4")
    assert workshop.state == "COMPLETED"
    assert workshop.exceptions() == [("S3", 18, "minor"), ("S3", 18, "major")]


def test_a_called_process_in_a_loop_numbers_its_own_loop_and_compares_within_it(workshop: Workshop) -> None:
    last = v.Parameter("last", "Growth", "num", "1", source="calc", formula="n - previous.n + part * 100")
    parts = sub("L2", "begin2 > S1 > end2", times("2", name="part"), S1=step("S1", number("n"), last))
    days = sub("L1", "begin1 > C1 > end1", loop("day < 2", most=3), C1=call("C1", "Sub"))
    workshop.run(recipe("begin > L1 > end", called("Sub", "begin9 > L2 > end9", L2=parts), L1=days))
    for key, count in (("C1/S1[1.1]", "1"), ("C1/S1[1.2]", "4"), ("C1/S1[2.1]", "1"), ("C1/S1[2.2]", "2")):
        workshop.do(key, n=count)
    assert [workshop.value(f"C1/S1[{i}.2]", "last")["value"] for i in (1, 2)] == ["203", "201"]
    assert workshop.state == "COMPLETED"


def test_any_role_that_the_recipe_names_can_decide(workshop: Workshop) -> None:
    workshop.run(recipe("begin > S1 > end", S1=step("S1", number("n", par="1..2"), decision_roles=("QC_REV", "QA_FLR"))))
    workshop.start("S1")
    workshop.enter("S1", n="3")
    workshop.act(decide, "QC_REV", task_key="S1", outcome="proceed", reason="Measured twice.", proof=True)
    workshop.proceed("S1")
    workshop.sign("S1")
    assert workshop.state == "COMPLETED"


def test_a_block_of_a_step_that_was_withdrawn_still_waits_on_the_worklist(workshop: Workshop) -> None:
    gone = boundary("M1", "message", "S1")
    workshop.run(recipe("begin > S1 > end; M1 > S2 > end2", S1=step("S1", number("n", par="1..2")), M1=gone))
    workshop.start("S1")
    workshop.enter("S1", n="3")
    workshop.do("M1")
    items = worklist(workshop.site, workshop.crew["QA_FLR"][0])
    assert [(i.task_key, i.act) for i in items if i.mine and i.act == "decide"] == [("S1", "decide")]
    workshop.proceed("S1")
    workshop.do("S2")
    assert workshop.state == "COMPLETED"


def test_a_timer_that_leads_to_an_unknown_way_stops_its_batch_once_and_goes_on_when_quality_says_so(workshop: Workshop) -> None:
    flows = "begin > p1; p1 > S1 > p2; p1 > T1 > x1; x1 > S2 if S1.n > 3; x1 > S3 else; S2 > x2; S3 > x2; x2 > p2; p2 > S4 > end"
    later = timer("intermediateCatchEvent", "T1", "order.collected + hours(2)")
    workshop.run(recipe(flows, S1=step("S1", number("n")), T1=later, header={"order_fields": (COLLECTED,)}), AT_FIVE)
    for _ in range(3):
        workshop.wait(hours=2)
        fire_due(workshop.site)
    trail = audit_trail(workshop.site, f"batch:{workshop.batch}", what="batch:incident")
    assert (len(trail), workshop.batch_row()["held"]) == (1, 1)
    workshop.act(resume_batch, "QA_FLR", reason="S1 is done first.", proof=True)
    workshop.do("S1", n="4")
    workshop.wait(minutes=15)
    assert workshop.open == ["S2"]


def refused(xml: str) -> str:
    return "; ".join(finding.message for finding in check_diagram(xml.encode()).findings)


def test_what_could_never_go_on_is_refused_with_its_reason_before_any_batch() -> None:
    kept = v.HoldTime("H1", "S1.end", ("S2.end",), "1", "2", "h")
    waits = timer("intermediateCatchEvent", "T1", hold="H1")
    assert "nothing may wait for a hold time" in refused(recipe("begin > S1 > T1 > S2 > end", T1=waits, header=holds(kept)))
    scripted = step("S2", number("m", par="0..most"))
    first: dict[str, Any] = {"S1": step("S1", number("n")), "k1": script("k1", "most = S1.n * 2")}
    assert "most is not known" in refused(recipe("begin > S1 > k1 > S2 > end", S2=scripted, **first))
    due = timer("intermediateCatchEvent", "T1", "S1.end + hours(most)")
    assert "most is not known" in refused(recipe("begin > S1 > k1 > T1 > end", T1=due, **first))
    released = step("S1", kind="disposition", signatures=(v.Signature("Q", ("QA_DISP",), ("released_by",)),))
    assert "no step is its review by QA" in refused(recipe("begin > S1 > end", S1=released))
