"""Release results against their criteria."""

from decimal import Decimal

import pytest

from bpmn.vocabulary import Parameter
from engine.rules import judge
from tests.engine.rules.samples import changed, judged, value_facts

ENDOTOXIN = Parameter(
    id="endotoxin", name="Endotoxin", type="num", uom="EU/mL", judge="specification", limit_action="block",
    qualifier=True, par_high="0.5",
)  # fmt: skip
OUT = [(12, "major", True, False)]


@pytest.mark.parametrize(
    ("qualifier", "value", "expected"),
    [
        ("", "0.5", []), ("", "0.500", []), ("", "0.51", OUT), ("<", "0.25", []), ("<", "0.5", []), ("<", "0.6", OUT),
        (">", "0.1", OUT),
    ],
)  # fmt: skip
def test_numeric_criterion(qualifier: str, value: str, expected: list[object]) -> None:
    assert judged(value, ENDOTOXIN, qualifier=qualifier) == expected


def test_reported_below_too_high_a_number_does_not_prove_it() -> None:
    (finding,) = judge("value", value_facts("0.6", ENDOTOXIN, qualifier="<")).findings
    assert finding.message == "Endotoxin <0.6 EU/mL does not prove PAR at most 0.5 EU/mL."


def test_text_criterion_is_met_by_the_text_only() -> None:
    sterility = changed(ENDOTOXIN, name="Sterility", type="text", uom="", par_low="no growth", par_high="no growth")
    assert judged("no growth", sterility) == []
    assert judged("growth", sterility) == OUT


def test_criterion_of_another_step_without_its_value_is_not_met() -> None:
    dose = changed(ENDOTOXIN, par_low="0.9 * S31.dose", par_high="1.3 * S31.dose")
    assert judged("150000000", dose, scope={"S31.dose": Decimal("1.48e8")}) == []
    assert judged("150000000", dose, scope={"S31.dose": None}) == OUT
