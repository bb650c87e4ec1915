"""A choice that leads off the planned way of the recipe. It is allowed; the record says that a person took it, and why.

Source: the recipe's designed options; exception taxonomy 15.
"""

from __future__ import annotations

from engine.rules.facts import StepFacts
from engine.rules.finding import Finding

RULE = "departing_choice"
VERSION = "1"
MOMENT = "step"
NUMBERS = (15,)


def applies(facts: StepFacts) -> bool:
    """Steps where somebody chose; a branch that the data decide is no choice."""
    return bool(facts.chosen)


def judge(facts: StepFacts) -> list[Finding]:
    """Info, with a reason, for each choice that departs."""
    title = facts.step.title or facts.step.id
    return [
        Finding(
            15, RULE, "info", f"{title}: {choice.label or choice.value} was chosen, which is not the planned way.",
            needs_comment=True, expected="the planned way", actual=choice.value,
        )
        for choice in facts.chosen
        if choice.departs
    ]  # fmt: skip
