"""What the change of a value means: looked up by the element and its attribute, judged by both sides of the element."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from bpmn import vocabulary as v
from bpmn.diff.parts import Part
from bpmn.units import UnitMismatchError, UnknownUnitError, convert

Judge = Callable[[Part, Part, str], tuple[str, ...]]
LIMITS = ("norLow", "norHigh", "parLow", "parHigh")
_NAMES = dict(zip(LIMITS, v.LIMIT_NAMES, strict=True))
_ACTIONS = ("none", "flag", "block", "stop")  # each does what the one before does, and more


def decimal(text: str) -> Decimal | None:
    """The number that a text is; None for an expression."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _numbers(old: Part, new: Part, attribute: str) -> tuple[Decimal, Decimal] | None:
    """Both values as numbers in the new unit; None where they can't be compared."""
    before, after = decimal(old.get(attribute)), decimal(new.get(attribute))
    if before is None or after is None:
        return None
    if old.get("uom") != new.get("uom"):
        try:
            before = convert(before, old.get("uom"), new.get("uom"))
        except (UnknownUnitError, UnitMismatchError):
            return None
    return before, after


def limit(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    """Tightened or loosened, whether the bound itself is accepted included; shifted where its pair went the same way."""
    direction = _direction(old, new, attribute)
    if direction in ("limit_tightened", "limit_loosened"):
        twin = attribute.replace("Low", "High") if attribute.endswith("Low") else attribute.replace("High", "Low")
        if {direction, _direction(old, new, twin)} == {"limit_tightened", "limit_loosened"}:
            return (direction, "limit_shifted")
    return (direction,)


def _direction(old: Part, new: Part, attribute: str) -> str:
    before, after = old.get(attribute), new.get(attribute)
    if not before or not after:
        return "limit_added" if after else "limit_removed" if before else ""
    if is_expected(old) or is_expected(new):
        return "expected_value_changed"
    numbers = _numbers(old, new, attribute)
    if numbers is None:
        return "limit_changed" if before != after else ""
    lower = attribute.endswith("Low")
    # A bound that must not be reached lies a hair inside the same number that may be reached.
    excluded = [_NAMES[attribute] in side.get("exclusive").split() for side in (old, new)]
    inward = [(number if lower else -number, out) for number, out in zip(numbers, excluded, strict=True)]
    if inward[0] == inward[1]:
        return "limit_rewritten"
    return "limit_tightened" if inward[1] > inward[0] else "limit_loosened"


def is_expected(parameter: Part) -> bool:
    """Whether its limits are the one value that is expected."""
    return parameter.get("type") in ("bool", "choice", "text")


def _ranked(order: tuple[str, ...], weaker: str, stronger: str, missing: str) -> Judge:
    def judge(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
        before, after = old.get(attribute) or missing, new.get(attribute) or missing
        if before not in order or after not in order:
            return ("other",)
        return (stronger if order.index(after) > order.index(before) else weaker,)

    return judge


def _class(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    before, after = (side.get(attribute) in v.CRITICAL_CLASSES for side in (old, new))
    return ("class_changed" if before == after else "class_raised" if after else "class_lowered",)


def _source(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    before, after = (side.get(attribute) or "manual" for side in (old, new))
    return ("source_weakened" if after == "manual" else "source_strengthened" if before == "manual" else "source_changed",)


def _there(gone: str, come: str, changed: str) -> Judge:
    """What it means that something is written that was not, the other way round, and that it is written otherwise."""

    def judge(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
        return (changed if old.get(attribute) and new.get(attribute) else come if new.get(attribute) else gone,)

    return judge


def _words(wider: str, narrower: str, changed: str, default: str = "") -> Judge:
    """A list of words that grew, shrank, or both."""

    def judge(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
        before, after = (set((side.get(attribute) or default).split()) for side in (old, new))
        return (wider if before < after else narrower if after < before else changed,)

    return judge


def _omitted(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    before, after = ({name.strip() for name in side.get(attribute).split(";")} - {""} for side in (old, new))
    if before < after:
        return ("verification_weakened",)
    return ("verification_strengthened",) if after < before else ("verification_changed",)


def _number(raised: str, lowered: str, changed: str, missing: str = "") -> Judge:
    def judge(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
        before, after = (decimal(side.get(attribute) or missing) for side in (old, new))
        if before is None or after is None or before == after:
            return (changed,)
        return (raised if after > before else lowered,)

    return judge


def _loop_maximum(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    if not old.get(attribute) or not new.get(attribute):
        return ("loop_maximum_lowered" if new.get(attribute) else "loop_maximum_raised",)
    return _number("loop_maximum_raised", "loop_maximum_lowered", "loop_changed")(old, new, attribute)


def _hold_time(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    numbers = _numbers(old, new, attribute)
    if numbers is None or old.get("kind") != new.get("kind"):
        return ("hold_time_changed",)
    if numbers[0] == numbers[1]:
        return ("limit_rewritten",)
    longer = numbers[1] > numbers[0]
    return ("hold_time_loosened" if longer == (new.get("kind") != "min") else "hold_time_tightened",)


def _uom(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    return ("hold_time_changed",) if new.name == "mes:holdTime" else ("uom_changed",)


_SEVERITY = _ranked(v.SEVERITIES, "severity_lowered", "severity_raised", "major")
JUDGES: dict[tuple[str, str], Judge] = {
    **{("mes:parameter", name): limit for name in LIMITS},
    ("mes:parameter", "limitAction"): _ranked(_ACTIONS, "limit_action_weakened", "limit_action_strengthened", "none"),
    ("mes:parameter", "class"): _class,
    ("mes:parameter", "source"): _source,
    ("mes:parameter", "severity"): _SEVERITY,
    ("mes:parameter", "uom"): _uom,
    ("mes:parameter", "when"): _there("asked_for_more_often", "asked_for_less_often", "condition_changed"),
    ("mes:parameter", "optional"): _there("made_required", "made_optional", "other"),
    ("mes:parameter", "qualifier"): _there("qualifier_refused", "qualifier_allowed", "other"),
    ("mes:choice", "departs"): _there("answer_made_usual", "answer_made_departure", "other"),
    ("mes:deviation", "severity"): _SEVERITY,
    ("mes:signature", "roles"): _words("verification_weakened", "verification_strengthened", "verification_changed"),
    ("mes:signature", "differs"): _words("verification_strengthened", "verification_weakened", "verification_changed"),
    ("mes:scan", "minimum"): _number("verification_strengthened", "verification_weakened", "verification_changed", "1"),
    ("mes:scan", "omit"): _omitted,
    ("mes:step", "decisionRoles"): _words(
        "verification_weakened", "verification_strengthened", "decision_roles_changed", "QA_FLR"
    ),
    ("mes:holdTime", "nor"): _hold_time,
    ("mes:holdTime", "par"): _hold_time,
    ("mes:holdTime", "uom"): _uom,
    ("mes:recipe", "lateEntryMinutes"): _number("late_entry_loosened", "late_entry_tightened", "header_changed", "15"),
    ("standardLoopCharacteristics", "loopMaximum"): _loop_maximum,
}

MEANT: dict[tuple[str, str], str] = {
    ("mes:parameter", "name"): "renamed",
    ("mes:parameter", "type"): "type_changed",
    ("mes:parameter", "target"): "target_moved",
    ("mes:parameter", "formula"): "formula_changed",
    ("mes:parameter", "why"): "why_changed",
    ("mes:parameter", "judge"): "judge_changed",
    ("mes:parameter", "afterEnd"): "timing_changed",
    ("mes:parameter", "minLength"): "answer_length_changed",
    ("mes:parameter", "maxLength"): "answer_length_changed",
    ("mes:parameter", "multiline"): "editorial",
    ("mes:parameter", "example"): "editorial",
    ("mes:parameter", "reporting"): "reporting_changed",
    ("mes:choice", "label"): "renamed",
    ("mes:signature", "meanings"): "signature_meaning_changed",
    ("mes:scan", "scope"): "verification_changed",
    ("mes:step", "title"): "renamed",
    ("mes:step", "instruction"): "instruction_changed",
    ("mes:step", "unitProcedure"): "grouping_changed",
    ("mes:step", "operation"): "grouping_changed",
    ("mes:step", "day"): "grouping_changed",
    ("mes:step", "kind"): "step_kind_changed",
    ("mes:step", "rationale"): "why_changed",
    ("mes:step", "form"): "form_changed",
    ("mes:holdTime", "why"): "why_changed",
    ("mes:recipe", "revision"): "revision_number",
    ("sequenceFlow", "name"): "renamed",
    ("process", "name"): "renamed",
}
"""The meaning of a change whose direction says nothing. What stands in neither list means what its element means."""

OF_PART: dict[str, tuple[str, str, str]] = {
    "mes:parameter": ("parameter_added", "parameter_removed", "other"),
    "mes:signature": ("verification_strengthened", "verification_weakened", "verification_changed"),
    "mes:scan": ("verification_strengthened", "verification_weakened", "verification_changed"),
    "mes:choice": ("answer_added", "answer_removed", "other"),
    "mes:equipment": ("equipment_added", "equipment_removed", "other"),
    "mes:material": ("material_added", "material_removed", "other"),
    "mes:deviation": ("typical_deviation_added", "typical_deviation_removed", "other"),
    "mes:holdTime": ("hold_time_added", "hold_time_removed", "hold_time_changed"),
    "mes:orderField": ("order_field_added", "order_field_removed", "order_field_changed"),
    "mes:recipe": ("header_changed", "header_changed", "header_changed"),
    "process": ("process_added", "process_removed", "header_changed"),
    "mes:timer": ("timer_changed", "timer_changed", "timer_changed"),
    "mes:loop": ("loop_changed", "loop_changed", "loop_changed"),
    "mes:service": ("service_changed", "service_changed", "service_changed"),
    "mes:origin": ("origin_changed", "origin_changed", "origin_changed"),
    "standardLoopCharacteristics": ("loop_added", "loop_removed", "loop_changed"),
    "multiInstanceLoopCharacteristics": ("loop_added", "loop_removed", "loop_changed"),
    "loopCondition": ("loop_condition_changed", "loop_condition_changed", "loop_condition_changed"),
    "loopCardinality": ("loop_condition_changed", "loop_condition_changed", "loop_condition_changed"),
    "timerEventDefinition": ("timer_changed", "timer_changed", "timer_changed"),
    "conditionExpression": ("condition_changed", "condition_changed", "condition_changed"),
    "script": ("script_changed", "script_changed", "script_changed"),
    "callActivity": ("call_changed", "call_changed", "call_changed"),
    "dmn:definitions": ("decision_table_added", "decision_table_removed", "decision_table_changed"),
    "message": ("event_changed", "event_changed", "event_changed"),
    "escalation": ("event_changed", "event_changed", "event_changed"),
    "messageEventDefinition": ("event_changed", "event_changed", "event_changed"),
    "escalationEventDefinition": ("event_changed", "event_changed", "event_changed"),
    "terminateEventDefinition": ("event_changed", "event_changed", "event_changed"),
    "boundaryEvent": ("event_changed", "event_changed", "event_changed"),
    "timeDuration": ("timer_changed", "timer_changed", "timer_changed"),
    "timeDate": ("timer_changed", "timer_changed", "timer_changed"),
    "timeCycle": ("timer_changed", "timer_changed", "timer_changed"),
    "scriptTask": ("script_changed", "script_changed", "script_changed"),
    **dict.fromkeys(
        ("documentation", "comment", "textAnnotation", "text", "association", "group", "category", "categoryValue"),
        ("editorial", "editorial", "editorial"),
    ),
}
"""What it means that an element comes, goes, or has another attribute or text than before."""


def meanings_of_value(old: Part, new: Part, attribute: str) -> tuple[str, ...]:
    """What it means that an attribute (or the text, "") of an element differs."""
    judge = JUDGES.get((new.name, attribute))
    if judge is not None:
        return judge(old, new, attribute)
    if old.name != new.name:
        return ("other",)  # an element of another kind, which is an entry of its own
    return (MEANT.get((new.name, attribute)) or meaning_of_part(new.name, 2),)


def meaning_of_part(name: str, which: int) -> str:
    """What it means that an element comes (0), goes (1) or changes (2)."""
    if name in OF_PART:
        return OF_PART[name][which]
    if name.startswith("dmn:"):
        return "decision_table_changed"
    return "foreign_changed" if name.startswith("{") else "other"
