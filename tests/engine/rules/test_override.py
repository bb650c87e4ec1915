"""QA lets a blocked task go on."""

import pytest

from engine.rules import DecisionFacts, judge
from tests.engine.rules.samples import shown


def decided(outcome: str, *, stopped: bool = False) -> DecisionFacts:
    return DecisionFacts(outcome=outcome, roles=("QA_FLR", "MED"), numbers=(4,), stopped=stopped, reference="PD-2026-031")


@pytest.mark.parametrize("outcome", ["hold", "terminate", "reject"])
def test_decision_that_lets_nothing_go_on_lifts_nothing(outcome: str) -> None:
    assert judge("decision", decided(outcome, stopped=True)).judged_by == ()


def test_block_that_was_lifted_is_seen_with_who_and_what() -> None:
    (finding,) = judge("decision", decided("proceed")).findings
    assert (finding.number, finding.severity, finding.blocks) == (33, "info", False)
    assert finding.message == "The block (exception 4) was lifted by QA_FLR, MED under PD-2026-031."


@pytest.mark.parametrize("outcome", ["proceed", "go on", ""])
def test_stop_that_was_lifted_is_critical(outcome: str) -> None:
    assert shown(judge("decision", decided(outcome, stopped=True)).findings) == [(33, "critical", True, True)]
