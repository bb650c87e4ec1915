"""A reviewer doesn't wait for the comparison of two long recipes."""

from __future__ import annotations

import random

from tests.bpmn.diff.measure import changed, timed
from tests.small_recipes import sequence


def test_two_recipes_of_200_steps_are_compared_within_a_second() -> None:
    old = sequence(200)
    seconds, found = min((timed(old, changed(old, random.Random(1), 0.3)) for _ in range(3)), key=lambda each: each[0])
    assert found.entries
    assert seconds < 1
