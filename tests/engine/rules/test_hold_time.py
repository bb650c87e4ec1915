"""Hold times at their timers and at their events."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import judge
from tests.engine.rules.samples import hold_facts, shown

NOR = [(18, "minor", False, False)]
PAR = [(18, "major", True, False)]
MICROSECOND = 1 / 60_000_000


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, []),
        (59, []),
        (60, []),
        (60 + MICROSECOND, NOR),
        (119, NOR),
        (120, NOR),
        (120 + MICROSECOND, PAR),
        (1e6, PAR),
    ],
)
def test_maximum_at_its_event(minutes: float, expected: list[object]) -> None:
    assert shown(judge("hold", hold_facts(minutes)).findings) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(59.9, []), (60, NOR), (61, NOR), (119.9, NOR), (120, PAR), (121, PAR)])
def test_maximum_at_its_timer_is_exceeded_when_the_limit_is_reached(minutes: float, expected: list[object]) -> None:
    assert shown(judge("hold", hold_facts(minutes, at_event=False)).findings) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(120, []), (1e6, []), (120 - MICROSECOND, NOR), (60, NOR), (60 - MICROSECOND, PAR), (0, PAR), (-1, PAR)],
)
def test_minimum_at_its_event(minutes: float, expected: list[object]) -> None:
    assert shown(judge("hold", hold_facts(minutes, kind="min")).findings) == expected


def test_minimum_is_not_judged_before_its_event() -> None:
    assert judge("hold", hold_facts(1, kind="min", at_event=False)).judged_by == ()


@pytest.mark.parametrize("kind", ["min", "max"])
def test_events_in_the_wrong_order_keep_no_limit(kind: str) -> None:
    assert shown(judge("hold", hold_facts(-1, kind=kind)).findings) == PAR


@pytest.mark.parametrize("kind", ["min", "max"])
def test_limit_without_a_value_is_not_kept(kind: str) -> None:
    enough = 1e6 if kind == "min" else 1
    assert shown(judge("hold", hold_facts(enough, kind=kind, par=None)).findings) == PAR
    assert shown(judge("hold", hold_facts(enough, kind=kind, nor=None)).findings) == NOR


def test_recipe_without_that_limit_is_unbounded() -> None:
    from dataclasses import replace

    facts = hold_facts(1e6)
    free = replace(facts, hold=replace(facts.hold, par=""), par=None)
    assert shown(judge("hold", free).findings) == NOR


@pytest.mark.parametrize(
    ("timer", "minutes", "expected"),
    [("NOR", 59, []), ("NOR", 60, NOR), ("NOR", 500, NOR), ("PAR", 119, []), ("PAR", 120, PAR), ("PAR", 500, PAR)],
)
def test_each_timer_reports_its_own_level_however_late_it_fires(timer: str, minutes: float, expected: list[object]) -> None:
    assert shown(judge("hold", hold_facts(minutes, at_event=False, timer=timer)).findings) == expected


def test_it_is_told_in_words() -> None:
    (par,) = judge("hold", hold_facts(122)).findings
    (nor,) = judge("hold", hold_facts(61, at_event=False)).findings
    assert par.message == "Hold time H06 (S19.end to S20.end): 2 h 2 min, PAR is at most 2 h."
    assert nor.message == "Hold time H06 (S19.end to S20.end): 1 h 1 min so far, NOR is at most 1 h."
    assert (par.needs_comment, nor.needs_comment) == (False, True)


@given(
    st.sampled_from(("min", "max")), st.timedeltas(), st.none() | st.timedeltas(), st.none() | st.timedeltas(),
    st.booleans(),
)  # fmt: skip
def test_kept_only_when_both_limits_are(
    kind: str, elapsed: timedelta, nor: timedelta | None, par: timedelta | None, at_event: bool
) -> None:
    facts = hold_facts(0, kind=kind, at_event=at_event, elapsed=elapsed, nor=nor, par=par)
    judgement = judge("hold", facts)
    if judgement.outcome == "ok":
        assert nor is not None
        assert par is not None
        assert elapsed >= timedelta(0)
        assert elapsed >= max(nor, par) if kind == "min" else elapsed <= min(nor, par)
