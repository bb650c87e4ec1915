"""Equipment that was used although it was not ready, its calibration or cleaning had run out, or it is another batch's.

Source: 21 CFR 211.68(a), 211.105, 211.182; EU GMP Part IV s.9 (mix-up); exception taxonomy 1.
"""

from __future__ import annotations

from engine.rules.facts import EquipmentFacts, StepFacts
from engine.rules.finding import Finding
from engine.rules.wording import format_value

RULE = "equipment"
VERSION = "1"
MOMENT = "step"
NUMBERS = (1,)

READY = ("ready", "in_use")


def applies(facts: StepFacts) -> bool:
    """Steps that used equipment."""
    return bool(facts.equipment)


def judge(facts: StepFacts) -> list[Finding]:
    """One finding for each thing that is wrong with each piece; each blocks. The due instant is still inside."""
    return [finding for item in facts.equipment for finding in _judge_item(item, facts.batch_id)]


def _judge_item(item: EquipmentFacts, batch_id: str) -> list[Finding]:
    found = []
    name = f"{item.equipment_class} {item.id}"
    used = format_value(item.used_at)
    if item.status not in READY:
        found.append(_finding(f"{name} is {item.status}, not ready.", "ready", item.status))
    if item.calibration_due_at is not None and item.used_at > item.calibration_due_at:
        due = format_value(item.calibration_due_at)
        found.append(_finding(f"{name} was used {used}, its calibration was due {due}.", f"used by {due}", used))
    if item.cleaned_until is not None and item.used_at > item.cleaned_until:
        due = format_value(item.cleaned_until)
        found.append(_finding(f"{name} was used {used}, it was clean until {due}.", f"used by {due}", used))
    if item.assigned_to not in ("", batch_id):
        other = f"batch {item.assigned_to}"
        found.append(_finding(f"{name} is assigned to {other}.", f"batch {batch_id} or none", other))
    return found


def _finding(message: str, expected: str, actual: str) -> Finding:
    return Finding(1, RULE, "major", message, blocks=True, expected=expected, actual=actual)
