"""The time between two events of a batch against its maximum or its minimum.

A maximum is judged when its timer fires (nothing ended the hold by then, so reaching the limit is exceeding it) and
again when the event comes (exactly at the limit is kept). A minimum is judged once, at the event. NOR is 18 minor; PAR
is 18 major and blocks. Events in the wrong order keep no limit.

Source: 21 CFR 211.111 (time limitations on production); exception taxonomy 18.
"""

from __future__ import annotations

from datetime import timedelta

from engine.rules.facts import HoldFacts
from engine.rules.finding import Finding
from engine.rules.wording import format_duration

RULE = "hold_time"
VERSION = "1"
MOMENT = "hold"
NUMBERS = (18,)


def applies(facts: HoldFacts) -> bool:
    """A running minimum can't be broken before its event."""
    return facts.hold.kind == "max" or facts.at_event


def judge(facts: HoldFacts) -> list[Finding]:
    """One finding for the graver limit that is not kept, or none."""
    hold = facts.hold
    if facts.timer != "NOR" and not _keeps(facts, facts.par, hold.par):
        return [_finding(facts, "PAR", facts.par, hold.par)]
    if facts.timer != "PAR" and not _keeps(facts, facts.nor, hold.nor):
        return [_finding(facts, "NOR", facts.nor, hold.nor)]
    return []


def _keeps(facts: HoldFacts, bound: timedelta | None, text: str) -> bool:
    if facts.elapsed < timedelta(0):
        return False
    if bound is None:
        return not text
    if facts.hold.kind == "min":
        return facts.elapsed >= bound
    return facts.elapsed <= bound if facts.at_event else facts.elapsed < bound


def _finding(facts: HoldFacts, level: str, bound: timedelta | None, text: str) -> Finding:
    hold = facts.hold
    word = "at least" if hold.kind == "min" else "at most"
    limit = format_duration(bound) if bound is not None else f"{text} {hold.uom}, which has no value".lstrip()
    span = f"{hold.from_event} to {' or '.join(hold.to_events)}"
    elapsed = format_duration(facts.elapsed)
    so_far = "" if facts.at_event else " so far"
    worst = level == "PAR"
    return Finding(
        18, RULE, "major" if worst else "minor",
        f"Hold time {hold.id} ({span}): {elapsed}{so_far}, {level} is {word} {limit}.",
        blocks=worst, needs_comment=not worst, expected=f"{level} {word} {limit}", actual=elapsed,
    )  # fmt: skip
