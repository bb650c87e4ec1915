"""Recipes of a few steps for dry runs, drawn in a few lines."""

from __future__ import annotations

from typing import Any

from bpmn import vocabulary as v
from tests.stories.workshop import number, recipe, step, timer

ANSWER = v.Parameter("answer", "Answer", "choice", choices=(v.Choice("on"), v.Choice("stop", departs=True)))


def branching(**more: Any) -> bytes:
    """Count, then by the count either feed or go on; a calculation with limits; a hold time with its timer on the step."""
    ratio = v.Parameter(
        "ratio", "Ratio", "num", "1", nor_low="1.0", nor_high="2.0", par_low="0.5", par_high="4.0", limit_action="flag",
        source="calc", formula="count / S01.seed",
    )  # fmt: skip
    flows = "begin > S01 > S02 > x1; x1 > S03 if S02.count < 50; x1 > x2 else; S03 > x2; x2 > S04 > end; T1 > end2"
    drawn: dict[str, str] = {
        "S01": step("S01", number("seed", "10..50", "5..60")),
        "S02": step("S02", number("count", "20..80", "10..90"), ratio),
        "S03": step("S03", ANSWER),
        "T1": timer("boundaryEvent", "T1", hold="H1", on="S02", interrupting=False),
    }
    hold = v.HoldTime("H1", "S01.end", ("S02.end",), "2", "4", "h", why="It settles.")
    return recipe(flows, header={"hold_times": (hold,)}, **(drawn | more)).encode()


def small(*parameters: v.Parameter) -> bytes:
    """One step with these parameters."""
    return recipe("begin > S01 > end", S01=step("S01", *parameters)).encode()
