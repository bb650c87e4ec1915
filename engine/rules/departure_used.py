"""A value outside its proven range lies where a departure for this patient was approved before.

Source: EU GMP Part IV s.6 (planned departures approved before), s.14; exception taxonomy 24.
"""

from __future__ import annotations

from engine.rules.facts import DepartureFacts
from engine.rules.finding import Finding

RULE = "departure_used"
VERSION = "1"
MOMENT = "departure"
NUMBERS = (24,)


def applies(facts: DepartureFacts) -> bool:
    """Every use of a planned departure."""
    return facts.use >= 1


def judge(facts: DepartureFacts) -> list[Finding]:
    """Minor: who signed it gave the reasons; what departed is an exception of its own, and quality sees both."""
    times = f"use {facts.use} of {facts.most}"
    message = f"{facts.name} {facts.actual}: planned departure {facts.departure} accepts {facts.accepted} ({times})."
    return [Finding(24, RULE, "minor", message, expected=f"departure {facts.departure}", actual=facts.actual)]
