"""An entry made long after the event, or before it.

Later than the recipe allows is 19, minor; exactly at the limit is not late. An event that lies after its own entry can
only come from a wrong clock: 32.

Source: EU GMP Chapter 4, 4.8 (recorded at the time of each action); exception taxonomy 19 and 32.
"""

from __future__ import annotations

from datetime import timedelta

from engine.rules.facts import EntryFacts
from engine.rules.finding import Finding
from engine.rules.wording import format_duration, format_value, with_reason

RULE = "late_entry"
VERSION = "1"
MOMENT = "entry"
NUMBERS = (19, 32)


def applies(facts: EntryFacts) -> bool:
    """Every entry."""
    return True


def judge(facts: EntryFacts) -> list[Finding]:
    """Compares when it happened with when the system had it."""
    delay = facts.entered_at - facts.event_at
    times = f"event {format_value(facts.event_at)}, entry {format_value(facts.entered_at)}"
    name = facts.parameter.name
    if delay < timedelta(0):
        message = f"{name} was entered before it happened ({times}): one of the two clocks is wrong."
        return [Finding(32, RULE, "major", message, needs_comment=True, expected="event before entry", actual=times)]
    if delay <= facts.late_after:
        return []
    allowed = format_duration(facts.late_after)
    message = f"{name} was entered {format_duration(delay)} after it happened, {allowed} is the limit ({times})."
    return [
        Finding(
            19, RULE, "minor", with_reason(message, facts.reason), needs_comment=not facts.reason.strip(),
            expected=f"within {allowed}", actual=format_duration(delay),
        )
    ]  # fmt: skip
