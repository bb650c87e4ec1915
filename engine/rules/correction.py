"""A value put in the place of another; both stay in the record.

Every correction is 20, minor. It is also 38, major, when it takes a value outside its limits out of sight, or changes
how a critical parameter is judged: QA reads that entry of the audit trail whatever else it samples.

Source: 21 CFR 11.10(e), 211.192; EU GMP Annex 11 s.9 and draft 12.7; exception taxonomy 20 and 38.
"""

from __future__ import annotations

from bpmn.vocabulary import CRITICAL_CLASSES
from engine.rules.facts import CorrectionFacts
from engine.rules.finding import Finding

RULE = "correction"
VERSION = "1"
MOMENT = "correction"
NUMBERS = (20, 38)

_INSIDE = ("ok", "recorded")


def applies(facts: CorrectionFacts) -> bool:
    """Every correction."""
    return True


def judge(facts: CorrectionFacts) -> list[Finding]:
    """20, and 38 where the change is critical."""
    when = " after the step was completed" if facts.task_completed else ""
    change = f"{facts.parameter.name} was corrected{when} from {facts.old_text!r} to {facts.new_text!r}"
    finding = Finding(
        20, RULE, "minor", f"{change}.", needs_comment=not facts.reason.strip(),
        expected=facts.old_text, actual=facts.new_text,
    )  # fmt: skip
    why = _why_critical(facts)
    if not why:
        return [finding]
    judgements = f"{facts.old_judgement} -> {facts.new_judgement}"
    return [finding, Finding(38, RULE, "major", f"{change}: {why} ({judgements}).", actual=judgements)]


def _why_critical(facts: CorrectionFacts) -> str:
    if facts.old_judgement not in _INSIDE:
        return "the first value was outside its limits"
    if facts.parameter.parameter_class in CRITICAL_CLASSES and facts.old_judgement != facts.new_judgement:
        return "a critical parameter is judged differently now"
    return ""
