"""Something that the step asks for is not in its record when its performer ends it.

Source: 21 CFR 211.188(b), EU GMP Chapter 4, 4.20; exception taxonomy 13.
"""

from __future__ import annotations

from engine.rules.facts import StepFacts
from engine.rules.finding import Finding

RULE = "missing_value"
VERSION = "1"
MOMENT = "step"
NUMBERS = (13,)


def applies(facts: StepFacts) -> bool:
    """Every step."""
    return True


def judge(facts: StepFacts) -> list[Finding]:
    """One finding for each thing that is missing; each blocks."""
    return [
        Finding(
            13, RULE, "major", f"{facts.step.title or facts.step.id}: {name} was not recorded.",
            blocks=True, expected=name, actual="nothing recorded",
        )
        for name in facts.missing
    ]  # fmt: skip
