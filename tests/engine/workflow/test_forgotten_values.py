"""A routing value is kept while something that can still happen reads it, and no longer: a snapshot stays small."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import EngineFaultError
from engine.workflow import Procedure, Run
from engine.workflow.instance import Instance
from tests import drawings as d
from tests.recipes import random_run, recipes, tell

DIGEST = 16
ONE, TEN = Decimal(1), Decimal(10)
CHOICE = "{x} > {a} if S1.n > 5; {x} > {b} else; {a} > {y}; {b} > {y}"
FIRST = CHOICE.format(x="x1", a="S5", b="S6", y="x2")
SECOND = CHOICE.format(x="x3", a="S8", b="S9", y="x4")


def started(*arguments: str, **elements: str) -> Run:
    return Procedure.from_xml(d.process(*arguments, **elements)).start()


def kept(run: Run) -> set[str]:
    return set(json.loads(run.snapshot()[DIGEST:])["values"])


def test_a_value_is_kept_up_to_its_last_reader() -> None:
    run = started(f"begin > S1 > x1; {FIRST}; x2 > S2 > x3; {SECOND}; x4 > end")
    run.complete("S1", {"S1.n": TEN})
    run.complete("S5")
    assert kept(run) == {"S1.n"}
    run.complete("S2")
    assert kept(run) == set()


def test_a_snapshot_does_not_grow_with_the_decisions_behind_it() -> None:
    count = 60
    flows = [f"x{n}b > S{n} > x{n}a; x{n}a > x{n + 1}b if S{n}.n > 5; x{n}a > x{n + 1}b else" for n in range(count)]
    run = started(f"begin > x0b; {'; '.join(flows)}; x{count}b > S{count} > end")
    sizes = []
    for n in range(count):
        run.complete(f"S{n}", {f"S{n}.n": TEN})
        sizes.append(len(run.snapshot()))
    assert sizes[-1] <= sizes[10] + 20


def test_a_value_is_kept_while_a_branch_beside_can_read_it() -> None:
    run = started(f"begin > S1 > p1; p1 > x1; {FIRST}; x2 > p2; p1 > S2 > x3; {SECOND}; x4 > p2; p2 > end")
    run.complete("S1", {"S1.n": TEN})
    run.complete("S5")
    assert kept(run) == {"S1.n"}
    run.complete("S2")
    assert list(run.open) == ["S8"]


def test_a_value_is_kept_while_a_timer_can_lead_to_a_reader() -> None:
    flows = f"begin > S1 > x1; {FIRST}; x2 > S2 > S3 > end; B > x3; {SECOND}; x4 > end2"
    run = started(flows, B=d.boundary("B", "timer", "S2"))
    for key, values in (("S1", {"S1.n": TEN}), ("S5", {})):
        run.complete(key, values)
    run.fire("B")
    assert list(run.open) == ["S8"]


def test_the_count_of_the_last_iteration_is_kept_until_it_is_read_behind_the_loop() -> None:
    unit = d.sub("L1", f"begin1 > S1 > x1; {FIRST}; x2 > end1", d.loop("S1.n < 5", most=3))
    run = started(f"begin > L1 > S2 > x3; {SECOND}; x4 > end", L1=unit)
    for key, values in (("S1[1]", {"S1.n": ONE}), ("S6[1]", {}), ("S1[2]", {"S1.n": TEN}), ("S5[2]", {})):
        run.complete(key, values)
    assert kept(run) == {"S1.n"}
    run.complete("S2")
    assert list(run.open) == ["S8"]
    assert kept(run) == set()


def test_what_was_written_in_a_loop_is_forgotten_behind_it() -> None:
    unit = d.sub("L1", f"begin1 > S1 > x1; {FIRST}; x2 > S2 > end1", d.loop("S2.ok", most=3))
    run = started("begin > L1 > S3 > end", L1=unit)
    run.complete("S1[1]", {"S1.n": ONE})
    run.complete("S6[1]")
    assert kept(run) == {"S1.n"}
    run.complete("S2[1]", {"S2.ok": False})
    assert kept(run) == set()


def test_a_value_of_a_call_is_forgotten_when_no_further_call_can_read_it() -> None:
    own = d.called("Own", f"begin9 > S1 > x1; {FIRST}; x2 > end9")
    run = started("begin > C1 > C2 > end", own, C1=d.call("C1", "Own"), C2=d.call("C2", "Own"))
    run.complete("C1/S1", {"S1.n": TEN})
    assert kept(run) == {"C1/S1.n"}
    run.complete("C1/S5")
    run.complete("C2/S1", {"S1.n": ONE})
    assert list(run.open) == ["C2/S6"]
    assert kept(run) == set()


def test_the_correction_of_a_forgotten_value_changes_nothing() -> None:
    run = started(f"begin > S1 > x1; {FIRST}; x2 > end")
    run.complete("S1", {"S1.n": TEN})
    before = run.snapshot()
    run.correct("S1", {"S1.n": ONE})
    assert run.snapshot() == before


def test_a_value_that_was_missing_can_still_be_given_by_a_correction() -> None:
    run = started(f"begin > S1 > S2 > x3; {SECOND}; x4 > end")
    run.complete("S1")
    run.correct("S1", {"S1.n": TEN})
    run.complete("S2")
    assert list(run.open) == ["S8"]


@pytest.mark.parametrize("others", ["S2 S4", "S4 S2"])
def test_a_value_that_would_be_written_twice_is_refused_also_behind_its_last_reader(others: str) -> None:
    run = started(f"begin > p1; p1 > S3 > x7; p1 > S4 > x7; x7 > S1 > end; p1 > S2 > x1; {FIRST}; x2 > end2")
    run.complete("S3")
    run.complete("S1", {"S1.n": TEN})
    for key in others.split():
        run.complete(key)
    with pytest.raises(EngineFaultError, match="written twice"):
        run.complete("S1", {"S1.n": ONE})


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipes(), st.integers(0, 2**32))
def test_a_run_that_forgets_goes_the_way_of_one_that_keeps_everything(xml: bytes, seed: int) -> None:
    procedure, chance = Procedure.from_xml(xml), random.Random(seed)
    hoarder: Run | None = None
    done: list[str] = []
    for event, run in random_run(procedure, seed, most=60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Instance, "forget_unread", lambda self: None)
            if event[0] == "start":
                hoarder = procedure.start(event[1])
            else:
                assert hoarder is not None
                tell(hoarder, event)
        assert hoarder is not None
        done += [str(event[1])] * (event[0] == "complete" and bool(event[2]))
        assert (list(run.open.items()), run.outcome) == (list(hoarder.open.items()), hoarder.outcome)
        assert kept(run) <= kept(hoarder)
        if done and chance.random() < 0.3:
            _correct_alike(run, hoarder, procedure, chance.choice(done), chance)


def _correct_alike(run: Run, hoarder: Run, procedure: Procedure, key: str, chance: random.Random) -> None:
    """Both learn of the same correction; a step's number may change, or be given for the first time."""
    node = key.rpartition("/")[2].partition("[")[0]
    values = {n: Decimal(chance.randrange(100)) for n in procedure.routing_names if n == f"{node}.number"}
    for one in (run, hoarder):
        one.correct(key, values)
