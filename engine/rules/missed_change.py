"""A change about safety came too late for this batch: whether its reason touches the batch is asked before disposition.

Source: domain rule 3.3 (after the changed step, completed and not released); exception taxonomy 31.
"""

from __future__ import annotations

from engine.rules.facts import AdoptionFacts
from engine.rules.finding import Finding

RULE = "missed_change"
VERSION = "1"
MOMENT = "adoption"
NUMBERS = (31,)


def applies(facts: AdoptionFacts) -> bool:
    """Items of a change about safety that the batch could not adopt any more."""
    return facts.what == "missed" and facts.safety


def judge(facts: AdoptionFacts) -> list[Finding]:
    """Major: quality writes down what the reason of the change means for this batch."""
    message = f"{facts.because} is about safety and came after the steps that it changes: assess what its reason means here."
    return [Finding(31, RULE, "major", message, needs_comment=False, expected=facts.to_revision, actual=facts.from_revision)]
