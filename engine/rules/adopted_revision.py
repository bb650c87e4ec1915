"""The batch went on under another control recipe while it ran.

Source: EU GMP Part IV s.2.3.4 (changes between and within batches recorded with their rationale); exception taxonomy 31.
"""

from __future__ import annotations

from engine.rules.facts import AdoptionFacts
from engine.rules.finding import Finding

RULE = "adopted_revision"
VERSION = "1"
MOMENT = "adoption"
NUMBERS = (31,)


def applies(facts: AdoptionFacts) -> bool:
    """Items of a change that were adopted."""
    return facts.what == "adopted"


def judge(facts: AdoptionFacts) -> list[Finding]:
    """Minor: the decision was signed, QA sees which steps ran under which revision."""
    message = f"{facts.because}: from here on {facts.to_revision}; what was done before stays under {facts.from_revision}."
    return [Finding(31, RULE, "minor", message, expected=facts.from_revision, actual=facts.to_revision)]
