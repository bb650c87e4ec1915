"""What a correction reaches besides its own value: ways still to be chosen, limits, hold times, the end of the batch."""

from __future__ import annotations

import pytest

from bpmn import vocabulary as v
from engine.actions.corrections import correct_value
from engine.errors import MissingRecordsError
from engine.records import ExceptionRecord
from tests.stories.workshop import Workshop, number, recipe, step


def test_a_correction_reaches_the_ways_that_are_still_to_be_chosen(workshop: Workshop) -> None:
    flows = "begin > S1 > S2 > x1; x1 > S3 if S1.double >= 20; x1 > S4 else; S3 > end; S4 > end2"
    double = v.Parameter("double", "Double", "num", "1", source="calc", formula="n * 2")
    workshop.run(recipe(flows, S1=step("S1", number("n"), double)))
    workshop.do("S1", n="1")
    workshop.act(correct_value, "MFG_OP", value_id=workshop.value("S1", "n")["id"], text="11", reason="A digit was lost.")
    workshop.site.runs.clear()
    workshop.do("S2")
    assert workshop.open == ["S3"]


def test_what_a_correction_blocks_is_decided_before_the_batch_ends(workshop: Workshop) -> None:
    workshop.run(recipe("begin > S1 > S2 > end", S1=step("S1", number("n", "1..2", "1..3"))))
    workshop.do("S1", n="2")
    workshop.act(correct_value, "MFG_OP", value_id=workshop.value("S1", "n")["id"], text="4", reason="Misread the scale.")
    with pytest.raises(MissingRecordsError, match="S1 is blocked"):
        workshop.do("S2")
    workshop.proceed("S1")
    workshop.sign("S2")
    assert workshop.state == "COMPLETED"


def test_a_correction_judges_again_what_its_value_bounds_and_asks_for_what_was_left_out(workshop: Workshop) -> None:
    second = step("S2", number("m", par="0..S1.n"), number("more", when="S1.n < 5"))
    workshop.run(recipe("begin > S1 > S2 > S3 > end", S1=step("S1", number("n")), S2=second))
    workshop.do("S1", n="10")
    workshop.do("S2", m="8")
    workshop.act(correct_value, "MFG_OP", value_id=workshop.value("S1", "n")["id"], text="4", reason="Misread the scale.")
    found = {(r["task_key"], r["parameter_id"], r["number"]) for r in workshop.rows(ExceptionRecord)}
    assert found == {("S1", "n", 20), ("S2", "m", 4), ("S2", "more", 13)}
    with pytest.raises(MissingRecordsError, match="S2 is blocked"):
        workshop.do("S3")
    workshop.proceed("S2")
    workshop.sign("S3")
    assert workshop.state == "COMPLETED"


def test_a_corrected_beginning_judges_a_hold_time_that_has_ended_since(workshop: Workshop) -> None:
    taken = v.Parameter("taken", "Taken", "date_time")
    kept = v.HoldTime("H1", "S1.taken", ("S2.start",), "1", "2", "h")
    workshop.run(recipe("begin > S1 > S2 > end", S1=step("S1", taken), header={"hold_times": (kept,)}))
    workshop.do("S1", taken="2026-03-02T05:55:00Z")
    workshop.start("S2")
    assert workshop.exceptions() == []
    row = workshop.value("S1", "taken")
    workshop.act(correct_value, "MFG_OP", value_id=row["id"], text="2026-03-02T02:55:00Z", reason="The hour was wrong.")
    assert [e for e in workshop.exceptions() if e[0] == "S2"] == [("S2", 18, "major")]
    assert workshop.task("S2")["blocked"] == 1
