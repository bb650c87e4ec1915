"""A corrected routing value decides the ways that are still to be chosen, and no other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import UnknownRoutingNameError
from engine.workflow import Procedure, Run
from tests.drawings import call, called, loop, process, sub

ONE, TEN = Decimal(1), Decimal(10)
CHOICE = "x1 > S8 if S1.n > 5; x1 > S9 else; S8 > x2; S9 > x2; x2 > end"


def started(*arguments: str, **elements: str) -> Run:
    return Procedure.from_xml(process(*arguments, **elements)).start()


def test_the_next_gateway_goes_by_the_new_value() -> None:
    run = started(f"begin > S1 > S2 > x1; {CHOICE}")
    run.complete("S1", {"S1.n": ONE})
    run.correct("S1", {"S1.n": TEN})
    run.complete("S2")
    assert list(run.open) == ["S8"]


def test_a_way_already_taken_stays_taken() -> None:
    run = started(f"begin > S1 > x1; {CHOICE}")
    run.complete("S1", {"S1.n": ONE})
    run.correct("S1", {"S1.n": TEN})
    assert list(run.open) == ["S9"]


def test_a_value_that_a_called_process_handed_on_is_corrected_where_it_is_now() -> None:
    run = started(f"begin > C1 > S2 > x1; {CHOICE}", called("Sub", "begin9 > S1 > end9"), C1=call("C1", "Sub"))
    run.complete("C1/S1", {"S1.n": ONE})
    run.correct("C1/S1", {"S1.n": TEN})
    run.complete("S2")
    assert list(run.open) == ["S8"]


def test_a_new_iteration_does_not_take_over_what_is_corrected_in_the_last() -> None:
    run = started("begin > L1 > end", L1=sub("L1", "begin1 > S1 > end1", loop("S1.n < 5", most=3)))
    run.complete("S1[1]", {"S1.n": ONE})
    run.correct("S1[1]", {"S1.n": TEN})
    run.complete("S1[2]", {"S1.n": ONE})
    assert list(run.open) == ["S1[3]"]


def test_only_what_the_step_gives_can_be_corrected() -> None:
    run = started(f"begin > S1 > S2 > x1; {CHOICE}")
    run.complete("S1", {"S1.n": ONE})
    with pytest.raises(UnknownRoutingNameError):
        run.correct("S2", {"S1.n": TEN})
    run.complete("S2")
    assert list(run.open) == ["S9"]
