"""An author lays structure over a plain list of steps, and the recipe runs as the phrases say."""

from pathlib import Path

import pytest

from tests.recipe_tables import PARAMETERS, STRUCTURE, drawn, problems, steps, table, waves

NUMBER = ("n", "Count", "num", "manual", "", "routes", "1")
CHOICE = ("c", "Decision", "choice", "manual", "", "routes")


def structure(*rows: tuple[str, ...]) -> str:
    return table(STRUCTURE, *rows)


def parameters(*rows: tuple[str, ...]) -> str:
    return table(PARAMETERS, *rows)


def test_without_structure_steps_run_one_after_the_other(tmp_path: Path) -> None:
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2", UP2="B1"))
    assert waves(recipe.xml) == ["A1", "A2", "B1", "completed"]


def test_unit_procedures_side_by_side_wait_for_each_other(tmp_path: Path) -> None:
    rows = structure(("P1", "parallel", "[UP1] then {[UP2] | [UP3, UP4]} joined before E1"))
    recipe = drawn(tmp_path, steps=steps(UP1="A1", UP2="B1", UP3="C1", UP4="D1", UP5="E1"), structure=rows)
    assert waves(recipe.xml) == ["A1", "B1 C1", "D1", "E1", "completed"]


def test_two_parallels_one_across_unit_procedures_one_inside(tmp_path: Path) -> None:
    rows = structure(
        ("P1", "parallel", "after A1 {[B1] | [UP3: C1, C2]} joined before D1"),
        ("P2", "parallel", "after D1 {[D2] | [D3, D4] | [D5]} joined before D6"),
    )
    recipe = drawn(tmp_path, steps=steps(UP1="A1", UP2="B1", UP3="C1 C2", UP4="D1 D2 D3 D4 D5 D6"), structure=rows)
    assert waves(recipe.xml) == ["A1", "B1 C1", "C2", "D1", "D2 D3 D5", "D4", "D6", "completed"]


def test_parallel_nested_in_one_phrase(tmp_path: Path) -> None:
    rows = structure(("P1", "parallel", "after A1 {[A2, {[A3] | [A4, A5]}, A6] | [A7]} joined before A8"))
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4 A5 A6 A7 A8"), structure=rows)
    assert waves(recipe.xml) == ["A1", "A2 A7", "A3 A4", "A5", "A6", "A8", "completed"]


def test_parallel_nested_in_two_rows_in_any_order(tmp_path: Path) -> None:
    rows = structure(
        ("P2", "parallel", "{[A3] | [A4]} joined before A5"),
        ("P1", "parallel", "after A1 {[A2, A3, A4, A5] | [A6]}"),
    )
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4 A5 A6"), structure=rows)
    assert waves(recipe.xml) == ["A1", "A2 A6", "A3 A4", "A5", "completed"]


def test_two_loops_one_inside_the_other(tmp_path: Path) -> None:
    rows = structure(
        ("L1", "loop", "A1, L2, A4", 'again while A4.c is not "stop", at most 3 times'),
        ("L2", "loop", "A2, A3", "again while A3.n < 10, at most 2 times"),
    )
    table_of_parameters = parameters(("A4", *CHOICE), ("A3", *NUMBER))
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4 A5"), structure=rows, parameters=table_of_parameters)
    got = waves(recipe.xml, A3=[{"n": 1}, {"n": 20}], A4=[{"c": "continue"}, {"c": "stop"}])
    first, second = (["A1[%d]", "A2[%d.1]", "A3[%d.1]", "A2[%d.2]", "A3[%d.2]", "A4[%d]"] for _ in range(2))
    assert got == [*(key % 1 for key in first), *(key % 2 for key in second), "A5", "completed"]


def test_two_loops_beside_each_other(tmp_path: Path) -> None:
    rows = structure(
        ("L1", "loop", "A2", "exactly 2 times"),
        ("L2", "loop", "A3", "3 times", "one iteration a cycle"),
        ("P1", "parallel", "after A1 {[L1] | [L2]} joined before A4"),
    )
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4"), structure=rows)
    assert waves(recipe.xml) == ["A1", "A2[1] A3[1]", "A2[2] A3[2]", "A3[3]", "A4", "completed"]


def test_loop_over_whole_unit_procedures(tmp_path: Path) -> None:
    rows = structure(("L1", "loop", "UP2, UP3", "2 times"))
    recipe = drawn(tmp_path, steps=steps(UP1="A1", UP2="B1", UP3="C1", UP4="D1"), structure=rows)
    assert waves(recipe.xml) == ["A1", "B1[1]", "C1[1]", "B1[2]", "C1[2]", "D1", "completed"]


def test_parts_of_some_iterations_only(tmp_path: Path) -> None:
    of = "A1, [A2 on days 2 and 4], [A3 to day 3], [A4 from day 3 to 4], [A5 once, on day 4]"
    rows = structure(("L1", "loop", of, "3 times", "one iteration a day, first on day 2"))
    got = waves(drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4 A5"), structure=rows).xml)
    days = [["A1[1]", "A2[1]", "A3[1]"], ["A1[2]", "A3[2]", "A4[2]"], ["A1[3]", "A2[3]", "A4[3]", "A5[3]"]]
    assert got == [*(key for day in days for key in day), "completed"]


@pytest.mark.parametrize(("n", "way"), [(100, ["A3"]), (60, ["G1_departure", "A3"]), (10, [])])
def test_data_decide_to_go_on_to_depart_or_to_terminate(tmp_path: Path, n: int, way: list[str]) -> None:
    condition = "n >= 100 -> go on; n >= 50 -> patient-specific departure (signed decision), then go on; default -> terminate"
    rows = structure(("G1", "exclusive", "after A2", condition))
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3"), structure=rows, parameters=parameters(("A2", *NUMBER)))
    assert waves(recipe.xml, A2={"n": n}) == ["A1", "A2", *way, "completed" if way else "terminated"]


@pytest.mark.parametrize(("n", "way"), [(1, ["A2"]), (2, ["A3", "A4"]), (3, [])])
def test_gateway_around_alternatives(tmp_path: Path, n: int, way: list[str]) -> None:
    rows = structure(("G1", "exclusive", "around A2, A3, A4", "A1.n == 1 -> A2; A1.n == 2 -> A3, A4; default -> skip"))
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4 A5"), structure=rows, parameters=parameters(("A1", *NUMBER)))
    assert waves(recipe.xml, A1={"n": n}) == ["A1", *way, "A5", "completed"]


@pytest.mark.parametrize(("n", "way"), [(1, ["A4", "B1"]), (0, ["A2", "A3", "A4", "B1"])])
def test_gateway_skips_to_a_later_step(tmp_path: Path, n: int, way: list[str]) -> None:
    rows = structure(("G1", "exclusive", "after A1", "n > 0 -> A4; default -> A2"))
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4", UP2="B1"), structure=rows, parameters=parameters(("A1", *NUMBER)))
    assert waves(recipe.xml, A1={"n": n}) == ["A1", *way, "completed"]


def test_terminating_inside_a_loop_ends_the_batch(tmp_path: Path) -> None:
    rows = structure(
        ("L1", "loop", "A1, A2", "3 times"),
        ("G1", "exclusive", "after A1", "n < 5 -> terminate; default -> go on"),
        ("P1", "parallel", "A3 beside L1"),
    )
    recipe = drawn(tmp_path, steps=steps(UP1="A1 A2 A3 A4"), structure=rows, parameters=parameters(("A1", *NUMBER)))
    got = waves(recipe.xml, A1=[{"n": 9}, {"n": 1}])
    assert got == ["A1[1] A3", "A2[1]", "A1[2]", "terminated"]


DAILY = (
    ("L1", "loop", "A1, [G1: A2], [A3 from day 3]", 'again while A3.c is not "stop", at most to day 5',
     "one iteration a day, first on day 2"),
    ("G1", "exclusive", "around A2", "A1.n > 0 and the day is not the stop day -> A2; default -> skip"),
)  # fmt: skip


def test_part_of_every_day_but_the_last_runs_beside_the_decision_and_is_withdrawn_by_it(tmp_path: Path) -> None:
    recipe = drawn(
        tmp_path,
        steps=steps(UP1="A1 A2 A3", UP2="B1"),
        structure=structure(*DAILY),
        parameters=parameters(("A1", *NUMBER), ("A3", *CHOICE)),
    )
    asked = {"A1": [{"n": 1}] * 4, "A3": [{}, {"c": "continue"}, {"c": "stop"}]}
    beside = ["A1[1]", "A2[1]", "A1[2]", "A2[2] A3[2]", "A1[3]", "A2[3] A3[3]", "B1", "completed"]
    assert waves(recipe.xml, **asked) == beside


def test_choices_come_from_the_structure_and_the_one_that_leads_off_departs(tmp_path: Path) -> None:
    rows = structure(*DAILY, ("G2", "exclusive", "after L1", 'A3.c is "give up" -> terminate; default -> B1'))
    recipe = drawn(
        tmp_path,
        steps=steps(UP1="A1 A2 A3", UP2="B1"),
        structure=rows,
        parameters=parameters(("A1", *NUMBER), ("A3", *CHOICE)),
    )
    decision = next(step for step in recipe.steps if step.id == "A3").parameters[0]
    assert [(c.value, c.departs) for c in decision.choices] == [("continue", False), ("stop", False), ("give up", True)]


WRONG = [
    ("P1", "parallel", "A1 and A2 together", "", "'A1 and A2 together' is not understood"),
    ("P1", "parallel", "{[A1]}", "", "has one branch only"),
    ("P1", "parallel", "after A1 {[A2] | [A2, A3]}", "", "a step stands in two branches"),
    ("P1", "parallel", "after A1 {[A3] | [A4]}", "", "between A1 and the branches stand A2"),
    ("P1", "parallel", "after A1 {[A2] | [A3]} joined before B1", "", "after the branches comes A4, not B1"),
    ("P1", "parallel", "{[A4] | [B1]}", "", "not whole parts of one sequence"),
    ("P1", "parallel", "{[A2] | [X9]}", "", "there is no step, unit procedure or part X9"),
    ("P1", "parallel", "{[A2] | [A3]}", "A1.n > 1", "a parallel row has no condition"),
    ("G1", "exclusive", "before A1", "A1.n > 1 -> go on; default -> terminate", "'before A1' is not understood"),
    ("G1", "exclusive", "after A1", "A1.n > 1 -> go on", "one default"),
    ("G1", "exclusive", "after A1", "A1.n > 1 -> leap; default -> go on", "no step, unit procedure or part leap"),
    ("G1", "exclusive", "after A3", "A1.n > 1 -> A1; default -> go on", "A1 can't be reached from here"),
    ("G1", "exclusive", "after A1", "A1.n >> 1 -> go on; default -> terminate", "is no expression"),
    ("G1", "exclusive", "after A1", "A1.q > 1 -> go on; default -> terminate", "A1 has no parameter q"),
    ("G1", "exclusive", "around A2, A3", "A1.n > 1 -> A2; default -> skip", "no condition leads to A3"),
    ("L1", "loop", "A1, A2", "again while A1.n > 1", "does not say at most how often"),
    ("L1", "loop", "A1, A2", "until A1.n > 1, at most 3 times", "'until A1.n > 1' is not understood"),
    ("L1", "loop", "A1, [A2 sometimes]", "2 times", "'[A2 sometimes]' is not understood"),
    ("L1", "loop", "A1, A2, A4", "2 times", "A3 would come after A4"),
    ("X1", "circle", "A1", "", "'circle' is not known"),
]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[-1])
def test_a_phrase_that_is_not_understood_is_named_with_its_row(tmp_path: Path, row: tuple[str, ...]) -> None:
    found = problems(
        tmp_path,
        steps=steps(UP1="A1 A2 A3 A4", UP2="B1 B2"),
        structure=structure(row[:4]),
        parameters=parameters(("A1", *NUMBER)),
    )
    assert any(row[-1] in str(problem) for problem in found)
    assert all(problem.file == "structure.csv" and problem.what_to_do for problem in found)
    assert [p.row for p in found] == [2] or "would come after" in row[-1]


def test_a_misspelt_note_of_a_loop_is_not_taken_for_a_remark(tmp_path: Path) -> None:
    row = ("L1", "loop", "A1", "2 times", "daily, first at day 3")
    (found,) = problems(tmp_path, steps=steps(UP1="A1"), structure=structure(row))
    assert "'first at day 3' is not understood" in found.message
    assert "first on day 3" in found.what_to_do
