"""Foreign tables become a proposed recipe: what is guessed is marked, what is not used is said, and all the rest is drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.importers import import_tables
from bpmn.importers.__main__ import main
from bpmn.importers.columns import PROPERTIES, recognise, with_columns
from bpmn.importers.proposal import Proposal, propose, recognised, tables_of
from bpmn.importers.sources import Source, read_file, read_pasted
from bpmn.importers.sources.examples import example
from engine.dry_run import system_dry_run
from tests.paper_record import FILES
from tests.recipe_tables import CART, waves

TABLES = ("steps", "parameters", "hold_times", "structure", "release_specification")
HEADER = json.loads((CART / "recipe.json").read_text("utf-8"))


def pasted(*lines: str) -> Source:
    """Rows as they are pasted: cells separated by |."""
    return read_pasted("\n".join(line.replace("|", "\t") for line in lines))


def proposal(*lines: str, **more: object) -> Proposal:
    source = pasted(*lines)
    return propose([source], recognised([source]), **more)  # type: ignore[arg-type]


def steps_of(found: Proposal) -> Sequence[v.Step]:
    assert found.imported is not None, found.problems
    return found.imported.steps


def plain(step: v.Step) -> v.Step:
    """The step without where it came from."""
    return replace(step, origins=(), parameters=tuple(replace(p, origins=()) for p in step.parameters))


# ------------------------------------------------------------------ whole recipes


@pytest.fixture(scope="module")
def records() -> dict[str, Proposal]:
    sources = {name: read_file(name, make()) for name, make in FILES.items()}
    return {name: propose([source], recognised([source])) for name, source in sources.items()}


@pytest.mark.parametrize("name", FILES)
def test_a_record_of_thirty_steps_passes_every_check_without_editing(records: dict[str, Proposal], name: str) -> None:
    found = records[name]
    assert found.imported is not None
    assert check_diagram(found.imported.xml).findings == ()
    assert (found.left_out, found.problems) == ((), ())
    assert len(found.imported.steps) == 30
    assert len({step.unit_procedure for step in found.imported.steps}) == 7
    assert sorted(row["kind"] for row in found.structure) == ["exclusive", "loop", "parallel"]
    other = records["record.csv"].imported
    assert other is not None
    assert [plain(step) for step in found.imported.steps] == [plain(step) for step in other.steps]


def test_the_record_dry_runs_to_the_end(records: dict[str, Proposal]) -> None:
    imported = records["record.docx"].imported
    assert imported is not None
    assert system_dry_run(imported.xml)["verdict"] == "passed"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "docx"])
def test_the_example_that_the_page_offers_passes_every_check(kind: str) -> None:
    source = read_file(f"example.{kind}", example(kind))
    found = propose([source], recognised([source]))
    assert check_diagram(found.imported.xml).findings == ()  # type: ignore[union-attr]
    assert (found.left_out, len(steps_of(found)), len(found.structure)) == ((), 8, 4)


@pytest.mark.requirement("A11-05")
def test_the_tables_of_our_own_form_mean_the_same_as_ever_and_say_where_they_came_from() -> None:
    sources = [read_file(f"{name}.csv", (CART / f"{name}.csv").read_bytes()) for name in TABLES]
    found, ours = propose(sources, recognised(sources), HEADER), import_tables(CART)
    assert (found.left_out, found.problems, found.doubts) == ((), (), ())
    assert [plain(step) for step in steps_of(found)] == list(ours.steps)
    assert found.imported.recipe == ours.recipe  # type: ignore[union-attr]
    assert (len(ours.steps), len(ours.recipe.hold_times), len(found.structure)) == (42, 14, 9)
    assert sum(p.judge != "specification" for s in steps_of(found) for p in s.parameters) == 80
    loaded = Diagram.parse(found.imported.xml).steps["S04"]  # type: ignore[union-attr]
    assert loaded.origins[0].file == "steps.csv"
    assert loaded.parameters[1].origins[0].place.startswith("row ")
    assert loaded.parameters[1].origins[0].text


OTHER_WORDS = {
    "step_id": "Pos. code", "unit_procedure": "Bereich A", "operation": "Op code", "day": "T+", "title": "Was",
    "instruction": "Wie",
    "verification": "Zeichnung", "equipment_class": "Apparate", "materials": "Stoffe", "rationale": "Darum",
    "typical_deviations_default_class": "Was schiefgeht",
}  # fmt: skip


def test_the_same_content_under_other_headings_and_in_another_order_is_mapped_by_a_person() -> None:
    ours = read_file("steps.csv", (CART / "steps.csv").read_bytes())
    heading, *rows = ours.tables[0].rows
    order = list(reversed(range(len(heading))))
    turned = tuple(tuple(row[i] for i in order) for row in [tuple(OTHER_WORDS[h] for h in heading), *rows])
    table = replace(ours.tables[0], rows=turned)
    others = [read_file(f"{name}.csv", (CART / f"{name}.csv").read_bytes()) for name in TABLES[1:]]
    sources = [replace(ours, tables=(table,)), *others]
    chosen = with_columns(table, "steps", {place: heading[i] for place, i in enumerate(order)}, 0)
    found = propose(sources, [chosen, *recognised(others)], HEADER)
    assert [plain(step) for step in steps_of(found)] == list(import_tables(CART).steps)


# ------------------------------------------------------------------ steps and values


def test_a_step_has_its_rows_and_a_row_of_one_cell_begins_a_section() -> None:
    found = proposal(
        "No.|Activity|Parameter|Limits|Performed by|Checked by",
        "Preparation|||||",
        "1|Weigh|Mass|25.0 ± 0.5 g||",
        "||Temperature|2-8 °C||",
        "No.|Activity|Parameter|Limits|Performed by|Checked by",
        "2|Mix|Speed|100 to 140 rpm||n/a",
        "Filling|||||",
        "3|Fill|||x|",
    )
    weigh, mix, fill = steps_of(found)
    assert [(s.id, s.unit_procedure) for s in steps_of(found)] == [
        ("S01", "Preparation"),
        ("S02", "Preparation"),
        ("S03", "Filling"),
    ]
    assert [(p.id, p.uom, p.par_low, p.par_high) for p in weigh.parameters] == [
        ("mass", "g", "24.5", "25.5"), ("temperature", "C", "2", "8"),
    ]  # fmt: skip
    assert [[s.code for s in step.signatures] for step in (weigh, mix, fill)] == [["P", "V"], ["P"], ["P", "V"]]
    assert weigh.origins == (v.Origin("pasted rows", "row 3", "1 | Weigh | Mass | 25.0 ± 0.5 g"),)
    assert weigh.parameters[1].origins == (v.Origin("pasted rows", "row 4, column Limits", "2-8 °C"),)


def test_a_cell_with_several_lines_asks_for_several_values() -> None:
    source = read_file("a.csv", b'Step,Instruction,Limits\n1,Set up,"Temperature: 36.5 to 37.5 \xc2\xb0C\nCO2: 4.5 to 5.5 %"\n')
    (step,) = steps_of(propose([source], recognised([source])))
    assert [(p.name, p.uom, p.par_low) for p in step.parameters] == [("Temperature", "C", "36.5"), ("CO2", "%", "4.5")]


@pytest.mark.parametrize(
    ("result", "kind", "uom"),
    [
        ("_____ mL", "num", "mL"),
        ("☐ yes ☐ no", "bool", ""),
        ("__.__.____", "date_time", ""),
        ("________", "text", ""),
        ("☐ pass ☐ fail", "choice", ""),
    ],
)
def test_what_is_to_be_filled_in_says_what_kind_of_value_it_is(result: str, kind: str, uom: str) -> None:
    (step,) = steps_of(proposal("Step|Instruction|Result|Initials", f"1|Measure the volume|{result}|"))
    assert [(p.type, p.uom) for p in step.parameters] == [(kind, uom)]


def test_blanks_are_named_values_with_the_limit_that_the_instruction_says() -> None:
    found = proposal(
        "Step #|Operation|Result / Value|Performed By / Date|Verified By / Date",
        "1.1|Weigh 58.44 g (58.0 – 58.9 g) of salt|Weight: ______ g||",
        "1.2|Cool to 2 to 8 °C, then warm to 20 to 25 °C|Temp: ____ °C||",
    )
    weigh, cool = steps_of(found)
    (weight,), (temp,) = weigh.parameters, cool.parameters
    assert (weight.name, weight.uom, weight.target, weight.par_low, weight.par_high) == ("Weight", "g", "58.44", "58.0", "58.9")
    assert (temp.name, temp.uom, temp.par_low, temp.par_high) == ("Temp", "C", "", "")
    assert [slot.code for slot in weigh.signatures] == ["P", "V"]
    messages = [doubt.message for doubt in found.doubts]
    assert "58.44 g (58.0 – 58.9 g) is taken as the limit" in messages
    assert "2 to 8 °C and 20 to 25 °C are several limits in C; none is taken" in messages


def test_columns_of_their_own_have_words_numbers_and_expressions() -> None:
    found = proposal(
        "Step|Title|Parameter|Type|Unit|Min|Max|Class|Source|Formula",
        "1|Weigh|Gross|numeric|gram|1,5|2,5|critical|instrument|",
        "||Net|calculated|g|||no|calc|gross - 1",
        "||Label ok|Y/N||||||",
    )
    (step,) = steps_of(found)
    gross, net, label = step.parameters
    assert (gross.uom, gross.par_low, gross.par_high, gross.parameter_class, gross.source) == ("g", "1.5", "2.5", "CPP", "device")
    assert (net.source, net.formula, net.parameter_class) == ("calc", "gross - 1", "")
    assert label.type == "bool"
    messages = [doubt.message for doubt in found.doubts]
    assert any("critical is taken as CPP" in message for message in messages)
    assert any("nothing says why" in message for message in messages)


def test_an_answer_is_no_limit_of_a_number() -> None:
    found = proposal("Step|Title|Unit|Limits|Target", "1|Weigh|g|complies|25.0")
    (parameter,) = steps_of(found)[0].parameters
    assert (parameter.type, parameter.target, parameter.par_low) == ("num", "25.0", "")
    assert "no limit of a number" in found.left_out[0].why


def test_exclusive_limits_and_results_below_them_are_kept() -> None:
    (step,) = steps_of(proposal("Step|Title|Parameter|Limits", "1|Test|Endotoxin|< 0.25 EU/mL"))
    assert (step.parameters[0].par_high, step.parameters[0].exclusive, step.parameters[0].qualifier) == (
        "0.25",
        ("par_high",),
        True,
    )


# ------------------------------------------------------------------ flow


def test_sections_and_steps_say_what_runs_beside_what_and_what_only_sometimes() -> None:
    found = proposal(
        "Section|Step|Title|Parameter|Limits|Flow",
        "A Start|1|Count|Viability|≥ 50 %|go on only if 1.viability >= 50 %, otherwise terminate",
        "B Medium|2|Mix|||",
        "B Medium|3|Filter|||",
        "C Cells|4|Wash|||",
        "C Cells|5|Pool|||only if S01.Viability ≥ 90 %",
        "C Cells|6|Pool twice|||otherwise",
        "D End|7|Store|||",
    )
    assert found.left_out == ()
    assert check_diagram(found.imported.xml).ok  # type: ignore[union-attr]
    assert waves(found.imported.xml, S01={"viability": 95}) == ["S01", "S02", "S03", "S04", "S05", "S07", "completed"]  # type: ignore[union-attr]
    assert waves(found.imported.xml, S01={"viability": 60})[4] == "S06"  # type: ignore[union-attr]
    assert waves(found.imported.xml, S01={"viability": 40}) == ["S01", "terminated"]  # type: ignore[union-attr]


def test_a_section_in_parallel_with_another_and_a_repeated_section() -> None:
    found = proposal(
        "Step|Title|Parameter|Limits|Flow",
        "Medium||||in parallel with Cells",
        "1|Mix|||",
        "Cells||||in parallel with Medium",
        "2|Wash|||",
        "3|Count|Density|> 1e5 cells/mL|",
        "Growth||||repeat until S04.density >= 2e6, at most 3 times",
        "4|Sample|Density|> 1e5 cells/mL|",
        "5|Feed|||",
    )
    assert found.left_out == ()
    answers = {"S04": [{"density": 10**6}, {"density": 3 * 10**6}]}
    seen = waves(found.imported.xml, **answers)  # type: ignore[union-attr]
    assert seen[:3] == ["S01 S02", "S03", "S04[1]"]
    assert seen[-2:] == ["S05[2]", "completed"]


def test_a_decision_leads_to_one_of_two_parts_or_back() -> None:
    found = proposal(
        "Step|Title|Parameter|Limits|Flow",
        "1|Count|Viability|≥ 50 %|if S01.viability >= 80 then 2, otherwise 3",
        "2|Wash|||",
        "3|Wash twice|||",
        "4|Grow|||",
        "5|Sample|Density|> 1e5 cells/mL|loop back to step 4 if S05.density < 2e6, at most 3 times",
        "6|Decide|Growth|> 0 %|if S06.growth < 5 go to step 8",
        "7|Feed|||",
        "8|Store|||",
    )
    assert found.left_out == ()
    answers = {"S01": {"viability": 60}, "S05": [{"density": 10**6}, {"density": 3 * 10**6}], "S06": {"growth": 1}}
    seen = waves(found.imported.xml, **answers)  # type: ignore[union-attr]
    assert seen == ["S01", "S03", "S04[1]", "S05[1]", "S04[2]", "S05[2]", "S06", "S08", "completed"]


def test_hold_times_are_said_beside_the_step_that_they_end_at() -> None:
    found = proposal(
        "Step|Title|Instruction|Hold time",
        "1|Thaw|Thaw it|",
        "2|Wash|Wash it|NOR 60 min, PAR 120 min after end of 1",
        "3|Store|Store it|at least 2 h after S01",
    )
    assert found.imported is not None
    short, long = found.imported.recipe.hold_times
    assert (short.from_event, short.to_events, short.nor, short.par, short.uom, short.kind) == (
        "S01.end",
        ("S02.start",),
        "60",
        "120",
        "min",
        "max",
    )
    assert (long.to_events, long.nor, long.kind) == (("S03.start",), "2", "min")


# ------------------------------------------------------------------ nothing is lost silently


def test_what_can_not_be_used_is_named_with_its_place_and_the_rest_is_drawn() -> None:
    found = proposal(
        "Step|Title|Parameter|Limits|Unit|Formula|Flow|Hold time|Remarks",
        "1|Weigh|Mass|as the supplier says, 3 ways|g||||keep",
        "2|Mix|Total|||mass + nothing|in parallel with S77|soon|",
        "3|Store|Temperature|20 to 30|furlong||only if S02.nowhere > 5||",
    )
    assert len(steps_of(found)) == 3
    told = {one.place.rpartition("column ")[2]: one for one in found.left_out}
    assert set(told) >= {"Limits", "Formula", "Flow", "Hold time", "Remarks"}
    assert told["Limits"].text == "as the supplier says, 3 ways"
    assert "no step or section 'S77'" in " ".join(one.why for one in found.left_out)
    assert "nothing says what it means" in told["Remarks"].why
    assert any("furlong" in doubt.message for doubt in found.doubts)
    assert check_diagram(found.imported.xml).ok  # type: ignore[union-attr]


def test_a_table_that_says_nothing_known_is_asked_about_not_guessed() -> None:
    found = proposal("Spalte A|Spalte B", "x|y", "z|w")
    assert found.imported is None
    assert found.problems[0].what_to_do


def test_ids_stay_when_a_revised_table_is_imported_again() -> None:
    before = proposal("Title|Instruction", "Weigh|Weigh it", "Mix|Mix it")
    assert [step.id for step in steps_of(before)] == ["S01", "S02"]
    earlier = Diagram.parse(before.imported.xml)  # type: ignore[union-attr]
    again = proposal("Title|Instruction", "Check the room|Look", "Weigh|Weigh it", "Mix|Mix it well", earlier=earlier)
    assert [(step.title, step.id) for step in steps_of(again)] == [("Check the room", "S03"), ("Weigh", "S01"), ("Mix", "S02")]


def test_header_data_beside_the_tables_name_the_recipe() -> None:
    source = read_file(
        "Wash process v2.csv", b"Master batch record\nProduct,NVX-1\nRevision:,3.0\n\nStep,Title,Limits\n1,Weigh,5 to 6 g\n"
    )
    found = propose([source], recognised([source]), said={"title": "Typed"})
    assert dict(found.header) == {"id": "WASH-PROCESS-v2".upper(), "revision": "3.0", "title": "Typed", "product": "NVX-1"}


# ------------------------------------------------------------------ recognition


@pytest.mark.parametrize(
    ("headings", "means"),
    [
        (
            "Step No.|Instruction|Acceptance criteria|Result|Performed by|Verified by",
            "step_id instruction limit result performed_by verified_by",
        ),
        (
            "Nr.|Tätigkeit|Sollwert|Grenzwerte|Einheit|Durchgeführt von|Geprüft von",
            "step_id title target limit unit performed_by verified_by",
        ),
        ("Verif.|Limit [mL]|Activity|#|UoM|CPP?", "verification limit title step_id unit class"),
        ("Verif.|Lim.|Activity|Step #|UoM|Crit.|SP", "verification limit title step_id unit class target"),
        (
            "Section|Description|Parameter|NOR|PAR|Criticality|Flow|Hold time",
            "unit_procedure instruction name nor par class flow hold",
        ),
        (
            "No.|Step|Lower action limit|Upper action limit|Lower alert limit|Upper alert limit|Why it matters|Next step",
            "step_id title par_low par_high nor_low nor_high why flow",
        ),
        ("Nr.|Vorgang|Untere Warngrenze|Spec. min.|Spec. max.", "step_id title nor_low par_low par_high"),
        ("Step|Operation|Alert (min)|Alert (max)|Max hold", "step_id title nor_low nor_high hold"),
    ],
)
def test_headings_are_recognised_in_any_order(headings: str, means: str) -> None:
    table = pasted(headings, "|".join("abcdefgh"[: headings.count("|") + 1])).tables[0]
    assert recognise(table).columns == tuple(means.split())


def test_a_column_without_names_is_a_place_to_sign_and_what_does_not_apply_is_not_asked_for() -> None:
    found = proposal("Step|Task|Target|Range|Actual|Check", "1|Thaw|37 °C|35 to 39 °C|____ °C|", "2|Call QA|N/A|N/A|N/A|N/A")
    thaw, call = steps_of(found)
    assert [slot.code for slot in thaw.signatures] == ["P", "V"]
    assert [(p.name, p.target, p.par_low) for p in thaw.parameters] == [("Thaw", "37", "35")]
    assert call.parameters == ()


def test_an_instruction_stays_one_where_its_first_sentence_is_the_title() -> None:
    first, second = steps_of(proposal("Step|Instruction|Limits", "1|Warm the medium|36 to 38 °C", "2|Add it. Mix it.|5 to 6 mL"))
    assert (first.title, first.instruction) == ("Warm the medium", "Warm the medium")
    assert (second.title, second.instruction) == ("Add it", "Add it. Mix it.")


def test_a_tolerance_of_its_own_column_is_one_of_the_target() -> None:
    found = proposal("Schritt|Tätigkeit|Soll|Toleranz|Einheit|Freigabe QA", "1|Wiegen|25,0|± 0,5|g|", "2|Heizen|37|+/- 1|°C|x")
    weigh, heat = steps_of(found)
    assert [(p.target, p.par_low, p.par_high, p.uom) for p in (*weigh.parameters, *heat.parameters)] == [
        ("25.0", "24.5", "25.5", "g"), ("37", "36", "38", "C"),
    ]  # fmt: skip
    assert [[slot.code for slot in step.signatures] for step in (weigh, heat)] == [["P"], ["P", "Q"]]
    assert found.left_out == ()


def test_a_list_of_parameters_knows_its_steps_by_their_numbers_and_the_flow_what_they_are() -> None:
    steps = "Stage|Op. No|Work instruction|Logic;USP|10|Seed it|;USP|20|Harvest|only if 10.ready = yes, otherwise terminate"
    listed = "Op. No|Process parameter|Units|LSL|USL|NOR min|Type;10|OD|AU|0.05|0.2|0.08|IPC;10|Ready|||||;20|Load|g||30||IPC"
    sources = [pasted(*text.split(";")) for text in (steps, listed)]
    found = propose(sources, recognised(sources))
    seed, harvest = steps_of(found)
    assert [(p.name, p.type, p.nor_low, p.par_low, p.par_high, p.parameter_class) for p in seed.parameters] == [
        ("OD", "num", "0.08", "0.05", "0.2", "IPC"), ("Ready", "bool", "", "", "", ""),
    ]  # fmt: skip
    assert [p.name for p in harvest.parameters] == ["Load"]
    assert check_diagram(found.imported.xml).ok  # type: ignore[union-attr]


def test_the_number_of_a_step_is_where_the_numbers_are() -> None:
    table = pasted("Step|No.|Crit.|Limits", "Weigh|10|CPP|5 to 6 g", "Mix|20|IPC|7 to 8 g").tables[0]
    assert recognise(table).columns == ("title", "step_id", "class", "limit")


def test_a_kept_mapping_comes_first_and_unsure_columns_are_marked() -> None:
    table = pasted("Wert X|Schritt Y|Was", "1|2|3").tables[0]
    assert recognise(table).role == "none"
    kept = {"steps": {"wert x": "limit", "schritt y": "step_id", "was": "title"}}
    assert recognise(table, kept).columns == ("limit", "step_id", "title")
    unsure = recognise(pasted("Stpe number|Title|Limits of it", "1|a|5 to 6").tables[0])
    assert [round(c, 1) < 0.9 for c in unsure.confidence] == [True, False, True]


cells = st.text("abc 5.,±<>≤-%()°C\n|;:", max_size=12)


@settings(max_examples=60)
@given(
    st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=6),
    st.lists(st.sampled_from(sorted(PROPERTIES["steps"])), min_size=4, max_size=4, unique=True),
)
def test_any_table_is_proposed_or_said_to_be_none(rows: list[list[str]], columns: list[str]) -> None:
    if not any(cell.strip() for row in rows for cell in row):
        return
    text = "\n".join(",".join('"' + cell.replace('"', "") + '"' for cell in row) for row in [["w", "x", "y", "z"], *rows])
    source = read_file("a.csv", text.encode())
    table = tables_of([source])[0]
    found = propose([source], [with_columns(table, "steps", dict(enumerate(columns)), 0)])
    assert found.problems or found.imported


def test_the_command_proposes_a_recipe_from_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, out = tmp_path / "wash.csv", tmp_path / "out" / "wash.bpmn"
    table.write_bytes(b'Step,Title,Instruction,Limits,Signature\n1,Weigh,Weigh it,"1,500 mL",P\n2,Mix,Mix it,somehow 3 ways,P\n')
    assert main([str(table), str(out)]) == 0
    told = capsys.readouterr()
    assert "2 steps" in told.out
    assert "doubtful: wash.csv, row 2, column Limits: 1,500 is taken as 1500" in told.err
    assert "not imported: wash.csv, row 3, column Limits: somehow 3 ways" in told.err
    assert len(Diagram.parse(out.read_bytes()).steps) == 2
    assert main([str(tmp_path / "no.pdf"), str(out)]) == 1
    assert main([str(table)]) == 2
