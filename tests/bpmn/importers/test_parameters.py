"""Rows of parameters.csv: severities from typical deviations, names in formulas, choices; bad rows."""

from pathlib import Path

import pytest

from bpmn import vocabulary as v
from bpmn.importers.parameters import severity_outside
from tests.recipe_tables import drawn, problems, steps, table

HEADING = ("step_id", "param", "name", "type", "unit", "par_low", "par_high", "source", "formula", "class", "severity", "choices")


def row(param: str, **cells: str) -> tuple[str, ...]:
    usual = {"step_id": "S2", "param": param, "name": param.capitalize(), "type": "num", "unit": "mL", **cells}
    return tuple(usual.get(column, "") for column in HEADING)


def parameters(tmp_path: Path, *rows: tuple[str, ...]) -> dict[str, v.Parameter]:
    recipe = drawn(tmp_path, steps=steps(UP1="S1 S2 S3"), parameters=table(HEADING, *rows))
    return {f"{step.id}.{p.id}": p for step in recipe.steps for p in step.parameters}


DEVIATIONS = (
    v.Deviation("identifier mismatch (stop)", "critical"),
    v.Deviation("label content or COI mismatch", "critical"),
    v.Deviation("count balance", "major"),
    v.Deviation("volume outside", "minor"),
)
SEVERITIES = [
    ("Identifiers matching", "ID", "critical"),  # its word, whatever the ending
    ("Label balance", "ID", "major"),  # half of "count balance", a quarter of "label content or COI mismatch"
    ("Bag intact", "ID", "critical"),  # like none, but an identity
    ("Bag weight", "IPC", "major"),
    ("Volume", "IPC", "major"),  # outside PAR is at least major
]


@pytest.mark.parametrize(("name", "kind", "severity"), SEVERITIES)
def test_severity_outside_par_follows_the_most_alike_deviation(name: str, kind: str, severity: str) -> None:
    parameter = v.Parameter("x", name, "num", par_high="1", parameter_class=kind)
    assert severity_outside(parameter, DEVIATIONS) == severity


def test_a_severity_of_the_table_wins(tmp_path: Path) -> None:
    found = parameters(tmp_path, row("vol", par_high="10", severity="critical"))
    assert found["S2.vol"].severity == "critical"


def test_a_short_name_of_one_other_step_is_spelled_out(tmp_path: Path) -> None:
    found = parameters(tmp_path, row("dose", step_id="S1"), row("fill", type="calc", formula="dose/20 + rest"), row("rest"))
    assert found["S2.fill"].formula == "S1.dose/20 + rest"


def test_a_label_balance_is_judged_as_one_and_choices_come_from_the_column(tmp_path: Path) -> None:
    found = parameters(
        tmp_path, row("bal", name="Label balance", par_low="0", par_high="0", unit="1"),
        row("way", type="choice", unit="", choices="left; right"),
    )  # fmt: skip
    assert found["S2.bal"].judge == "balance"
    assert [choice.value for choice in found["S2.way"].choices] == ["left", "right"]


def test_a_parameter_is_asked_for_under_a_condition(tmp_path: Path) -> None:
    header = {"parameters": {"S2.feed": {"when": "vol < 1000"}, "S2.rest": {"when": "vol <"}}}
    rows = table(HEADING, row("vol", step_id="S1"), row("feed"))
    step = drawn(tmp_path, {"parameters": {"S2.feed": {"when": "vol < 1000"}}}, steps=steps(UP1="S1 S2"), parameters=rows)
    assert step.steps[1].parameters[0].when == "S1.vol < 1000"
    (found,) = problems(tmp_path, header, steps=steps(UP1="S1 S2"), parameters=rows + "S2,rest,Rest,num,mL\n")
    assert (found.row, found.column) == (4, "when")


def test_previous_belongs_into_a_loop_that_says_what_it_is_at_first(tmp_path: Path) -> None:
    rows = table(HEADING, row("n", type="calc", formula="previous.n + 1"), row("n", step_id="S1"))
    (found,) = problems(tmp_path, steps=steps(UP1="S1 S2"), parameters=rows)
    assert (found.row, found.column) == (2, "formula")
    note = "previous of the first iteration is S1"
    structure = table(("id", "kind", "of", "condition", "note"), ("L1", "loop", "S2", "2 times", note))
    assert drawn(tmp_path, steps=steps(UP1="S1 S2"), parameters=rows, structure=structure).steps


BAD = [
    (row("vol", step_id="S9"), "step_id", "there is no step S9"),
    (row("vol", type="number"), "type", "'number' is not known"),
    (row("start"), "param", "can't be a name"),
    (row("vol", unit="millilitres"), "unit", "is no unit of measure"),
    (row("vol", source="telepathy"), "source", "'telepathy' is not known"),
    (row("vol", type="calc"), "formula", "has no formula"),
    (row("vol", formula="1 + 1", source="manual"), "source", "it has a formula"),
    (row("vol", type="calc", formula="1 +"), "formula", "is no expression"),
    (row("vol", type="calc", formula="dose * 2"), "formula", "nothing is called dose"),
    (row("vol", type="calc", formula="S1.dose * 2"), "formula", "S1 has no parameter dose"),
    (row("vol", par_low="ten"), "par_low", "nothing is called ten"),
    (row("ok", type="bool", unit="", par_low="true"), "nor_low", "no single expected value"),
    (row("way", type="choice", unit=""), "choices", "fewer than two choices"),
    (row("vol", par_low="1", severity="huge"), "severity", "'huge' is not known"),
]


@pytest.mark.parametrize(("bad", "column", "message"), BAD, ids=[message for *_, message in BAD])
def test_a_bad_row_is_named(tmp_path: Path, bad: tuple[str, ...], column: str, message: str) -> None:
    found = problems(tmp_path, steps=steps(UP1="S1 S2"), parameters=table(HEADING, bad))
    assert [(p.file, p.row, p.column) for p in found] == [("parameters.csv", 2, column)]
    assert message in found[0].message


def test_a_short_name_of_two_steps_is_refused(tmp_path: Path) -> None:
    rows = [row("dose", step_id="S1"), row("dose", step_id="S3"), row("fill", type="calc", formula="dose")]
    (found,) = problems(tmp_path, steps=steps(UP1="S1 S2 S3"), parameters=table(HEADING, *rows))
    assert found.message == "dose is a parameter of S1 and S3, in 'dose'"
