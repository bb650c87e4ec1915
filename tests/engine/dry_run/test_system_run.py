"""The system's own dry run: what it reaches and judges, what it names as out of reach, what fails it."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bpmn import vocabulary as v
from bpmn.diagram import Diagram
from bpmn.expressions import Value
from engine.actions.processes import SHIPPED, shipped_xml
from engine.dry_run import system_dry_run
from engine.dry_run.report import fingerprint
from engine.errors import DiagramRefusedError
from engine.rules import limit
from engine.workflow import Procedure
from engine.workflow.passage import Passage
from tests.engine.dry_run.drawn import ANSWER, branching, small
from tests.recipes import random_event, random_recipe, tell
from tests.stories.workshop import number, recipe, step, timer
from web.demo import recipe_xml


def unreached(report: dict[str, Any]) -> list[str]:
    return [u["element"] for u in report["unreached"]]


def test_every_step_flow_limit_edge_and_hold_time_is_reached_and_judged_as_expected() -> None:
    report = system_dry_run(branching())
    assert report["verdict"] == "passed", report["reasons"]
    assert {e["state"] for e in report["elements"]} == {"reached"}
    s = report["summary"]
    assert (s["steps_reached"], s["flows_reached"], s["edges_reached"]) == (4, 9, s["edges"])
    assert all(h["reached"] and h["right"] for h in report["hold_times"])
    assert {h["edge"] for h in report["hold_times"]} >= {"NOR before", "PAR at", "PAR after", "NOR timer", "PAR timer"}


def test_the_values_around_each_limit_are_in_the_report_with_both_judgements() -> None:
    report = system_dry_run(small(number("ph", "7.0..7.4", "6.9..7.5")))
    judged = {(e["edge"], e["text"]): (e["expected"], e["actual"]) for e in report["edges"]}
    assert judged["nor_high outside", "7.5"] == ("minor", "minor")
    assert judged["par_high outside", "7.6"] == ("major and blocks", "major and blocks")
    assert judged["par_low at", "6.9"] == ("minor", "minor")
    assert judged["nor_low inside", "7.1"] == ("ok", "ok")


def test_calculations_come_to_their_limits_by_what_is_entered_here_or_earlier() -> None:
    dose = number("dose", "", "1.0..2.0", source="calc", formula="order.weight * S01.factor", limit_action="block")
    header = {"order_fields": (v.OrderField("weight", "num", "Weight", "kg"),)}
    xml = recipe("begin > S01 > S02 > end", header=header, S01=step("S01", number("factor")), S02=step("S02", dose))
    report = system_dry_run(xml.encode())
    assert report["verdict"] == "passed", report["reasons"]
    found = {e["edge"]: (Decimal(e["text"]), e["actual"]) for e in report["edges"] if e["parameter"] == "dose"}
    assert found["par_high at"] == (Decimal("2.0"), "ok")
    assert found["par_high outside"] == (Decimal("2.1"), "major and blocks")


def test_a_rule_that_judges_otherwise_than_the_recipe_says_fails_the_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "judge", lambda facts: [])
    report = system_dry_run(small(number("ph", "7.0..7.4", "6.9..7.5")))
    assert report["verdict"] == "failed"
    assert any("7.6 was judged ok, expected is major and blocks" in reason for reason in report["reasons"])


def test_a_branch_that_no_value_takes_is_named_with_its_condition() -> None:
    never = recipe(
        "begin > S01 > x1; x1 > S02 if S01.n * S01.n < S01.n - 1; x1 > x2 else; S02 > x2 > end", S01=step("S01", number("n"))
    )
    report = system_dry_run(never.encode())
    assert report["verdict"] == "failed"
    assert "No values were found with which S01.n * S01.n < S01.n - 1 holds there." in [u["why"] for u in report["unreached"]]
    assert {e["id"] for e in report["elements"] if e["state"] == "missed"} >= {"S02"}


def test_a_recipe_that_asks_a_gateway_for_a_value_that_may_be_missing_fails_with_the_place() -> None:
    cut = number("n", "", "..10", qualifier=True)
    optional = replace(number("m"), optional=True)
    xml = recipe(
        "begin > S01 > x1; x1 > S02 if S01.m > 5; x1 > x2 else; S02 > x2 > end", S01=step("S01", cut, optional)
    )
    report = system_dry_run(xml.encode())
    assert report["verdict"] == "failed"
    assert any("S01.m" in fault["why"] for fault in report["faults"])
    assert next(e["state"] for e in report["elements"] if e["id"] == "S01") == "failed"


def test_behind_a_limit_that_stops_every_batch_the_procedure_is_followed_alone() -> None:
    cells = number("n", "", "100..", limit_action="stop")
    xml = recipe("begin > S01 > x1; x1 > S02 if S01.n < 50; x1 > x2 else; S02 > x2 > end", S01=step("S01", cells))
    report = system_dry_run(xml.encode())
    assert report["verdict"] == "passed", report["reasons"]
    assert report["alone"][0]["why"].endswith("is stopped by the limit before it comes here.")


def test_events_and_choices_are_all_taken() -> None:
    xml = recipe(
        "begin > S01 > x1; x1 > end if S01.answer == \"stop\"; x1 > S02 else; S02 > w1 > end2; T1 > end3",
        S01=step("S01", ANSWER), T1=timer("boundaryEvent", "T1", due="S01.end + hours(2)", on="S02"),
        w1=timer("intermediateCatchEvent", "w1", due="S02.end + hours(1)"),
    )  # fmt: skip
    report = system_dry_run(xml.encode())
    assert report["verdict"] == "passed", report["reasons"]
    assert {"T1", "w1", "end"} <= {e["id"] for e in report["elements"] if e["state"] == "reached"}


def test_the_same_diagram_gives_the_same_report_but_for_its_times() -> None:
    assert fingerprint(system_dry_run(branching())) == fingerprint(system_dry_run(branching()))


def test_a_diagram_with_findings_is_refused() -> None:
    with pytest.raises(DiagramRefusedError, match=r"7\.4 is above"):
        system_dry_run(small(number("ph", "7.4..7.0", "6.9..7.5")))


@pytest.mark.parametrize("seed", range(6))
def test_any_sound_recipe_is_run_without_a_fault_and_what_is_missed_is_named(seed: int) -> None:
    report = system_dry_run(random_recipe(seed, 3 + seed))
    assert not report["wrong"]
    missed = {e["id"] for e in report["elements"] if e["state"] == "missed"}
    named = " ".join(u["what"] + u["element"] for u in report["unreached"])
    assert all(element in named for element in missed)


def flows_of_random_batches(xml: bytes, batches: int) -> set[str]:
    """What batches take in which whatever can happen next is drawn by lot, with any order and any values."""
    diagram, found = Diagram.parse(xml), set[str]()
    for seed in range(batches):
        chance, passage = random.Random(seed), Passage(diagram)
        order: dict[str, Value] = {"order.weight_kg": Decimal(chance.randint(1, 120)), "order.urgent": chance.random() < 0.5}
        procedure = Procedure.of(diagram)
        run = procedure.start({n: x for n, x in order.items() if n in procedure.routing_names}, passage)
        for _ in range(200):
            if run.open and not run.outcome:
                tell(run, random_event(procedure, chance.choice(list(run.open.values())), chance))
        found |= set(passage.flows)
    return found


@pytest.mark.parametrize(("seed", "size"), [(9012, 4), (9026, 8), (9033, 5), (9047, 9)])
def test_what_a_random_batch_takes_is_not_named_as_out_of_reach(seed: int, size: int) -> None:
    xml = random_recipe(seed, size)
    assert not set(unreached(system_dry_run(xml))) & flows_of_random_batches(xml, 150)


@pytest.mark.parametrize("process_id", SHIPPED)
def test_the_processes_that_ship_are_rehearsed_like_a_recipe(process_id: str) -> None:
    report = system_dry_run(shipped_xml(process_id).encode())
    assert report["verdict"] == "passed", report["reasons"]
    assert report["summary"]["flows_reached"] == report["summary"]["flows"]


def test_the_cart_recipe_is_covered_in_under_a_minute_with_progress() -> None:
    heard: list[tuple[int, int]] = []
    began = time.thread_time()
    report = system_dry_run(recipe_xml().encode(), lambda done, total, message: heard.append((done, total)))
    assert time.thread_time() - began < 60
    assert report["verdict"] == "passed", report["reasons"]
    s = report["summary"]
    assert (s["steps_reached"], s["flows_reached"], s["hold_edges_reached"]) == (s["steps"], s["flows"], s["hold_edges"])
    assert {u["kind"] for u in report["unreached"]} == {"limit"}
    assert not any(u["must"] for u in report["unreached"])
    fed = {e["edge"] for e in report["edges"] if e["parameter"] == "feed_ml" and not e["reached"]}
    assert fed == {"nor_low outside", "nor_high unbounded"}  # a feed is never negative; 1000 mL needs an empty vessel
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert all(done <= total for done, total in heard)
