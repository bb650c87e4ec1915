"""Can this step still happen? Hold times that end at the last of several events depend on it."""

from __future__ import annotations

import pytest

from engine.workflow import Procedure
from tests import drawings as d
from tests.recipes import random_recipe, random_run
from tests.small_recipes import sequence


@pytest.mark.parametrize(
    ("item", "node", "can"),
    [("S1", "S2", True), ("S1", "S3", True), ("S2", "S1", False), ("S2", "S3", False), ("S4", "S1", False), ("S1", "S4", True)],
)
def test_what_lies_ahead_can_happen_and_what_lies_behind_can_not(item: str, node: str, can: bool) -> None:
    xml = d.process("begin > S1 > x1; x1 > S2 if S1.ok; x1 > S3 else; S2 > x2; S3 > x2; x2 > S4 > end")
    assert Procedure.from_xml(xml).can_reach(item, node) is can


DAYS = Procedure.from_xml(
    d.process("begin > S1 > L > S4 > end", L=d.sub("L", "begin2 > S2 > S3 > end2", d.loop("S3.again", most=3)))
)


@pytest.mark.parametrize(
    ("item", "node", "can"),
    [
        ("S3[1]", "S2", True), ("S3[2]", "S2", True), ("S3[3]", "S2", False), ("S2[3]", "S3", True), ("S3[3]", "S4", True),
        ("S2[1]", "S2", True), ("S2[3]", "S2", False), ("S1", "S2", True), ("S4", "S2", False), ("S2[1]", "S1", False),
    ],
)  # fmt: skip
def test_in_a_loop_a_step_can_happen_again_until_the_last_iteration(item: str, node: str, can: bool) -> None:
    assert DAYS.can_reach(item, node) is can


def test_a_step_is_reached_by_a_timer_of_the_unit_around_it() -> None:
    xml = d.process("begin > U > end; B > S2 > end2", U=d.sub("U", "begin3 > S1 > end3"), B=d.boundary("B", "timer", "U"))
    procedure = Procedure.from_xml(xml)
    assert procedure.can_reach("S1", "S2")
    assert not procedure.can_reach("B", "S1")


def test_a_called_process_is_reached_through_its_calls() -> None:
    own = d.called("Own", "begin9 > S7 > S8 > end9")
    xml = d.process("begin > S1 > C1 > S2 > C2 > end", own, C1=d.call("C1", "Own"), C2=d.call("C2", "Own"))
    procedure = Procedure.from_xml(xml)
    assert procedure.can_reach("S1", "S8")
    assert procedure.can_reach("C1/S8", "S7")
    assert not procedure.can_reach("C2/S8", "S7")
    assert procedure.can_reach("C1/S7", "S2")


def test_whatever_happens_on_a_random_run_could_be_reached_from_what_was_open() -> None:
    for seed in range(60):
        procedure = Procedure.from_xml(random_recipe(seed, 20))
        before: dict[str, str] = {}
        for _, run in random_run(procedure, seed, most=60):
            now = {key: item.node_id for key, item in run.open.items()}
            for key in now.keys() - before.keys():
                assert not before or any(procedure.can_reach(earlier, now[key]) for earlier in before), (seed, key)
            before = now


def test_a_step_that_does_not_exist_is_never_reached() -> None:
    procedure = Procedure.from_xml(sequence(5000))
    assert not procedure.can_reach("S001", "S9999")
    assert procedure.can_reach("S001", "S5000")
    assert not procedure.can_reach("S5000", "S001")
