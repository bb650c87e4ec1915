"""A step that somebody had started was taken back by the recipe before it was complete. What it recorded stays.

Source: 21 CFR 211.188(b) (each significant step), FDA data integrity Q&A 2 (aborted work stays visible); exception
taxonomy 13.
"""

from __future__ import annotations

from engine.rules.facts import WithdrawalFacts
from engine.rules.finding import Finding

RULE = "withdrawn_step"
VERSION = "1"
MOMENT = "withdrawal"
NUMBERS = (13,)


def applies(facts: WithdrawalFacts) -> bool:
    """Tasks that had been started, or hold a value."""
    return facts.started or facts.recorded > 0


def judge(facts: WithdrawalFacts) -> list[Finding]:
    """Info."""
    values = "1 value" if facts.recorded == 1 else f"{facts.recorded} values"
    message = f"{facts.step.title or facts.step.id} was started and then withdrawn by the recipe; it holds {values}."
    return [Finding(13, RULE, "info", message, expected="completed", actual="withdrawn")]
