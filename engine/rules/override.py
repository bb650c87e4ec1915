"""A signed decision let a blocked task go on.

Where a stop stands nobody may decide so; that it happened is then critical.

Source: 21 CFR 211.100(b), 211.192; exception taxonomy 33.
"""

from __future__ import annotations

from engine.rules.facts import DecisionFacts
from engine.rules.finding import Finding

RULE = "override"
VERSION = "1"
MOMENT = "decision"
NUMBERS = (33,)


def applies(facts: DecisionFacts) -> bool:
    """Decisions to go on; to hold, terminate or reject lifts nothing."""
    return facts.outcome not in ("hold", "terminate", "reject")


def judge(facts: DecisionFacts) -> list[Finding]:
    """Info for a block, critical for a stop."""
    by = ", ".join(facts.roles) or "nobody named"
    over = ", ".join(map(str, facts.numbers)) or "none"
    reference = f" under {facts.reference}" if facts.reference else ""
    message = f"The block (exception {over}) was lifted by {by}{reference}."
    if not facts.stopped:
        return [Finding(33, RULE, "info", message, expected="no block", actual=facts.outcome)]
    message = f"{message} A stop stands there, which nobody may lift."
    return [Finding(33, RULE, "critical", message, True, True, expected="hold or reject", actual=facts.outcome)]
