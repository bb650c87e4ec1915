"""A computed value that has no value: division by zero, growth that stalled, an input that was never recorded.

Nothing can be said about its limits then, so it counts as outside its proven acceptable range.

Source: EU GMP Annex 11 s.5 (checks of correct processing); exception taxonomy 4.
"""

from __future__ import annotations

from engine.rules.facts import ValueFacts
from engine.rules.finding import Finding
from engine.rules.limits import BOUNDS, exclusive_sides
from engine.rules.wording import format_range

RULE = "calculation"
VERSION = "1"
MOMENT = "value"
NUMBERS = (4,)


def applies(facts: ValueFacts) -> bool:
    """Only a calculation without a value; one that has a value is judged by its limits."""
    return bool(facts.undefined) or (facts.parameter.source == "calc" and facts.value is None)


def judge(facts: ValueFacts) -> list[Finding]:
    """One finding with the parameter's severity and action."""
    parameter, limits = facts.parameter, facts.limits
    reason = facts.undefined or "no reason was given"
    bounded = any(getattr(parameter, name) for name in BOUNDS)
    sides = exclusive_sides(parameter, "PAR")
    expected = f"PAR {format_range(limits.par_low, limits.par_high, parameter.uom, exclusive=sides)}" if bounded else "a value"
    return [
        Finding(
            4, RULE, parameter.severity, f"{parameter.name} ({parameter.formula}) has no value: {reason}.",
            blocks=parameter.limit_action not in ("flag", "none"), stops=parameter.limit_action == "stop",
            expected=expected, actual="no value",
        )
    ]  # fmt: skip
