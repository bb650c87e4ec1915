"""recipe.json: all optional, nothing unknown, nothing that the tables don't have."""

from pathlib import Path
from typing import Any

import pytest

from tests.recipe_tables import drawn, problems, steps, table, write


def test_without_a_header_the_recipe_is_called_as_its_file_and_the_order_has_identifiers(tmp_path: Path) -> None:
    recipe = drawn(tmp_path, steps=steps(UP1="S1")).recipe
    assert (recipe.id, recipe.revision) == ("RECIPE", "1.0")
    assert [(f.name, f.identifier) for f in recipe.order_fields] == [("coi", True), ("din", True), ("subject", True)]


def test_a_loop_gets_its_due_time_and_label(tmp_path: Path) -> None:
    rows = table(("id", "kind", "of", "condition", "note"), ("L1", "loop", "S2", "3 times", "one iteration a day"))
    header = {"loops": {"L1": {"label": "Day ", "due": "S1.end + days(day)"}}}
    xml = drawn(tmp_path, header, steps=steps(UP1="S1 S2"), structure=rows).xml.decode()
    assert '<mes:timer due="S1.end + days(day)"/>' in xml
    assert '<mes:loop label="Day " name="day"/>' in xml


BAD: list[tuple[dict[str, Any], str]] = [
    ({"colour": "blue"}, "colour"),
    ({"revision": 3}, "revision"),
    ({"steps": {"S9": {"kind": "shipment"}}}, "steps.S9"),
    ({"steps": {"S1": {"kind": "journey"}}}, "steps.S1.kind"),
    ({"steps": {"S1": "shipment"}}, "steps.S1"),
    ({"steps": {"S1": {"colour": "blue"}}}, "steps.S1.colour"),
    ({"steps": {"S1": {"verification": {"P": {"roles": ["PILOT"]}}}}}, "steps.S1.roles"),
    ({"verification": {"X": {"roles": ["MFG_OP"]}}}, "verification.X"),
    ({"verification": {"P": {"meanings": ["flown_by"]}}}, "verification.P.meanings"),
    ({"parameters": {"S1.n": {"name": "Count"}}}, "parameters.S1.n"),
    ({"hold_times": {"H1": {"links": []}}}, "hold_times.H1"),
    ({"loops": {"L1": {"label": "D"}}}, "loops.L1"),
]


@pytest.mark.parametrize(("header", "column"), BAD, ids=[column for _, column in BAD])
def test_a_header_that_says_something_unknown(tmp_path: Path, header: dict[str, Any], column: str) -> None:
    found = problems(tmp_path, header, steps=steps(UP1="S1"))
    assert [(p.file, p.column) for p in found] == [("recipe.json", column)]


def test_a_header_that_is_no_json(tmp_path: Path) -> None:
    write(tmp_path, steps=steps(UP1="S1"))
    (tmp_path / "recipe.json").write_text("{id: 1}", "utf-8")
    assert "it is not JSON" in problems(tmp_path)[0].message
