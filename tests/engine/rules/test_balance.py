"""The label balance of a fill: what was printed is used, destroyed or retained."""

import pytest

from bpmn.vocabulary import Parameter
from engine.rules import judge
from tests.engine.rules.samples import judged, value_facts

BALANCE = Parameter(
    id="lbl_bal", name="Label balance", type="num", uom="labels", source="calc", judge="balance", limit_action="block",
    nor_low="0", nor_high="0", par_low="0", par_high="0", formula="printed - used - destroyed - retained",
)  # fmt: skip


@pytest.mark.parametrize("value", ["0", "0.0", "-0"])
def test_balance_that_comes_out_is_ok(value: str) -> None:
    judgement = judge("value", value_facts(value, BALANCE))
    assert (judgement.outcome, judgement.judged_by) == ("ok", (("balance", "1"),))


@pytest.mark.parametrize("value", ["1", "-1", "0.0001"])
def test_label_too_many_or_too_few_blocks(value: str) -> None:
    assert judged(value, BALANCE) == [(30, "major", True, False)]


def test_balance_has_its_own_number_also_when_it_is_flagged_only() -> None:
    (finding,) = judge("value", value_facts("1", BALANCE)).findings
    assert finding.message == "Label balance 1 labels is outside PAR exactly 0 labels."
