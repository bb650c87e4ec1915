"""A pass or fail that came with a value (from a laboratory, an instrument) against the value's own limits.

Pass contradicts a value that does not keep PAR (NOR, where the recipe has no PAR); fail one that keeps both.

Source: 21 CFR 211.194(a)(6), data integrity (accurate, consistent); exception taxonomy 40.
"""

from __future__ import annotations

from bpmn.vocabulary import Severity
from engine.rules.facts import ValueFacts
from engine.rules.finding import Finding
from engine.rules.limits import has_limits, keeps
from engine.rules.wording import format_value

RULE = "pass_fail"
VERSION = "1"
MOMENT = "value"
NUMBERS = (40,)


def applies(facts: ValueFacts) -> bool:
    """Only where a verdict came with the value and there is a limit that it can contradict."""
    return facts.verdict is not None and has_limits(facts)


def judge(facts: ValueFacts) -> list[Finding]:
    """One finding that blocks when verdict and limits say two things."""
    parameter = facts.parameter
    criterion_kept = keeps(facts, "PAR" if _has_par(facts) else "NOR")
    contradicts = not criterion_kept if facts.verdict else keeps(facts, "PAR") and keeps(facts, "NOR")
    if not contradicts:
        return []
    recorded, computed = ("pass", "fail") if facts.verdict else ("fail", "pass")
    shown = facts.qualifier + format_value(facts.value, parameter.uom)
    message = f"{parameter.name} {shown} was reported as {recorded}, but by its limits it is a {computed}."
    severity: Severity = "critical" if parameter.severity == "critical" else "major"
    return [Finding(40, RULE, severity, message, blocks=True, expected=computed, actual=recorded)]


def _has_par(facts: ValueFacts) -> bool:
    return any(getattr(facts.parameter, name) or getattr(facts.limits, name) is not None for name in ("par_low", "par_high"))
