"""An identity code that is not of this batch's order: another patient's, or another batch's. It counts even if mended.

Source: FDA CAR-T guidance January 2024 (chain of identity); 21 CFR 1271.290; exception taxonomy 25.
"""

from __future__ import annotations

from engine.rules.facts import ScanFacts
from engine.rules.finding import Finding

RULE = "identity"
VERSION = "1"
MOMENT = "scan"
NUMBERS = (25,)


def applies(facts: ScanFacts) -> bool:
    """Scans of identifiers; a refused lot or device was never used and is only logged."""
    return facts.kind == "identity"


def judge(facts: ScanFacts) -> list[Finding]:
    """Critical and blocking for a code that is none of the order's."""
    if facts.actual in facts.expected:
        return []
    expected = " or ".join(facts.expected) or "an identifier of the order"
    what = f" for {facts.name}" if facts.name else ""
    return [
        Finding(
            25, RULE, "critical", f"{facts.actual} was scanned{what}, which is no identifier of this batch's order.",
            blocks=True, expected=expected, actual=facts.actual,
        )
    ]  # fmt: skip
