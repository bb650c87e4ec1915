"""A release result against its acceptance criterion: not proven to meet it is out of specification.

Source: 21 CFR 211.165(f), 211.194(a); FDA guidance on out-of-specification results; exception taxonomy 12 and 17.
"""

from __future__ import annotations

from engine.rules.facts import ValueFacts
from engine.rules.finding import Finding
from engine.rules.limits import find_departure, is_judged

RULE = "specification"
VERSION = "1"
MOMENT = "value"
NUMBERS = (12, 17)


def applies(facts: ValueFacts) -> bool:
    """The recipe says that this value is a result of the release specification, and has a criterion for it."""
    return is_judged(facts, "specification")


def judge(facts: ValueFacts) -> list[Finding]:
    """12 for a result that does not meet its criterion, 17 for one within the acceptable range only."""
    return find_departure(facts, RULE, beyond=12)
