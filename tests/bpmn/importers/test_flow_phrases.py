"""Flow and hold times in the words of a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.importers.flow_phrases import (
    GO_ON,
    TERMINATE,
    After,
    Beside,
    Flow,
    FlowPhraseError,
    Hold,
    OnlyIf,
    Otherwise,
    Repeat,
    read_flow,
    read_holds,
)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("in parallel with S05, S06", [Beside((("S05", "S06"),))]), ("In parallel with UP3 | UP4", [Beside((("UP3",),
        ("UP4",)))]),
        ("parallel zu Schritt 5", [Beside((("Schritt 5",),))]), ("only if S03.x >= 80, otherwise skip", [OnlyIf("S03.x >= 80")]),
        ("only if S03.x >= 80", [OnlyIf("S03.x >= 80")]), ("if S03.x < 5; otherwise terminate.", [OnlyIf("S03.x < 5", True)]),
        ("nur wenn S03.x > 5, sonst abbrechen", [OnlyIf("S03.x > 5", True)]), ("otherwise", [Otherwise()]),
        ("repeat until S10.x >= 5, at most 5 times", [Repeat("S10.x >= 5", True, 5)]),
        ("repeat from S08 while S10.x < 5, max 3", [Repeat("S10.x < 5", False, 3, "S08")]),
        ("repeat 4 times", [Repeat("", True, 4)]),
        ("go on only if S03.x >= 80, otherwise terminate", [After("S03.x >= 80", GO_ON, TERMINATE)]),
        ("continue if S03.x >= 80, else go to S09", [After("S03.x >= 80", GO_ON, ("S09",))]),
        ("if S03.x < 80 go to S09", [After("S03.x < 80", ("S09",), GO_ON)]),
        ("terminate if S03.x < 80", [After("S03.x < 80", TERMINATE, GO_ON)]),
        ("if S03.x < 80 then S04, S05, otherwise S06", [After("S03.x < 80", ("S04", "S05"), ("S06",))]),
        ("skip if S03.x < 80", [OnlyIf("S03.x < 80", negated=True)]), ("skip unless S03.x < 80", [OnlyIf("S03.x < 80")]),
        ("loop back to S08 if S10.x < 5, max 5 times", [Repeat("S10.x < 5", False, 5, "S08")]),
        ("repeat S08 to S10 until S10.x >= 5 (max. 5 times)", [Repeat("S10.x >= 5", True, 5, "S08", "S10")]),
        ("repeat at most 5 times until S10.x >= 5", [Repeat("S10.x >= 5", True, 5)]),
        ("only if S01.x > 1\nin parallel with S05", [OnlyIf("S01.x > 1"), Beside((("S05",),))]),
    ],
)  # fmt: skip
def test_flow_is_read(text: str, means: list[Flow]) -> None:
    assert read_flow(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("within 2 h of end of S03", Hold("S03", "end", "2", "2", "h")), ("within 2,5 hours after S03", Hold("S03", "end",
        "2.5", "2.5", "h")),
        ("NOR 60 min, PAR 120 min after end of S03", Hold("S03", "end", "60", "120", "min")),
        ("at least 18 h after end of S16", Hold("S16", "end", "18", "18", "h", minimum=True)),
        ("complete within 30 min of start of S05", Hold("S05", "start", "30", "30", "min", at_end=True)),
        ("max 2 h between end of S03 and start of S05", Hold("S03", "end", "2", "2", "h", to="S05")),
        ("≤ 2 h from end of step 3 to end of step 5", Hold("3", "end", "2", "2", "h", at_end=True, to="5")),
        ("max. 4 h from S05 start", Hold("S05", "start", "4", "4", "h")), ("≤ 4 h nach Ende von Schritt 5", Hold("5", "end",
        "4", "4", "h")),
    ],
)  # fmt: skip
def test_a_hold_time_is_read(text: str, means: Hold) -> None:
    assert read_holds(text) == [means]


@pytest.mark.parametrize("text", ["as usual", "only if S03.x > 5, otherwise dance", "repeat until S03.x > 5", "in parallel with"])
def test_other_words_are_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(FlowPhraseError) as caught:
        read_flow(text)
    assert "write" in caught.value.forms


@pytest.mark.parametrize(
    "text", ["soon", "2 h", "2 h (max 4 h) after S03", "NOR 2 h, PAR 90 min after S03", "NOR 5 h, PAR 2 h after S03"]
)
def test_a_hold_time_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(FlowPhraseError):
        read_holds(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_flow, read_holds):
        try:
            assert isinstance(read(text), list)
        except FlowPhraseError:
            continue


@pytest.mark.parametrize("text", ["if " + "a " * 5000, "repeat until " + "1 h " * 5000, "within " + "1 h after " * 5000])
def test_prose_of_any_length_is_refused_at_once(text: str) -> None:
    for read in (read_flow, read_holds):
        with pytest.raises(FlowPhraseError, match="characters"):
            read(text)
