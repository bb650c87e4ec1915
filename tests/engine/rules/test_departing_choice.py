"""A person chooses an option of the recipe."""

from bpmn.vocabulary import Choice
from engine.rules import judge
from tests.engine.rules.samples import shown, step_facts


def test_planned_choice_is_no_exception() -> None:
    assert judge("step", step_facts(chosen=(Choice("harvest"), Choice("continue")))).findings == ()


def test_each_departing_choice_is_info_and_needs_its_reason() -> None:
    chosen = (
        Choice("harvest"),
        Choice("terminate", "Terminate the batch", departs=True),
        Choice("split", departs=True),
    )
    findings = judge("step", step_facts(chosen=chosen)).findings
    assert shown(findings) == [(15, "info", False, False)] * 2
    assert [f.actual for f in findings] == ["terminate", "split"]
    assert findings[0].message == "Count the cells: Terminate the batch was chosen, which is not the planned way."
    assert findings[0].needs_comment
