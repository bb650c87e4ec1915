"""A process owner brings the table of a paper record: from the list of recipes to the open draft, in few clicks."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from bpmn.checks import check_diagram
from bpmn.diagram import Diagram
from engine.queries.drafts import draft_view
from tests.paper_record import FILES
from tests.web.serving import served_demo, sign_in_as
from tests.web.test_accessibility import sideways, violations

COUNT = """() => {
  if (window.counted) return;
  window.counted = true;
  addEventListener("pointerdown", () => {
    sessionStorage.setItem("pointers", Number(sessionStorage.getItem("pointers") ?? 0) + 1);
  }, true);
}"""
MOST_POINTERS = 10


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with served_demo(tmp_path_factory.mktemp("import") / "site") as (address, site):
        yield address, site


@pytest.mark.parametrize("name", FILES)
def test_a_record_of_thirty_steps_is_an_open_draft_within_ten_pointer_actions(demo, page, name):
    address, _ = demo
    page.add_init_script(f"({COUNT})()")
    sign_in_as(page, address, "pia")
    page.goto(f"{address}/recipes")
    page.evaluate("sessionStorage.removeItem('pointers')")
    page.click("a[href$='/import']")
    with page.expect_file_chooser() as chooser:
        page.click("#f-files")
    chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": FILES[name]()})
    page.click("button:has-text('Read the tables')")
    assert "30 steps" in page.inner_text("form#import")
    assert "Passes every check" in page.inner_text("form#import")
    page.fill("[name=id]", f"MR-{name.upper().replace('.', '-')}")
    page.click("button:has-text('Make a draft')")
    page.wait_for_url(re.compile(r".*/recipes/MR-RECORD-\w+@[\d.]+/edit"))
    drawn = Diagram.parse(draft_view(demo[1], unquote(page.url.split("/")[-2]))["xml"].encode())
    assert check_diagram(drawn.xml).ok
    assert len(drawn.steps) == 30
    assert sum(len(step.parameters) for step in drawn.steps.values()) == 30
    assert len({step.unit_procedure for step in drawn.steps.values()}) == 7
    assert 0 < page.evaluate("Number(sessionStorage.getItem('pointers'))") <= MOST_POINTERS


ODD = "Was\tWert\tOffen\nWiegen\t1,500 mL\tx\nMischen\tsomehow 3 ways\ty"


def test_what_a_person_says_of_a_column_shows_at_once_on_any_screen(demo, page):
    address, _ = demo
    sign_in_as(page, address, "pia")
    found = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{address}/import")
        found += violations(page) + sideways(page)
        page.fill("[name=pasted]", ODD)
        page.click("button:has-text('Read the tables')")
        page.select_option("[name='role:0']", "steps")
        page.select_option("[name='c:0:0']", "title")
        page.wait_for_selector(".proposed :text('Wiegen')")
        page.focus("[name='c:0:1']")
        page.select_option("[name='c:0:1']", "limit")
        page.wait_for_selector("td :text('1,500 is taken as 1500')")
        assert page.evaluate("document.activeElement.name") == "c:0:1"
        found += violations(page) + sideways(page)
    assert found == []
