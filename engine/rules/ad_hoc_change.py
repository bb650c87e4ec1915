"""A step was inserted, repeated, replaced or skipped, or a limit changed, for this batch only. Always an exception.

Source: EU GMP Part IV s.14 (departures from the instruction); 21 CFR 211.100(b); exception taxonomy 10 and 23.
"""

from __future__ import annotations

from bpmn.vocabulary import Severity
from engine.rules.facts import AdoptionFacts
from engine.rules.finding import Finding

RULE = "ad_hoc_change"
VERSION = "1"
MOMENT = "adoption"
NUMBERS = (10, 23)
BY_RISK: dict[str, Severity] = {"low": "minor", "medium": "major", "high": "critical"}


def applies(facts: AdoptionFacts) -> bool:
    """Whatever was changed for one batch."""
    return facts.what in ("insert", "repeat", "replace", "skip", "limit")


def judge(facts: AdoptionFacts) -> list[Finding]:
    """A skipped step is an instruction that was voided; everything else is an addition. The graver the risk, the graver."""
    number = 10 if facts.what == "skip" else 23
    severity = BY_RISK.get(facts.risk, "critical")
    return [Finding(number, RULE, severity, facts.because, expected=facts.from_revision, actual=facts.to_revision)]
