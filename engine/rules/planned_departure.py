"""A step that is itself an approved departure for this patient was used.

Source: EU GMP Part IV s.6 (planned departures approved before); exception taxonomy 24.
"""

from __future__ import annotations

from engine.rules.facts import StepFacts
from engine.rules.finding import Finding

RULE = "planned_departure"
VERSION = "1"
MOMENT = "step"
NUMBERS = (24,)


def applies(facts: StepFacts) -> bool:
    """Steps of the kind "departure"."""
    return facts.step.kind == "departure"


def judge(facts: StepFacts) -> list[Finding]:
    """Minor: those who signed it gave the reasons, QA sees that it was used."""
    message = f"{facts.step.title or facts.step.id}: the batch went on by a departure for this patient."
    return [Finding(24, RULE, "minor", message, expected="no departure", actual=facts.step.id)]
