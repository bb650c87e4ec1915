"""A value against the normal and the proven acceptable range of its parameter.

Outside PAR is 4, with the parameter's severity: it blocks or stops as the recipe says, and does neither where the
recipe only flags. Outside NOR but inside PAR is 17, minor, with a comment.

Source: 21 CFR 211.110(b), 211.192; ICH Q8(R2) proven acceptable range; exception taxonomy 4 and 17.
"""

from __future__ import annotations

from engine.rules.facts import ValueFacts
from engine.rules.finding import Finding
from engine.rules.limits import find_departure, is_judged

RULE = "limit"
VERSION = "1"
MOMENT = "value"
NUMBERS = (4, 17)


def applies(facts: ValueFacts) -> bool:
    """The recipe bounds this value and asks to judge it as a process parameter."""
    return is_judged(facts, "limit")


def judge(facts: ValueFacts) -> list[Finding]:
    """One finding for the graver level that is not kept, or none."""
    return find_departure(facts, RULE, beyond=4)
