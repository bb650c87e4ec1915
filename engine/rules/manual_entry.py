"""A value that did not come from where the recipe says it comes from.

Source: 21 CFR 211.68(c); MHRA GxP data integrity guidance 2018 (direct capture preferred); exception taxonomy 9.
"""

from __future__ import annotations

from engine.rules.facts import EntryFacts
from engine.rules.finding import Finding
from engine.rules.wording import with_reason

RULE = "manual_entry"
VERSION = "1"
MOMENT = "entry"
NUMBERS = (9,)

_WORDS = {
    "manual": "typed in", "device": "from a device", "calc": "computed by the system", "scan": "scanned",
    "master": "from master data",
}  # fmt: skip


def applies(facts: EntryFacts) -> bool:
    """The recipe does not leave it to a person; what a device sends where typing is expected departs from nothing."""
    return facts.source_expected != "manual"


def judge(facts: EntryFacts) -> list[Finding]:
    """Minor; major when a computed value was not computed by the system, which no page offers."""
    if facts.source_used == facts.source_expected:
        return []
    expected, actual = _WORDS[facts.source_expected], _WORDS[facts.source_used]
    return [
        Finding(
            9, RULE, "major" if facts.source_expected == "calc" else "minor",
            with_reason(f"{facts.parameter.name} was {actual}, not {expected}.", facts.reason),
            needs_comment=not facts.reason.strip(), expected=expected, actual=actual,
        )
    ]  # fmt: skip
