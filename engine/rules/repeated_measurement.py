"""A measurement that was made again. All of them stay in the record; nobody chooses the best.

Source: FDA data integrity Q&A 2, 12 (testing into compliance); exception taxonomy 21.
"""

from __future__ import annotations

from engine.rules.facts import EntryFacts
from engine.rules.finding import Finding

RULE = "repeated_measurement"
VERSION = "1"
MOMENT = "entry"
NUMBERS = (21,)


def applies(facts: EntryFacts) -> bool:
    """Every entry."""
    return True


def judge(facts: EntryFacts) -> list[Finding]:
    """Minor for any measurement but the first."""
    if facts.n == 1:
        return []
    return [
        Finding(
            21, RULE, "minor", f"{facts.parameter.name} was measured again: this is measurement {facts.n}.",
            needs_comment=not facts.reason.strip(), expected="one measurement", actual=f"measurement {facts.n}",
        )
    ]  # fmt: skip
