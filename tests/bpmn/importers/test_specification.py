"""Criteria of a release specification, as laboratories write them."""

from pathlib import Path

import pytest

from tests.recipe_tables import drawn, problems, table

STEPS = "step_id,unit_procedure,title,operation\nS1,UP1 Fill,Fill,Fill\nS2,UP2 Release,Results,QC\n"
DOSE = table(("step_id", "param", "name", "type", "unit"), ("S1", "dose", "Dose", "num", "cells"))
HEADING = ("attribute", "method", "criterion", "unit", "class")

CRITERIA = [
    (">=70", "%", ("num", "70", "")),
    ("<= 5.0", "%", ("num", "", "5.0")),
    (">=15 and <=70", "%", ("num", "15", "70")),
    ("≥ 15, ≤ 70", "%", ("num", "15", "70")),
    ("NLT 80", "%", ("num", "80", "")),
    (">=0.9 x dose and <=1.3 x dose", "cells", ("num", "0.9 * S1.dose", "1.3 * S1.dose")),
    ("=7", "1", ("num", "7", "7")),
    ("no growth", "text", ("text", "no growth", "no growth")),
    ("negative", "bool", ("choice", "negative", "negative")),
    ("true", "bool", ("bool", "true", "true")),
]


@pytest.mark.parametrize(("criterion", "unit", "means"), CRITERIA, ids=[c for c, *_ in CRITERIA])
def test_a_criterion_becomes_bounds_or_the_expected_result(
    tmp_path: Path, criterion: str, unit: str, means: tuple[str, str, str]
) -> None:
    rows = table(HEADING, ("x", "method", criterion, unit, "CQA"))
    found = drawn(tmp_path, steps=STEPS, parameters=DOSE, release_specification=rows).steps[1].parameters[0]
    assert (found.type, found.par_low, found.par_high) == means
    assert (found.judge, found.qualifier) == ("specification", means[0] == "num")


@pytest.mark.parametrize(("criterion", "exclusive"), [("<0.25", ("par_high",)), (">15 and <=70", ("par_low",)), (">=15", ())])
def test_a_criterion_may_exclude_its_bound(tmp_path: Path, criterion: str, exclusive: tuple[str, ...]) -> None:
    rows = table(HEADING, ("x", "method", criterion, "%", "CQA"))
    found = drawn(tmp_path, steps=STEPS, release_specification=rows).steps[1].parameters[0]
    assert found.exclusive == exclusive


def test_a_calculated_attribute_is_computed_not_entered(tmp_path: Path) -> None:
    rows = table(HEADING, ("dose_per_bag", "calc: dose / 3", ">=1e6", "cells", "CQA"))
    found = drawn(tmp_path, steps=STEPS, parameters=DOSE, release_specification=rows).steps[1].parameters[0]
    assert (found.source, found.formula, found.qualifier) == ("calc", "S1.dose / 3", False)
    assert found.name == "Dose per bag"


BAD = [
    ("<70 and <80", "%", "criterion", "'<80' is not understood"),
    (">=70 or so", "%", "criterion", "nothing is called so"),
    ("high", "%", "criterion", "'high' is no bound"),
    ("grey", "bool", "criterion", "the opposite of 'grey' is not known"),
    (">=70", "percent", "unit", "is no unit of measure"),
]


@pytest.mark.parametrize(("criterion", "unit", "column", "message"), BAD, ids=[b[-1] for b in BAD])
def test_a_criterion_that_is_not_understood(tmp_path: Path, criterion: str, unit: str, column: str, message: str) -> None:
    rows = table(HEADING, ("x", "method", criterion, unit, "CQA"))
    found = problems(tmp_path, steps=STEPS, release_specification=rows)
    assert (found[0].file, found[0].row, found[0].column) == ("release_specification.csv", 2, column)
    assert message in found[0].message


def test_an_attribute_is_not_called_as_a_parameter_of_the_step(tmp_path: Path) -> None:
    rows = table(HEADING, ("dose", "counter", ">=70", "%", "CQA"))
    (found,) = problems(tmp_path, steps=STEPS, parameters=DOSE.replace("S1", "S2"), release_specification=rows)
    assert (found.file, found.row, found.column) == ("release_specification.csv", 2, "attribute")


def test_results_need_a_step(tmp_path: Path) -> None:
    rows = table(HEADING, ("x", "method", ">=70", "%", "CQA"))
    (found,) = problems(tmp_path, steps=STEPS.replace(",QC", ",Test"), release_specification=rows)
    assert "specification_step" in found.what_to_do
    header = {"specification_step": "S1"}
    step = drawn(tmp_path, header, steps=STEPS.replace(",QC", ",Test"), release_specification=rows).steps[0]
    assert [p.id for p in step.parameters] == ["x"]
