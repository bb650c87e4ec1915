"""A measurement that was made again. All of them stay in the record; nobody chooses the best.

Source: FDA data integrity Q&A 2, 12 (testing into compliance); exception taxonomy 21.
"""

from __future__ import annotations

from engine.rules.facts import EntryFacts
from engine.rules.finding import Finding
from engine.rules.wording import with_reason

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
    message = f"{facts.parameter.name} was measured again: this is measurement {facts.n}."
    return [
        Finding(
            21, RULE, "minor", with_reason(message, facts.reason),
            needs_comment=not facts.reason.strip(), expected="one measurement", actual=f"measurement {facts.n}",
        )
    ]  # fmt: skip
