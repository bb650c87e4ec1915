"""Pia writes a recipe of thirty steps from an empty draft, in the step table, with the keyboard."""

from __future__ import annotations

from lxml import etree

from bpmn.checks import check_diagram
from bpmn.diagram import BPMN
from engine.dry_run import system_dry_run
from engine.queries.drafts import draft_view
from tests.web.editor.desk import desk
from tests.web.table_hands import TableHands, at_table

DO = {"instruction": "Do it as the procedure says."}
LIMITS = ("norLow", "norHigh", "parLow", "parHigh")


def number(name: str, uom: str, limits: str, klass: str = "IPC", why: str = "") -> dict[str, str]:
    """A measured parameter: NOR low, NOR high, PAR low, PAR high."""
    ranges = dict(zip(LIMITS, limits.split(), strict=True))
    cells = {"name": name, "type": "number", "uom": uom, **ranges, "klass": klass, "limitAction": "flag", **DO}
    return {**cells, "why": why} if why else cells


def yes(name: str, why: str = "") -> dict[str, str]:
    """A question whose answer has to be yes."""
    cells = {"name": name, "type": "yes/no", "norLow": "yes", "parLow": "yes", "klass": "ID" if why else "IPC"}
    return {**cells, "limitAction": "stop", **DO, **({"why": why} if why else {})}


def signed(codes: str, parameter: dict[str, str]) -> dict[str, str]:
    """A parameter of a step that somebody signs beside the performer; the cells are in the order of the columns."""
    before = {key: text for key, text in parameter.items() if key not in ("instruction", "why")}
    return {**before, "verification": codes, **{key: parameter[key] for key in ("instruction", "why") if key in parameter}}


def receive(hands: TableHands) -> None:
    hands.row(title="Receipt", kind="unit procedure")
    warm = number("Temperature", "C", "2 8 1 10", "CPP", "warm material loses titre")
    hands.row(title="Receive the starting material", **signed("P+W", warm))
    hands.row(title="Check the label", **signed("P+V", yes("Label matches the order", "a wrong label is a wrong patient")))
    hands.row(title="Clear the line", **signed("P+Q", yes("Line is clear")))
    hands.row(title="Stage the materials", materials="salt; water; filter", scans="material", **DO)
    hands.press("Enter")


def make_buffer(hands: TableHands) -> None:
    hands.row(title="Buffer", kind="unit procedure")
    hands.row(title="Weigh the salt", **signed("P+W", number("Salt", "g", "24.5 25.5 24 26")))
    hands.row(title="Dissolve", **number("Stirring", "rpm", "100 140 80 160", "KPP"))
    hands.row(title="Adjust the pH", kind="loop", again="S07.acidity > 7.4", maximum="5")
    acidity = number("Acidity", "pH", "7.0 7.4 6.8 7.6", "CPP", "activity depends on it")
    hands.row(title="Measure the pH", **signed("P+V", acidity))
    hands.row(title="Add acid", **number("Acid", "mL", "0 5 0 10"))
    hands.press("Enter")  # out of the loop
    hands.row(title="Filter the buffer", **number("Bubble point", "bar", "3.5 9 3.4 9", why="supplier minimum"))
    hands.press("Enter")


def prepare(hands: TableHands) -> None:
    hands.row(title="Preparation", kind="unit procedure")
    hands.row(title="", kind="parallel")
    hands.press("Enter")  # past the row of the branch
    hands.fill(title="Thaw", **number("Bath", "C", "36 38 35 39"))
    hands.press("Control+Enter")
    hands.row(title="Inspect the bag", **yes("Bag intact"))
    hands.press("Enter")
    hands.fill(title="Set up the mixer", **yes("Ready"))
    hands.press("Control+Enter")
    hands.row(title="Prime the line", **number("Prime volume", "mL", "45 55 40 60"))
    hands.press("Enter")  # behind the branches
    volume = number("Volume", "mL", "950 1050 900 1100", "KPP")
    del volume["instruction"]
    hands.row(title="Combine", **volume, hold="60/120 min from S10.end", **DO)
    hands.press("Enter")


def mix(hands: TableHands) -> None:
    hands.row(title="Mixing", kind="unit procedure")
    hands.row(title="Mix", **number("Time", "min", "28 32 25 40", "KPP"))
    hands.row(title="Take a sample", **number("Sample", "mL", "1 2 1 3"))
    hands.row(title="Measure the turbidity", **number("Turbidity", "1", "0 5 0 20"))
    hands.row(title="Clear enough?", kind="choice")
    hands.row(title="too turbid", condition="S17.turbidity > 5")
    hands.row(title="Filter again", **number("Pressure", "bar", "0 1.5 0 2"))
    hands.press("Enter", "Enter")  # past the empty way, behind the choice
    hands.row(title="Record the volume", **number("Volume left", "mL", "900 1050 850 1100"))
    hands.press("Enter")


def fill_and_test(hands: TableHands) -> None:
    hands.row(title="Filling", kind="unit procedure")
    for title in ("Set up the filler", "Fill", "Stopper", "Label the vials"):
        hands.row(title=title, **yes("Done as written"))
    hands.press("Enter")
    hands.row(title="Testing", kind="unit procedure")
    hands.row(title="Send samples", verification="P+W", **DO)
    hands.row(title="Count the vials", **number("Vials", "1", "90 110 80 120"))
    hands.row(title="Inspect the vials", name="Result", klass="IPC", **DO, choices="good; cloudy; leaking !")
    hands.row(title="Results of the laboratory", kind="QC results", **number("Sterility", "1", "0 0 0 0"))
    hands.press("Enter")


def release(hands: TableHands) -> None:
    hands.row(title="Release", kind="unit procedure")
    hands.row(title="Production review", kind="production review", **DO)
    hands.row(title="QA review", kind="QA review", **DO)
    hands.row(title="Disposition", kind="disposition", **DO)


CHAPTERS = (receive, make_buffer, prepare, mix, fill_and_test, release)


COUNT_POINTERS = "window.pointerActions = 0; addEventListener('pointerdown', () => { window.pointerActions += 1; }, true);"


def test_thirty_steps_by_keyboard(browser, tmp_path):
    with desk(tmp_path) as at:
        page = at.page(browser)
        page.add_init_script(COUNT_POINTERS)
        hands = at_table(at, page, "MR-30")
        hands.begin()
        for chapter in CHAPTERS:
            chapter(hands)
        hands.press("Control+Home")
        hands.saved()
        assert page.evaluate("window.pointerActions") <= 10
        page.context.close()
        xml = draft_view(at.site, "MR-30@1.0")["xml"].encode()
    assert [str(finding) for finding in check_diagram(xml).findings] == []
    kinds = [etree.QName(element).localname for element in etree.fromstring(xml).iter(f"{{{BPMN}}}*")]
    wanted = {"userTask": 30, "subProcess": 8, "standardLoopCharacteristics": 1, "parallelGateway": 2, "exclusiveGateway": 2}
    assert {kind: kinds.count(kind) for kind in wanted} == wanted
    rehearsed = system_dry_run(xml)
    assert (rehearsed["verdict"], rehearsed["unreached"]) == ("passed", [])
