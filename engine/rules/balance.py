"""A balance (labels, cells, materials) against its limits: what was issued must equal what became of it.

Source: 21 CFR 211.125(c) label reconciliation, 211.103 yield; exception taxonomy 30 and 17.
"""

from __future__ import annotations

from engine.rules.facts import ValueFacts
from engine.rules.finding import Finding
from engine.rules.limits import find_departure, is_judged

RULE = "balance"
VERSION = "1"
MOMENT = "value"
NUMBERS = (30, 17)


def applies(facts: ValueFacts) -> bool:
    """The recipe says that this value is a balance, and bounds it."""
    return is_judged(facts, "balance")


def judge(facts: ValueFacts) -> list[Finding]:
    """30 for a balance that does not come out, 17 for one within its acceptable range only."""
    return find_departure(facts, RULE, beyond=30)
