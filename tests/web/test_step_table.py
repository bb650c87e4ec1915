"""Pia at the step table of the editor: cells, rows, structure, paste, findings. The diagram always says the same."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN, Diagram
from bpmn.layout import lay_out
from bpmn.reading import read_xml
from tests.services import ROOT
from tests.web.editor.desk import CART, desk
from tests.web.table_hands import TableHands, at_table
from tests.web.test_accessibility import sideways, violations

NUMBERS = itertools.count(1)
SOME = "\n".join(  # what Pia pastes to have something to work on
    [
        "Unit procedure\tTitle\tParameter\tType\tUnit\tNOR low\tNOR high",
        "Mixing\tWeigh\tMass\tnumber\tg\t24.5\t25.5",
        "Mixing\tStir\tSpeed\tnumber\trpm\t100\t140",
        "\t\tTime\tnumber\tmin\t5\t10",
        "Filling\tFill\tVolume\tnumber\tmL\t9\t11",
    ]
)


@pytest.fixture(scope="module")
def office(tmp_path_factory, browser):
    with desk(tmp_path_factory.mktemp("desk")) as at:
        page = at.page(browser)
        yield at, page
        page.context.close()


@pytest.fixture
def empty(office) -> TableHands:
    at, page = office
    page.set_viewport_size({"width": 1280, "height": 800})
    return at_table(at, page, f"MR-T{next(NUMBERS)}")


@pytest.fixture
def hands(empty) -> TableHands:
    empty.begin()
    empty.paste(SOME)
    return empty


def diagram(hands: TableHands) -> Diagram:
    xml = hands.xml().encode()
    return Diagram.of(xml, read_xml(xml))


def steps(hands: TableHands) -> list[str]:
    return [row.split()[1].partition("#")[0] for row in hands.rows() if row.startswith("step") and row.endswith("#0")]


def test_a_recipe_is_shown_block_by_block(office):
    at, page = office
    hands = at_table(at, page, "MR-CART", CART.read_text("utf-8"))
    rows = hands.rows()
    assert sum(row.startswith("step") and row.endswith("#0") for row in rows) == 43  # a departure is drawn beside the 42
    assert {"loop L24", "parallel P1", "choice G13", "branch G14_to_S14", "timer L24_due"} <= set(rows)
    assert hands.text("S02#1", "name") == "Transport temperature max"
    assert hands.text("S09#0", "hold") == "H01: 40/56 h from order.collection_end"
    assert hands.texts("L24", "maximum", "counted") == ["10", "D3"]
    assert hands.text("G14_to_S14", "condition") == "S13.n_viable - 100000000 > 50000000"


def test_typing_replaces_f2_edits_escape_leaves_as_it_was(hands):
    hands.click("S01#0", "title")
    hands.type("Weigh it")
    hands.press("Enter", "ArrowUp", "F2")
    hands.keys.insert_text(" twice")
    hands.press("Tab", "ArrowLeft")
    hands.type("nonsense")
    hands.press("Escape")
    assert hands.text("S01#0", "title") == "Weigh it twice"
    hands.press("Delete")
    assert diagram(hands).steps["S01"].title == ""
    hands.press("Control+z")
    assert diagram(hands).nodes["S01"].name == "S01 Weigh it twice"


def test_enter_goes_down_where_the_tabs_began(hands):
    hands.click("S01#0", "norLow")
    hands.type("24,6")
    hands.press("Tab")
    hands.type("25.40")
    hands.press("Enter")
    assert hands.at() == ("S02#0", "norLow")
    assert hands.texts("S01#0", "norLow", "norHigh") == ["24.6", "25.40"]


def test_limits_keep_what_they_mean(hands):
    hands.click("S01#0", "norHigh")
    hands.type("< 25.5")
    hands.press("Enter")
    mass = diagram(hands).steps["S01"].parameters[0]
    assert (mass.nor_high, mass.exclusive) == ("25.5", ("nor_high",))
    hands.click("S03#0", "name")
    hands.press("Alt+Enter")
    hands.fill(name="Bag intact", type="yes/no", norLow="yes")
    hands.press("Enter")
    intact = diagram(hands).steps["S03"].parameters[1]
    assert (intact.id, intact.type, intact.nor_low, intact.nor_high) == ("bag_intact", "bool", "true", "true")


def test_the_first_limit_flags_what_is_outside_until_the_author_says_otherwise(hands):
    hands.click("S03#0", "name")
    hands.press("Alt+Enter")
    hands.fill(name="Density", uom="g/L")
    hands.press("Enter")
    assert diagram(hands).steps["S03"].parameters[1].limit_action == "none"
    hands.click("S03#1", "parLow")
    hands.type("1000")
    hands.press("Enter")
    assert diagram(hands).steps["S03"].parameters[1].limit_action == "flag"
    hands.click("S03#1", "limitAction")
    hands.type("none")
    hands.press("Enter")
    hands.click("S03#1", "parHigh")
    hands.type("1100")
    hands.press("Enter")
    assert diagram(hands).steps["S03"].parameters[1].limit_action == "none"


def test_what_is_not_understood_stays_open_with_the_reason(hands):
    hands.click("S01#0", "type")
    hands.type("colour")
    hands.press("Enter")
    assert hands.page.input_value(".cell-editor") == "colour"
    assert "Write one of: number, whole, yes/no" in hands.page.inner_text(".table-bubble")
    hands.press("Escape")
    assert hands.text("S01#0", "type") == "number"


def test_a_limit_phrase_fills_the_cells_of_its_parameter(hands):
    hands.click("S03#0", "target")
    hands.type("10.0 ± 0.5 mL")
    hands.press("Enter")
    hands.page.wait_for_selector('[data-key="S03#0"] [data-cell="target"] :text-is("10.0")')
    filled = diagram(hands).steps["S03"].parameters[0]
    assert {"9.5", "10.5"} <= {filled.nor_low, filled.nor_high, filled.par_low, filled.par_high}


def test_new_rows_and_the_one_that_was_left_empty(hands):
    hands.click("S01#0", "title")
    hands.press("Control+Enter")
    assert hands.at()[0] == "new:after:S01"
    hands.type("Check the balance")
    hands.press("Enter", "Control+Shift+Enter", "ArrowUp")
    assert steps(hands) == ["S01", "S04", "S02", "S03"]
    assert diagram(hands).steps["S04"].unit_procedure == "Mixing"
    assert not [row for row in hands.rows() if row.startswith("new:before")]


def test_signatures_hold_times_scans_and_lists(hands):
    hands.click("S02#0", "verification")
    hands.fill(verification="p w", hold="60/120 min from S01.end", equipment="mixer; tank")
    hands.fill(scans="identity 2; all equipment but tank")
    hands.press("Enter")
    found = diagram(hands)
    step = found.steps["S02"]
    assert [(slot.code, slot.roles[0]) for slot in step.signatures] == [("P", "MFG_OP"), ("W", "MFG_WIT")]
    assert (step.equipment, step.scans[0].minimum, step.scans[1].omit) == (("mixer", "tank"), 2, "tank")
    [hold] = found.recipe.hold_times
    assert (hold.from_event, hold.to_events, hold.nor, hold.par, hold.uom) == ("S01.end", ("S02.start",), "60", "120", "min")
    assert found.nodes["H01_timer"].attached_to == "S02"
    hands.click("S02#0", "hold")
    hands.press("Delete")
    assert diagram(hands).recipe.hold_times == ()
    assert "H01_timer" not in diagram(hands).nodes


def test_a_list_that_a_cell_cannot_say_is_not_cut_to_fit(hands):
    written = "(names) => batchwrightEditor.model.setStep(batchwrightEditor.model.get('S01'), {materials: names})"
    hands.page.evaluate(written, ["salt; fine", "water"])
    hands.click("S01#0", "materials")
    hands.type("oil")
    hands.press("Enter")
    assert "Change it in the properties" in hands.page.inner_text(".table-bubble")
    hands.press("Escape")
    assert diagram(hands).steps["S01"].materials == ("salt; fine", "water")


def test_rows_are_wrapped_branched_and_taken_out_again_by_keys(hands):
    hands.click("S01#0", "title")
    hands.press("Shift+ArrowDown", "Control+.", "p")
    assert {"parallel P1", "branch P1_to_S01", "branch P1_to_S02"} <= set(hands.rows())
    hands.press("Control+.", "b")
    assert "branch P1_to_S04" in hands.rows()
    assert hands.at() == ("S04#0", "title")
    hands.click("S03#0", "title")
    hands.press("Control+.", "l")
    assert hands.at() == ("L1", "again")
    hands.fill(again="S03.volume < 9", maximum="3")
    hands.press("Enter")
    loop = diagram(hands).nodes["L1"].element
    assert "S03.volume < 9" in [again.text for again in loop.iter(f"{{{BPMN}}}loopCondition")]
    hands.click("L1", "title")
    hands.press("Control+.", "t")
    assert "L1" not in diagram(hands).nodes
    assert steps(hands)[-1] == "S03"


def test_another_like_this_stands_behind_it_and_of_a_branch_beside_it(hands):
    hands.click("S03#0", "title")
    hands.press("Control+.", "d")
    assert hands.at() == ("S04#0", "title")
    assert led_to(hands, "S03") == ["S04"]
    hands.click("S01#0", "title")
    hands.press("Shift+ArrowDown", "Control+.", "p")
    hands.click("P1_to_S02", "kind")
    hands.press("Control+.", "d")
    assert hands.at() == ("S05#0", "title")
    assert led_to(hands, "P1") == ["S01", "S02", "S05"]
    made = diagram(hands).steps
    assert (made["S05"].parameters, made["S05"].signatures) == (made["S02"].parameters, made["S02"].signatures)
    hands.press("Control+z")
    assert led_to(hands, "P1") == ["S01", "S02"], "one entry of the undo stack"


def led_to(hands: TableHands, node: str) -> list[str]:
    return [flow.target for flow in diagram(hands).flows.values() if flow.source == node]


def test_a_choice_has_a_condition_and_a_way_otherwise(hands):
    hands.click("S02#0", "title")
    hands.press("Control+.", "c")
    assert hands.at() == ("G1_to_S02", "condition")
    hands.type("S01.mass > 25")
    hands.press("Enter")
    flows = {flow.id: flow for flow in diagram(hands).flows.values()}
    assert flows["G1_to_S02"].condition == "S01.mass > 25"
    assert diagram(hands).nodes["G1"].default == "G1_to_G1_join"


def test_rows_move_within_into_and_out_of_groups(hands):
    hands.click("S02#0", "title")
    hands.press("Alt+ArrowUp")
    assert steps(hands) == ["S02", "S01", "S03"]
    hands.press("Alt+Shift+ArrowLeft")
    assert diagram(hands).steps["S02"].unit_procedure == ""
    assert steps(hands) == ["S01", "S02", "S03"]
    hands.press("Alt+ArrowDown", "Alt+Shift+ArrowRight")
    assert steps(hands) == ["S01", "S03", "S02"]
    assert diagram(hands).steps["S02"].unit_procedure == "Filling"


def test_a_parameter_or_a_whole_step_is_removed(hands):
    hands.click("S02#1", "name")
    hands.press("Control+Shift+Backspace")
    assert [parameter.id for parameter in diagram(hands).steps["S02"].parameters] == ["speed"]
    hands.click("S01#0", "title")
    hands.press("Control+Shift+Backspace")
    assert steps(hands) == ["S02", "S03"]
    hands.press("Control+z", "Control+z")
    assert hands.text("S02#1", "name") == "Time"
    assert steps(hands) == ["S01", "S02", "S03"]


def test_a_new_id_is_written_wherever_the_old_one_stood(hands):
    hands.click("S02#0", "title")
    hands.press("Control+.", "c")
    hands.type("S01.mass > 25")
    hands.press("Enter")
    hands.click("S01#0", "id")
    hands.type("W1")
    hands.press("Enter")
    assert hands.text("G1_to_S02", "condition") == "W1.mass > 25"
    assert diagram(hands).steps["W1"].title == "Weigh"


def test_pasted_rows_become_steps_groups_and_parameters_and_one_undo_takes_them_back(hands):
    assert hands.rows() == [
        *("unit_procedure UP1", "step S01#0", "step S02#0", "step S02#1", "unit_procedure UP2", "step S03#0", "new new:tail"),
    ]
    assert hands.texts("S02#1", "name", "uom", "norLow", "norHigh") == ["Time", "min", "5", "10"]
    hands.press("Control+z")
    assert [row.split()[0] for row in hands.rows()] == ["new"]


def test_a_pasted_table_of_a_document(empty):
    empty.begin()
    cells = [["Title", "Parameter", "Limits", "Verification"], ["Thaw"], ["Warm the bag", "Bath", "37.0 ± 1.0 °C", "P+W"]]
    cells.append(["Inspect", "Clumps", "as usual", "P+X"])
    html = "".join(f"<tr>{''.join(f'<td><p>{cell}</p></td>' for cell in row)}</tr>" for row in cells)
    empty.paste("", f"<table>{html}</table>")
    empty.page.wait_for_selector('[data-key="S03#0"]')
    assert empty.texts("S02#0", "title", "uom", "target") == ["Warm the bag", "C", "37.0"]
    assert empty.page.get_attribute('[data-key="S03#0"] [data-cell="verification"]', "data-finding") == "watch"
    empty.click("S03#0", "verification")
    assert "“P+X” was not taken over" in empty.page.inner_text(".table-bubble")


def test_pasting_into_rows_that_are_there(hands):
    hands.click("S01#0", "norLow")
    hands.paste("24.0\t26.0\n90\t150\n4\t11\n8\t12\n")
    shown = [hands.texts(row, "norLow", "norHigh") for row in ("S01#0", "S02#0", "S02#1", "S03#0")]
    assert shown == [["24.0", "26.0"], ["90", "150"], ["4", "11"], ["8", "12"]]
    assert steps(hands) == ["S01", "S02", "S03"]


def test_findings_stand_at_their_cell(hands):
    hands.click("S02#1", "uom")
    hands.type("furlong")
    hands.press("Enter")
    cell = '[data-key="S02#1"] [data-cell="uom"][aria-invalid=true]'
    hands.page.wait_for_selector(cell)
    hands.press("ArrowUp")
    assert "is not a known unit of measure" in hands.page.inner_text(".table-bubble")
    assert hands.page.get_attribute('[data-key="S02#1"] [data-cell="id"]', "data-finding") == "bad"
    hands.type("min")
    hands.press("Enter")
    hands.page.wait_for_selector(cell, state="detached")


def test_what_is_typed_survives_changes_from_elsewhere(hands):
    hands.click("S01#0", "title")
    hands.type("Half a tit")
    hands.page.evaluate("batchwrightEditor.model.setStep(batchwrightEditor.model.get('S02'), {title: 'Stir well'})")
    assert hands.page.evaluate("document.activeElement.value") == "Half a tit"
    hands.press("Enter")
    assert hands.texts("S01#0", "title") + hands.texts("S02#0", "title") == ["Half a tit", "Stir well"]


def test_the_row_and_the_shape_are_selected_together(hands):
    hands.click("S03#0", "title")
    hands.page.wait_for_selector('#editor-canvas .selected[data-element-id="S03"]')
    hands.page.evaluate("document.activeElement.blur(), batchwrightEditor.model.select([batchwrightEditor.model.get('S01')])")
    assert hands.page.get_attribute('[data-key="S01#0"]', "aria-selected") == "true"


def test_folding_columns_and_the_list_of_keys(hands):
    hands.click("UP1", "id")
    hands.press("Space")
    assert steps(hands) == ["S03"]
    assert hands.page.get_attribute('[data-key="UP1"]', "aria-expanded") == "false"
    hands.press("Space", "?")
    assert "Another parameter of this step" in hands.page.inner_text("dialog[open]")
    hands.page.uncheck("#table-single-keys")
    hands.press("Escape")
    hands.click("S01#0", "title")
    hands.type("?")
    hands.press("Enter")
    assert hands.text("S01#0", "title") == "?"
    hands.page.evaluate("localStorage.clear()")


def test_somebody_else_can_read_and_not_write(office, browser):
    at, _ = office
    revision = at.draft("MR-READ", Path(CART).read_text("utf-8").replace("MR-CART-001", "MR-READ"))
    page = at.page(browser, "quinn")
    at.open(page, revision)
    hands = TableHands(page)
    hands.click("S01#0", "title")
    hands.press("x", "Delete", "Control+Shift+Backspace", "Control+Enter")
    assert hands.text("S01#0", "title") == "Receive shipper, verify COI/COC"
    assert not page.is_visible(".cell-editor")
    page.context.close()


def test_what_is_drawn_freely_is_listed_and_its_structure_is_left_alone(office):
    drawn = read_xml((ROOT / "tests/data/checks/cycle/wrong.bpmn").read_bytes())
    lay_out(drawn)
    at, page = office
    hands = at_table(at, page, "MR-FREE", etree.tostring(drawn).decode())
    listed = steps(hands)
    assert set(listed) == set(diagram(hands).steps) != set()
    hands.click(f"{listed[0]}#0", "title")
    hands.press("Control+.", "u")
    assert "drawn freely" in hands.page.inner_text(".table-bubble")


@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(hands, width):
    hands.page.set_viewport_size({"width": width, "height": 800})
    hands.click("S01#0", "type")
    hands.press("F2")
    assert violations(hands.page) + sideways(hands.page) == []
    hands.press("Escape", "Control+.")
    assert violations(hands.page) == []
    hands.press("Escape")


SOUND = {"split", "reachability", "references", "schema", "deadlock", "lack_of_synchronisation", "identifiers", "drawing"}
PRESSED = """
ArrowDown, ArrowUp, ArrowRight, Tab, Enter, Control+Enter, Alt+Enter, Shift+ArrowDown, Alt+ArrowUp, Alt+ArrowDown, Escape,
Alt+Shift+ArrowLeft, Alt+Shift+ArrowRight, Control+Shift+Backspace, Delete, Control+z, Control+y, Control+Home,
Control+. u, Control+. l, Control+. p, Control+. c, Control+. b, Control+. t
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_pressed_the_diagram_stays_whole_and_undo_brings_everything_back(hands, seed):
    chance, errors = random.Random(seed), []
    hands.page.on("pageerror", lambda error: errors.append(str(error)))
    for _ in range(45):
        if chance.random() < 0.5:
            hands.page.locator('.table-row:not(.row-new) [data-cell="title"]').nth(chance.randrange(4)).click()
        hands.press(*chance.choice(PRESSED.split(",")).split())
        if chance.random() < 0.3:
            hands.type(chance.choice(["Weigh", "loop", "choice", "unit procedure", "60/120 min from S01.end"]))
            hands.press("Enter")
    found = check_diagram(hands.xml().encode()).findings
    assert [str(finding) for finding in found if finding.rule in SOUND] == []
    hands.page.evaluate("() => { const { model } = batchwrightEditor; while (model.canUndo()) model.undo(); }")
    assert list(diagram(hands).nodes) == ["start", "end"]
    assert errors == []
