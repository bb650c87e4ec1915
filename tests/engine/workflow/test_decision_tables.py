"""A decision table in a diagram: it takes no time, its answer leads the batch, and a replay comes to the same one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpmn.checks import check_diagram
from engine.errors import EngineFaultError, UnsupportedDiagramError
from engine.workflow import Procedure
from tests import drawings as d

BY_COUNT = d.rules(
    {"S1.n": "num"},
    {"way": "text", "bags": "num"},
    '< 5 | "short" | 1', '5 .. 10 | "usual" | 2', '> 10 | "long" | S1.n / 5',
)  # fmt: skip
FLOWS = (
    'begin > S1 > D1 > x1; x1 > S2 if D1.way == "usual"; x1 > S3 if D1.bags > 3; x1 > S4 else;'
    "S2 > end2; S3 > end3; S4 > end4"
)
ON = "begin > S1 > D1 > x1; x1 > S2 if D1.ok; x1 > S3 else; S2 > end; S3 > end2"


def drawn() -> bytes:
    return d.process(FLOWS, D1=d.table("D1", BY_COUNT))


@pytest.mark.parametrize(("count", "step"), [("4.99", "S4"), ("5", "S2"), ("10.0", "S2"), ("10.01", "S4"), ("15.5", "S3")])
def test_the_answer_of_the_table_leads_on(count: str, step: str) -> None:
    run = Procedure.from_xml(drawn()).start()
    change = run.complete("S1", {"S1.n": Decimal(count)})
    assert [item.key for item in change.opened] == [step]


def test_a_replay_and_a_restored_run_are_where_the_run_was() -> None:
    procedure = Procedure.from_xml(drawn())
    run = procedure.start()
    restored = procedure.restore(run.snapshot())
    values = {"S1.n": Decimal("7.0")}
    run.complete("S1", values)
    restored.complete("S1", values)
    again = procedure.replay([("start", {}), ("complete", "S1", values)])
    assert set(run.open) == set(restored.open) == set(again.open) == {"S2"}
    assert run.snapshot() == restored.snapshot() == again.snapshot()


def test_it_tells_what_was_decided_by_which_rules_once() -> None:
    run = Procedure.from_xml(drawn()).start()
    run.complete("S1", {"S1.n": Decimal(7)})
    (decided,) = run.take_decided()
    assert (decided.key, decided.values["way"], decided.rules) == ("D1", "usual", (2,))
    assert run.take_decided() == []


def test_in_a_loop_it_decides_anew_in_each_iteration() -> None:
    rows = ("> 5 | < 3 | true", "- | >= 3 | false", "<= 5 | < 3 | false")
    table = d.table("D1", d.rules({"S1.n": "num", "day": "num"}, {"again": "bool"}, *rows))
    loop = d.sub("L", "beginL > S1 > D1 > endL", d.loop("D1.again"), D1=table)
    run = Procedure.from_xml(d.process("begin > L > S9 > end", L=loop)).start()
    for iteration, count in ((1, 6), (2, 7)):
        run.complete(f"S1[{iteration}]", {"S1.n": Decimal(count)})
        assert set(run.open) == {f"S1[{iteration + 1}]"}
    run.complete("S1[3]", {"S1.n": Decimal(8)})
    assert set(run.open) == {"S9"}


def test_no_rule_that_matches_stops_the_batch_with_its_reason() -> None:
    table = d.rules({"S1.n": "num"}, {"ok": "bool"}, "< 5 | true")
    run = Procedure.from_xml(d.process(ON, D1=d.table("D1", table))).start()
    with pytest.raises(EngineFaultError, match="D1: the decision table has no answer: no rule matches, and ok has no default"):
        run.complete("S1", {"S1.n": Decimal(5)})


def test_a_value_that_is_not_recorded_stops_the_batch_only_where_a_rule_needs_it() -> None:
    rows = ("< 5 | - | true", ">= 5 | true | false", ">= 5 | false | true")
    table = d.rules({"S1.n": "num", "S1.urgent": "bool"}, {"ok": "bool"}, *rows)
    procedure = Procedure.from_xml(d.process(ON, D1=d.table("D1", table)))
    run = procedure.start()
    run.complete("S1", {"S1.n": Decimal(1)})
    assert set(run.open) == {"S2"}
    with pytest.raises(EngineFaultError, match=r"S1\.urgent"):
        procedure.start().complete("S1", {"S1.n": Decimal(6)})


def test_a_task_without_a_table_is_refused_by_the_engine_too() -> None:
    xml = d.process("begin > D1 > S1 > end", D1='<bpmn:businessRuleTask id="D1"/>')
    with pytest.raises(UnsupportedDiagramError, match=r"D1 .* has no decision table"):
        Procedure.from_xml(xml)
    assert "decision_table" in {finding.rule for finding in check_diagram(xml).findings}
