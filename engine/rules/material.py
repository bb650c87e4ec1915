"""A material lot that was used although it was not released, had expired, or is not what the recipe asks for.

A lot that was refused at its scan was not used: no exception, only the log of scans.

Source: 21 CFR 211.80 to 211.89, 211.137; exception taxonomy 2 and 3.
"""

from __future__ import annotations

from engine.rules.facts import LotFacts, StepFacts
from engine.rules.finding import Finding
from engine.rules.wording import format_value

RULE = "material"
VERSION = "1"
MOMENT = "step"
NUMBERS = (2, 3)


def applies(facts: StepFacts) -> bool:
    """Steps that used a lot."""
    return bool(facts.materials)


def judge(facts: StepFacts) -> list[Finding]:
    """One finding for each thing that is wrong with each lot; each blocks. The instant of expiry is still inside."""
    return [finding for lot in facts.materials for finding in _judge_lot(lot)]


def _judge_lot(lot: LotFacts) -> list[Finding]:
    found = []
    name = f"{lot.material} lot {lot.id}"
    if lot.status != "released":
        found.append(_finding(2, f"{name} is {lot.status}, not released.", "released", lot.status))
    if lot.expires_at is not None and lot.used_at > lot.expires_at:
        used, expiry = format_value(lot.used_at), format_value(lot.expires_at)
        found.append(_finding(2, f"{name} expired {expiry} and was used {used}.", f"used by {expiry}", used))
    if not lot.specified:
        found.append(_finding(3, f"{name} is no material of this step.", "a material of the step", lot.material))
    return found


def _finding(number: int, message: str, expected: str, actual: str) -> Finding:
    return Finding(number, RULE, "major", message, blocks=True, expected=expected, actual=actual)
