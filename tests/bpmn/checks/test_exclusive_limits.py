"""Limits that must not be reached: there has to be a value that keeps them."""

from pathlib import Path

import pytest

from bpmn.checks import check_diagram

RIGHT = (Path(__file__).parents[2] / "data" / "checks" / "limits" / "right.bpmn").read_text()
LIMITS = 'norLow="2" norHigh="8" parLow="1" parHigh="10"'


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ('norLow="2" norHigh="8" parLow="1" parHigh="10" exclusive="nor_low nor_high par_low par_high"', ""),
        ('norHigh="8" parHigh="8" exclusive="nor_high par_high"', ""),
        ('norHigh="8" parHigh="8" exclusive="nor_high"', ""),
        ('norHigh="8" parHigh="8" exclusive="par_high"', "nor high and par high are both 8"),
        ('norLow="8" parLow="8.0" exclusive="par_low"', "par low and nor low are both 8"),
        ('parLow="8" parHigh="8" exclusive="par_high"', "par low and par high are both 8"),
        ('norLow="8" norHigh="8" exclusive="nor_low"', "nor low and nor high are both 8"),
        ('parLow="8" exclusive="par_high"', "par high is exclusive but empty"),
    ],
)
def test_a_limit_that_must_not_be_reached_leaves_a_value(limits, message):
    assert LIMITS in RIGHT
    found = [f for f in check_diagram(RIGHT.replace(LIMITS, limits).encode()).findings if f.rule == "limits"]
    assert [message in finding.message for finding in found] == ([True] if message else [])
