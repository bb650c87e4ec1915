"""What a change can mean, one line each. The identifiers enter records of change control and are never renamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["weaker", "stronger", "neutral", "editorial", "mark"]
"""weaker: less is controlled than before. mark: says something about a change that has a meaning of its own."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a meaning is said to people, how it weighs, and what the change back means."""

    words: str
    weight: Weight
    opposite: str


def _both_ways(weaker: str, stronger: str) -> dict[str, Meaning]:
    return {
        weaker: Meaning(weaker.replace("_", " "), "weaker", stronger),
        stronger: Meaning(stronger.replace("_", " "), "stronger", weaker),
    }


def _coming_and_going(what: str, going: Weight = "neutral", coming: Weight = "neutral") -> dict[str, Meaning]:
    added, removed = f"{what}_added", f"{what}_removed"
    return {
        added: Meaning(added.replace("_", " "), coming, removed),
        removed: Meaning(removed.replace("_", " "), going, added),
    }


def _same(*names: str, weight: Weight = "neutral") -> dict[str, Meaning]:
    return {name: Meaning(name.replace("_", " "), weight, name) for name in names}


MEANINGS: dict[str, Meaning] = {
    # limits of a parameter
    **_both_ways("limit_loosened", "limit_tightened"),
    **_both_ways("limit_removed", "limit_added"),
    **_same("limit_shifted", "limit_changed", "limit_rewritten", "expected_value_changed"),
    **_both_ways("limit_action_weakened", "limit_action_strengthened"),
    # a parameter
    **_coming_and_going("parameter", "weaker", "stronger"),
    **_same("target_moved", "uom_changed", "type_changed", "formula_changed", "judge_changed", "timing_changed"),
    **_both_ways("class_lowered", "class_raised"),
    **_same("class_changed"),
    **_both_ways("severity_lowered", "severity_raised"),
    **_both_ways("source_weakened", "source_strengthened"),
    **_same("source_changed", "condition_changed"),
    **_both_ways("asked_for_less_often", "asked_for_more_often"),
    **_both_ways("made_optional", "made_required"),
    **_both_ways("qualifier_allowed", "qualifier_refused"),
    **_coming_and_going("answer"),
    **_same("answer_length_changed", "reporting_changed"),
    **_both_ways("answer_made_usual", "answer_made_departure"),
    # a step
    **_coming_and_going("step", "weaker", "stronger"),
    **_same("step_moved", "renamed", "id_changed", "instruction_changed", "grouping_changed"),
    **_same("step_kind_changed", "form_changed"),
    **_both_ways("verification_weakened", "verification_strengthened"),
    **_same("verification_changed", "signature_meaning_changed", "decision_roles_changed"),
    **_coming_and_going("equipment"),
    **_coming_and_going("material"),
    **_coming_and_going("typical_deviation"),
    **_same("order_changed"),
    # the way of a batch
    **_coming_and_going("branch"),
    **_same("branch_redirected", "default_changed", "decision_order_changed", "sequence_changed"),
    **_coming_and_going("choice"),
    **_coming_and_going("parallel"),
    **_coming_and_going("block"),
    **_coming_and_going("loop"),
    **_coming_and_going("timer", "weaker", "stronger"),
    **_coming_and_going("event"),
    **_coming_and_going("script"),
    **_coming_and_going("service"),
    **_coming_and_going("decision_table"),
    **_coming_and_going("decision_row"),
    **_coming_and_going("call"),
    **_coming_and_going("process"),
    **_same("choice_moved", "parallel_moved", "block_moved", "loop_moved", "timer_moved", "event_moved", "script_moved"),
    **_same("service_moved", "decision_table_moved", "call_moved", "element_moved"),
    **_coming_and_going("element"),
    **_both_ways("loop_maximum_raised", "loop_maximum_lowered"),
    **_same("loop_condition_changed", "loop_changed", "timer_changed", "event_changed", "script_changed"),
    **_same("service_changed", "call_changed", "decision_table_changed", "decision_row_changed"),
    # the recipe
    **_coming_and_going("hold_time", "weaker", "stronger"),
    **_both_ways("hold_time_loosened", "hold_time_tightened"),
    **_same("hold_time_changed", "header_changed"),
    **_coming_and_going("order_field"),
    **_same("order_field_changed"),
    **_both_ways("late_entry_loosened", "late_entry_tightened"),
    # reasons
    **_same("why_changed"),
    **_same("why_unchanged", "critical_touched", weight="mark"),
    # neither in the product nor in the record of a batch
    **_same("editorial", "revision_number", "origin_changed", weight="editorial"),
    # what we can't read
    **_same("foreign_changed", "other"),
}  # fmt: skip


def opposite(meanings: tuple[str, ...]) -> tuple[str, ...]:
    """What the change back means."""
    return tuple(sorted(MEANINGS[name].opposite for name in meanings))


def is_weaker(meanings: tuple[str, ...]) -> bool:
    """Whether less is controlled than before."""
    return any(MEANINGS[name].weight == "weaker" for name in meanings)


def is_editorial(meanings: tuple[str, ...]) -> bool:
    """Whether neither the product nor the record of a batch can differ by it."""
    return all(MEANINGS[name].weight == "editorial" for name in meanings)
