"""Was it as the recipe and the site demand? Exception rules: pure functions from facts to findings, one file each.

To add one: a module like `limit`, its line in `RULES`, a table of values inside, outside and at the edge in
`tests/engine/rules`. A rule's id and version enter records: a rule that judges differently gets a new version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from engine.rules import (
    ad_hoc_change,
    adopted_revision,
    balance,
    calculation,
    correction,
    departing_choice,
    departure_used,
    equipment,
    hold_time,
    identity,
    late_entry,
    limit,
    manual_entry,
    material,
    missed_change,
    missing_value,
    pass_fail,
    planned_departure,
    repeated_measurement,
    specification,
    training,
    withdrawn_step,
)
from engine.rules.facts import (
    AdoptionFacts,
    CorrectionFacts,
    DepartureFacts,
    EntryFacts,
    EquipmentFacts,
    HoldFacts,
    LimitProblem,
    Limits,
    LotFacts,
    ScanFacts,
    StepFacts,
    ValueFacts,
    WithdrawalFacts,
)
from engine.rules.finding import Finding, Judgement
from engine.rules.limits import evaluate_limits
from engine.rules.taxonomy import TAXONOMY
from engine.rules.wording import format_duration, format_range, format_value

__all__ = [
    "MOMENTS",
    "RULES",
    "TAXONOMY",
    "AdoptionFacts",
    "CorrectionFacts",
    "DepartureFacts",
    "EntryFacts",
    "EquipmentFacts",
    "Finding",
    "HoldFacts",
    "Judgement",
    "LimitProblem",
    "Limits",
    "LotFacts",
    "Rule",
    "ScanFacts",
    "StepFacts",
    "ValueFacts",
    "WithdrawalFacts",
    "evaluate_limits",
    "format_duration",
    "format_range",
    "format_value",
    "judge",
]


class Rule(Protocol):
    """What a rule's module offers. `NUMBERS` are the exceptions it may raise, `MOMENT` when it is asked."""

    @property
    def RULE(self) -> str: ...
    @property
    def VERSION(self) -> str: ...
    @property
    def MOMENT(self) -> str: ...
    @property
    def NUMBERS(self) -> tuple[int, ...]: ...

    def applies(self, facts: Any) -> bool:
        """Whether this rule judges these facts at all."""

    def judge(self, facts: Any) -> list[Finding]:
        """What it finds."""


RULES: tuple[Rule, ...] = (
    limit, balance, specification, calculation, pass_fail,
    manual_entry, repeated_measurement, late_entry,
    correction,
    hold_time,
    identity,
    missing_value, material, equipment, training, departing_choice, planned_departure, departure_used,
    withdrawn_step,
    adopted_revision, missed_change, ad_hoc_change,
)  # fmt: skip

MOMENTS: dict[str, type] = {
    "value": ValueFacts,
    "entry": EntryFacts,
    "correction": CorrectionFacts,
    "hold": HoldFacts,
    "scan": ScanFacts,
    "step": StepFacts,
    "withdrawal": WithdrawalFacts,
    "adoption": AdoptionFacts,
    "departure": DepartureFacts,
}

FAULT = "rule_fault"
FAULT_VERSION = "1"


def judge(moment: str, facts: object, rules: Sequence[Rule] = RULES) -> Judgement:
    """What the rules of this moment say about these facts.

    A rule that fails is itself a finding of the highest severity that blocks, and the other rules still judge. Facts of
    another moment are the caller's fault and raise TypeError, since no rule would have judged them.
    """
    if not isinstance(facts, MOMENTS[moment]):
        raise TypeError(f"{type(facts).__name__} are not the facts of the moment {moment!r}")
    judged_by: list[tuple[str, str]] = []
    findings: list[Finding] = []
    for rule in rules:
        if moment != rule.MOMENT:
            continue
        try:
            if not rule.applies(facts):
                continue
            found = [replace(finding, rule=rule.RULE, rule_version=rule.VERSION) for finding in rule.judge(facts)]
        except Exception as error:
            findings.append(_fault(rule, error))
            continue
        judged_by.append((rule.RULE, rule.VERSION))
        findings += found
    return Judgement(tuple(judged_by), tuple(findings))


def _fault(rule: Rule, error: Exception) -> Finding:
    cause = type(error).__name__
    message = f"The rule {rule.RULE} (version {rule.VERSION}) failed while it judged ({cause}): a person has to judge."
    return Finding(
        0, FAULT, "critical", message, blocks=True, needs_comment=True, expected="a judgement", actual=cause,
        rule_version=FAULT_VERSION,
    )  # fmt: skip
