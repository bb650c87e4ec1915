"""The CAR-T recipe as drawn from its tables: nothing lost, nothing changed, drawn the same each time."""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

import bpmn
from bpmn import vocabulary as v
from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from bpmn.importers import import_tables
from engine.workflow import Procedure, Run
from tests.recipe_tables import CART

RECIPE = Path(bpmn.__file__).parent / "processes" / "master_recipes" / "MR-CART-001.bpmn"


@cache
def diagram() -> Diagram:
    return Diagram.parse(RECIPE.read_bytes())


def rows(table: str) -> list[dict[str, str]]:
    with (CART / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parameter(step: str, name: str) -> v.Parameter:
    found = diagram().steps[step].parameter(name)
    assert found is not None
    return found


def test_drawn_again_it_is_the_committed_file_byte_for_byte() -> None:
    assert import_tables(CART).xml == RECIPE.read_bytes()


def test_it_passes_every_check() -> None:
    assert check_diagram(RECIPE.read_bytes()).findings == ()


def test_all_42_steps_stand_in_their_unit_procedures() -> None:
    steps = {step.id: step for step in diagram().steps.values() if step.kind != "departure"}
    assert len(steps) == 42
    for row in rows("steps"):
        step = steps[row["step_id"]]
        told = (step.title, step.unit_procedure, step.operation, step.day, step.instruction, step.rationale)
        names = ("title", "unit_procedure", "operation", "day", "instruction", "rationale")
        assert told == tuple(row[name] for name in names)
        assert row["unit_procedure"].split()[0] in diagram().ancestors(step.id)


@pytest.mark.requirement("S88-01")
def test_it_has_header_formula_procedure_equipment_and_rationale() -> None:
    recipe = diagram().recipe
    assert (recipe.id, recipe.revision, recipe.product) == ("MR-CART-001", "3.0", "NVX-101")
    assert parameter("S31", "dose").formula == "min(order.dose_per_kg*order.weight_kg, order.max_dose)"
    units = [node for node in diagram().scopes["MR-CART-001"] if diagram().nodes[node].type == "subProcess"]
    assert units == ["UP1", "UPM", "UP2", "UP3", "UP4", "UP5", "UP6", "UP7", "UPQ", "UP8", "UP9"]
    for row in rows("steps"):
        step = diagram().steps[row["step_id"]]
        named = {column: row[column].split("; ") if row[column] else [] for column in ("equipment_class", "materials")}
        assert list(step.equipment) == [name for name in named["equipment_class"] if name != "all"]
        assert list(step.materials) == [name for name in named["materials"] if not name.startswith("all ")]


@pytest.mark.requirement("A11-05")
def test_all_80_parameters_are_there_digit_for_digit() -> None:
    table = rows("parameters")
    assert len(table) == 80
    for row in table:
        found = parameter(row["step_id"], row["param"])
        assert found.type == ("num" if row["type"] == "calc" else row["type"])
        told = (found.name, found.uom, found.target, found.nor_low, found.nor_high, found.par_low, found.par_high)
        assert told == tuple(row[c] for c in ("name", "unit", "target", "nor_low", "nor_high", "par_low", "par_high"))
        rest = (found.limit_action, found.parameter_class, found.source, found.formula, found.why)
        assert rest == tuple(row[c] for c in ("limit_action", "class", "source", "formula", "why"))


def test_nothing_else_is_asked_for_than_the_tables_and_the_departure_say() -> None:
    counts = {s.id: len(s.parameters) for s in diagram().steps.values() if s.kind in ("departure", "qc_results")}
    assert counts == {"G13_departure": 3, "S39": 13}
    assert sum(len(step.parameters) for step in diagram().steps.values()) == 80 + 13 + 3


def test_all_14_hold_times_are_there_and_each_maximum_is_one_timer() -> None:
    holds = {hold.id: hold for hold in diagram().recipe.hold_times}
    assert [(h.id, h.from_event, h.nor, h.par) for h in holds.values()] == [
        (row["hold_id"], row["from_event"], row["nor"], row["par"]) for row in rows("hold_times")
    ]
    timers = {n.timer.hold: n for n in diagram().nodes.values() if n.timer is not None and n.timer.hold}
    assert set(timers) == {hold.id for hold in holds.values() if hold.kind == "max"}
    assert all(timers[h].attached_to == holds[h].to_events[-1].split(".")[0] for h in timers)
    assert not any(timer.interrupting for timer in timers.values())


def test_hold_events_of_each_kind() -> None:
    holds = {hold.id: hold for hold in diagram().recipe.hold_times}
    assert (holds["H04"].select, holds["H04"].to_events) == ("last", ("S16.end", "S22.end", "S25.end"))
    assert (holds["H05a"].kind, holds["H05a"].uom) == ("min", "h")
    assert (holds["H05b"].kind, holds["H05b"].uom) == ("max", "h")
    assert (holds["H08"].select, holds["H08"].to_events) == ("next", ("S24.end",))
    assert holds["H06"].links == ("S39.vcn", "S30.car_pct", "S39.car_pct")


def test_all_13_attributes_of_the_release_specification_are_results_to_enter() -> None:
    found = {p.id: (p.type, p.par_low, p.par_high) for p in diagram().steps["S39"].parameters}
    assert list(found) == [row["attribute"] for row in rows("release_specification")]
    assert found["car_pct"] == ("num", "15", "70")
    assert found["vcn"] == ("num", "", "5.0")
    assert found["dose_car_viable_per_bag"] == ("num", "0.9 * S31.dose", "1.3 * S31.dose")
    assert found["sterility"] == ("text", "no growth", "no growth")
    assert found["identity_car"] == ("choice", "positive", "positive")


def test_results_are_judged_as_a_specification_that_blocks() -> None:
    results = diagram().steps["S39"].parameters
    assert {(p.judge, p.limit_action, p.severity) for p in results} == {("specification", "block", "major")}
    assert {p.id for p in results if p.qualifier} == {
        "viability_post_thaw", "cd3_purity", "car_pct", "vcn", "endotoxin", "residual_blasts", "potency",
    }  # fmt: skip
    assert parameter("S39", "dose_car_viable_per_bag").formula == "S33.bag_ml*S31.conc*0.75*car_pct/100"


SIGNERS = {
    "S01": "P:MFG_OP:performed_by W:MFG_WIT:witnessed_by",
    "S02": "P:MFG_OP:performed_by V:MFG_VER:verified_by",
    "S05": "P:MFG_OP:performed_by V:MFG_VER:verified_by Q:QA_FLR:line_cleared_by",
    "S13": "P:MFG_OP:performed_by V:MFG_VER:verified_by Q:QA_FLR:approved_by_qa",
    "S17": "P:MFG_OP:performed_by",
    "S28": "P:MFG_OP:performed_by V:MFG_VER:verified_by Q:QA_FLR:approved_by_qa",
    "S38": "V:MFG_SUP:reviewed_by_production",
    "S39": "P:QC_ANL:tested_by V:QC_REV:reviewed_by_qc",
    "S40": "Q:QA_DISP:reviewed_by_qa",
    "S41": "Q:QA_DISP,QP:released_by,certified_by_qp,rejected_by",
    "G13_departure": "P:PROC:technical_assessment_by Q:MED:risk_accepted_by Q:QA_FLR:approved_by_qa Q:CLI_QA:approved_by_client",
}


@pytest.mark.parametrize("step", SIGNERS)
def test_who_signs_what(step: str) -> None:
    slots = diagram().steps[step].signatures
    assert " ".join(f"{s.code}:{','.join(s.roles)}:{','.join(s.meanings)}" for s in slots) == SIGNERS[step]


def test_kinds_of_the_last_steps() -> None:
    kinds = {step.id: step.kind for step in diagram().steps.values() if step.kind != "manufacture"}
    assert kinds == {
        "G13_departure": "departure", "S38": "production_review", "S39": "qc_results", "S40": "qa_review",
        "S41": "disposition", "S42": "shipment",
    }  # fmt: skip


def test_what_is_scanned_where() -> None:
    scans = {s.id: [(c.kind, c.minimum, c.scope) for c in s.scans] for s in diagram().steps.values() if s.scans}
    assert scans["S01"] == [("identity", 3, "step")]
    assert scans["S06"] == [("identity", 1, "step"), ("material", 1, "recipe")]
    assert scans["S07"] == [("identity", 1, "step"), ("equipment", 1, "recipe")]
    assert scans["S19"] == [("identity", 1, "step"), ("material", 1, "step")]
    assert set(scans) == {"S01", "S06", "S07", "S19", "S27", "S33", "S34", "S36", "S42"}
    assert diagram().steps["S19"].materials == ("LVV-CD19",)
    assert diagram().steps["S06"].materials == ()


def test_only_wrong_identity_is_critical_by_itself() -> None:
    critical = {(s.id, p.id) for s in diagram().steps.values() for p in s.parameters if p.severity == "critical"}
    assert critical == {("S01", "id_match"), ("S03", "intact")}
    assert parameter("S33", "lbl_bal").judge == "balance"
    assert [p.id for p in diagram().steps["S34"].parameters if p.after_end] == ["qc_receipt"]


def test_harvest_is_planned_going_on_too_and_terminating_departs() -> None:
    choices = parameter("S28", "decision").choices
    assert [(c.value, c.departs) for c in choices] == [("continue", False), ("harvest", False), ("terminate", True)]


def test_the_order_has_three_identifiers_and_what_the_formulas_use() -> None:
    fields = diagram().recipe.order_fields
    assert [f.name for f in fields if f.identifier] == ["coi", "din", "subject"]
    used = {f.name: f.type for f in fields if not f.identifier}
    assert used == {"collection_end": "date_time", "weight_kg": "num", "dose_per_kg": "num", "max_dose": "num"}


def loops() -> dict[str, tuple[str, str]]:
    node = diagram().nodes["L24"]
    marker = next(e for e in node.element if str(e.tag).endswith("standardLoopCharacteristics"))
    return {"L24": (marker.get("loopMaximum") or "", str(marker[0].text))}


def test_the_daily_loop() -> None:
    assert diagram().nodes["L24"].loop == v.Loop("D", 3, "day", "S22")
    assert loops()["L24"] == ("10", 'day < 7 or (S28.decision != "harvest" and S28.decision != "terminate")')
    due = diagram().nodes["L24_due"].timer
    assert due == v.Timer(due="S16.start + days(day) - hours(3)")


def begun(*steps: str) -> Run:
    run = Procedure.from_xml(RECIPE.read_bytes()).start({})
    for step in steps:
        run.complete(step, {"S13.n_viable": Decimal(1_250_000_000)} if step == "S13" else {})
    return run


def open_steps(run: Run) -> set[str]:
    return {key for key, item in run.open.items() if item.kind == "step"}


TO_S13 = [f"S{n:02}" for n in range(1, 13)]
TO_LOOP = [*TO_S13, *(f"S{n:02}" for n in (13, 14, 15, *range(16, 24)))]


def test_medium_is_prepared_beside_wash_and_selection() -> None:
    run = begun(*TO_S13[:7])
    assert open_steps(run) == {"S08", "S15"}


@pytest.mark.parametrize(
    ("cells", "then"),
    [(150_000_001, {"S14", "S15"}), (150_000_000, {"S15"}), (99_999_999, {"G13_departure", "S15"}), (49_999_999, set())],
)
def test_too_few_cells_need_a_departure_or_end_the_batch(cells: int, then: set[str]) -> None:
    run = begun(*TO_S13)
    run.complete("S13", {"S13.n_viable": Decimal(cells)})
    assert open_steps(run) == then
    assert run.outcome == ("" if then else "terminated")


def day(run: Run, number: int, decision: str = "", cells: int = 2_000_000) -> None:
    index = number - 2
    run.fire(f"L24_due[{index}]")
    run.complete(f"S24[{index}]", {"S24.vcd": Decimal(cells)})
    for step in (f"S25[{index}]", f"S27[{index}]"):
        if step in run.open and decision != "harvest":
            run.complete(step, {})
    if decision:
        run.complete(f"S28[{index}]", {"S28.decision": decision})


def test_expansion_runs_until_a_person_harvests_which_withdraws_the_feed_of_that_day() -> None:
    run = begun(*TO_LOOP)
    for number in range(3, 7):
        day(run, number)
    day(run, 7, "continue")
    day(run, 8, "harvest")
    assert open_steps(run) == {"S26"}
    run.complete("S26", {})
    assert open_steps(run) == {"S29"}


def test_on_day_6_samples_are_taken_and_from_day_7_somebody_decides() -> None:
    run = begun(*TO_LOOP)
    for number in range(3, 6):
        day(run, number)
    run.fire("L24_due[4]")
    run.complete("S24[4]", {"S24.vcd": Decimal(900_000)})
    assert open_steps(run) == {"S26", "S27[4]"}
    run.complete("S27[4]", {})
    run.fire("L24_due[5]")
    run.complete("S24[5]", {"S24.vcd": Decimal(1_000_001)})
    assert open_steps(run) == {"S26", "S25[5]", "S28[5]"}


def test_terminating_on_day_7_ends_the_batch_at_once() -> None:
    run = begun(*TO_LOOP)
    for number in range(3, 7):
        day(run, number)
    day(run, 7, "terminate")
    assert (run.outcome, open_steps(run)) == ("terminated", set())


def test_day_12_is_the_last() -> None:
    run = begun(*TO_LOOP, "S26")
    for number in range(3, 13):
        day(run, number, "continue" if number >= 7 else "")
    assert open_steps(run) == {"S29"}
