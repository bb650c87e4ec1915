"""A training record that was not valid, or no longer, for somebody who worked on the step.

Source: 21 CFR 211.25, 11.10(i); exception taxonomy 27.
"""

from __future__ import annotations

from engine.rules.facts import StepFacts
from engine.rules.finding import Finding

RULE = "training"
VERSION = "1"
MOMENT = "step"
NUMBERS = (27,)


def applies(facts: StepFacts) -> bool:
    """Every step."""
    return True


def judge(facts: StepFacts) -> list[Finding]:
    """Major, with a comment. Anything but a clear yes is no."""
    at_start, at_end = facts.training_valid_at_start is True, facts.training_valid_at_end is True
    if at_start and at_end:
        return []
    when = "at its start" if not at_start else "during it"
    title = facts.step.title or facts.step.id
    message = f"{title}: the training of somebody who worked on it was not valid {when}."
    return [
        Finding(
            27, RULE, "major", message,
            needs_comment=True, expected="valid from start to end", actual=f"not valid {when}",
        )
    ]  # fmt: skip
