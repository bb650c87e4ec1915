"""Files as people save them: encodings, separators, columns in any order, rows over several lines."""

from pathlib import Path

import pytest

from bpmn.importers import RecipeTablesError, import_tables
from bpmn.importers.__main__ import main
from tests.recipe_tables import CART, drawn, problems, steps, table, write

HOLDS = ("hold_id", "from_event", "to_event", "nor", "par", "unit")
PLAIN = "step_id,unit_procedure,title\nS1,UP1 Wash,Wash\n"


def test_columns_come_in_any_order_and_unknown_ones_are_named_not_used(tmp_path: Path) -> None:
    recipe = drawn(tmp_path, steps="title,colour,unit_procedure,step_id\nWash,blue,UP1 Wash,S1\n")
    assert (recipe.steps[0].id, recipe.steps[0].title) == ("S1", "Wash")
    assert recipe.unused_columns == ("steps.csv: colour",)


def test_a_misspelt_column_is_a_problem_not_an_unused_one(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, steps="step_id,unit_procedure,title,verificaton\nS1,UP1,Wash,P\n")
    assert (found.column, found.what_to_do) == ("verificaton", "write verification")


@pytest.mark.parametrize(
    "content",
    [PLAIN.encode(), PLAIN.encode("utf-8-sig"), PLAIN.replace(",", ";").encode(), PLAIN.replace("\n", "\r\n").encode()],
    ids=["plain", "byte order mark", "semicolons", "carriage returns"],
)
def test_files_as_spreadsheets_save_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "steps.csv").write_bytes(content)
    assert import_tables(tmp_path).steps[0].title == "Wash"


def test_rows_are_counted_in_lines_of_the_file(tmp_path: Path) -> None:
    text = 'step_id,unit_procedure,title,instruction\nS1,UP1,Wash,"first\nsecond"\n\nS1,UP1,Count,\n'
    (found,) = problems(tmp_path, steps=text)
    assert found.row == 5
    assert str(found).startswith("steps.csv, row 5, column step_id: S1 is already row 2")


BROKEN = {
    "not UTF-8": b"step_id,unit_procedure,title\nS1,UP1,W\xe4sche\n",
    "can't be read as CSV": b'step_id,unit_procedure,title\nS1,UP1,"Wash\n',
    "this column is missing": b"step_id,title\nS1,Wash\n",
    "'title' is there 2 times": b"step_id,unit_procedure,title,title\nS1,UP1,Wash,Count\n",
    "5 cells, but 3 columns": b"step_id,unit_procedure,title\nS1,UP1,Wash, count, store\n",
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_file_that_can_not_be_read_says_why(tmp_path: Path, message: str) -> None:
    (tmp_path / "steps.csv").write_bytes(BROKEN[message])
    with pytest.raises(RecipeTablesError, match=message):
        import_tables(tmp_path)


def test_a_folder_without_steps_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeTablesError, match=r"steps\.csv: there is no such file"):
        import_tables(tmp_path)


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        header={"colour": "blue"},
        steps=steps(UP1="S1 S1"),
        parameters=table(("step_id", "param", "name", "type"), ("S9", "n", "Count", "bool")),
        structure=table(("id", "kind", "of"), ("L1", "circle", "S1")),
        hold_times=table(HOLDS, ("H1", "S1.end", "S7.end", "2", "3", "h")),
    )
    assert [p.file for p in found] == [
        "hold_times.csv", "parameters.csv", "recipe.json", "steps.csv", "structure.csv",
    ]  # fmt: skip


def test_the_command_writes_the_diagram_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "drawn" / "MR-CART-001.bpmn"
    assert main([str(CART), str(out)]) == 0
    assert out.read_bytes() == import_tables(CART).xml
    assert "42 steps in 11 unit procedures" in capsys.readouterr().out


def test_the_command_writes_nothing_when_there_are_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.bpmn"
    assert main([str(write(tmp_path, steps=steps(UP1="S1 S1"))), str(out)]) == 1
    assert "steps.csv, row 3, column step_id" in capsys.readouterr().err
    assert not out.exists()


def test_ids_stay_when_a_step_is_added(tmp_path: Path) -> None:
    before = drawn(tmp_path, steps=steps(UP1="S1 S2 S4")).xml.decode()
    after = drawn(tmp_path, steps=steps(UP1="S1 S2 S3 S4")).xml.decode()
    lost = [line for line in before.splitlines() if 'id="' in line and "Shape" not in line and line not in after]
    assert [line.strip() for line in lost] == [
        '<bpmn:sequenceFlow id="S2_to_S4" sourceRef="S2" targetRef="S4"/>',
        '<bpmndi:BPMNEdge id="S2_to_S4_edge" bpmnElement="S2_to_S4">',
    ]


def test_the_command_tells_what_the_checks_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heading = ("step_id", "param", "name", "type", "unit", "class")
    tables = {"steps": steps(UP1="S1"), "parameters": table(heading, ("S1", "n", "Count", "num", "1", "CPP"))}
    assert main([str(write(tmp_path, None, **tables)), str(tmp_path / "out.bpmn")]) == 1
    assert "error why" in capsys.readouterr().err
