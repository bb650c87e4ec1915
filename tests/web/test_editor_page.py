"""The editor as a page: opened, looked at by machines and people, small enough, the mark of its canvas in sight."""

from __future__ import annotations

import gzip

import pytest

from tests.services import ROOT
from tests.web.editor.desk import CART, desk
from tests.web.test_accessibility import sideways, violations

MOST_BYTES = 250_000


@pytest.fixture(scope="module")
def cart(browser, tmp_path_factory):
    """The CAR-T recipe open in an editor."""
    with desk(tmp_path_factory.mktemp("desk")) as found:
        page = found.page(browser)
        found.open(page, found.draft("MR-CART-001", CART.read_text("utf-8")))
        page.wait_for_selector("[data-do=findings][data-state]")
        yield found, page
        page.context.close()


@pytest.fixture(scope="module")
def small(cart):
    """A draft with a few of everything, a step chosen, every part of the panel unfolded, findings listed."""
    found, cart_page = cart
    page = cart_page.context.new_page()
    found.open(page, found.draft("MR-SMALL-1"))
    for snippet in ("Hold", "Dispense with witness"):
        page.click("summary:text-is('Snippets')")
        page.click(f"button:text-is('{snippet}')")
    page.click("[data-do=findings]")
    page.wait_for_selector("#editor-findings li")
    page.evaluate("document.querySelectorAll('#editor-panel details').forEach((part) => { part.open = true; })")
    yield page
    page.close()


def test_the_bundle_is_small():
    files = [ROOT / "web" / "static" / "dist" / f"editor.{kind}" for kind in ("js", "css")]
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) <= MOST_BYTES


def test_the_recipe_passes_its_checks_and_a_wrong_limit_is_told_at_its_field(cart):
    _, page = cart
    assert page.inner_text("[data-do=findings]") == "✓ All checks passed"
    page.evaluate("batchwrightEditor.model.select([batchwrightEditor.model.get('S02')])")
    page.click("summary:has-text('Transport temperature min')")
    field = page.locator("[data-part=parameter-0] .pair .field", has=page.locator("label:text-is('Normal from')"))
    field.locator("input").fill("90")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-do=findings][data-state=bad]")
    assert field.locator("input").get_attribute("aria-invalid") == "true"
    assert "above" in field.locator(".error").inner_text()
    assert page.locator(".canvas-finding.error").count() == 1
    assert page.locator(".table-cell .finding, .table-cell[aria-invalid=true], .table-cell.wrong").count() >= 1
    page.click("[data-do=findings]")
    assert "S02 · t_min" in page.inner_text("#editor-findings")
    page.click("[data-do=findings]")
    page.click("[data-do=undo]")
    page.wait_for_selector("[data-do=findings][data-state=good]")
    assert field.locator("input").input_value() == "2"


def test_the_way_to_a_finding_is_played_step_by_step(cart):
    _, page = cart
    page.evaluate("""() => { const { findings } = batchwrightEditor;
      findings.found = [{ rule: "x", element_id: "S03", message: "it is late", what_to_do: "hurry", severity: "error",
        path: ["S01", "S01_to_S02", "S02", "S02_to_S03", "S03"], parameter: "", property: "" }];
      findings.show(true); }""")
    page.click("button:text-is('Play the way there')")
    assert page.inner_text(".canvas-player [role=status]").startswith("1 of 5: S01")
    for _ in range(4):
        page.click(".canvas-player button:text-is('Forward')")
    assert page.inner_text(".canvas-player [role=status]").startswith("5 of 5: S03")
    assert page.evaluate("document.querySelectorAll('.djs-element.playing').length") == 1
    page.click(".canvas-player button:text-is('Close')")
    assert page.evaluate("document.querySelectorAll('.djs-element.playing, .djs-element.played').length") == 0
    page.click("[data-do=findings]")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 700)])
def test_axe_finds_nothing_and_the_mark_of_the_canvas_is_in_sight(small, width, height):
    page = small
    page.set_viewport_size({"width": width, "height": height})
    assert violations(page) == []
    assert sideways(page) == []
    mark = page.locator(".bjs-powered-by")
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert min(box["width"], box["height"]) >= 15
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y)?.closest('.bjs-powered-by'))", middle)


def test_the_editor_offers_what_comes_next(cart):
    _, page = cart
    links = page.eval_on_selector_all(".editor-bar a", "links => links.map((link) => link.pathname)")
    assert {"/recipes/MR-CART-001@1.0/dry-run", "/recipes/MR-CART-001@1.0"} <= {link.replace("%40", "@") for link in links}
    page.click("summary:text-is('More')")
    with page.expect_download() as download:
        page.click("button:text-is('Export BPMN')")
    assert 'id="S42"' in download.value.path().read_text("utf-8")


def test_everything_in_the_panel_has_a_label(cart):
    _, page = cart
    for chosen in ("S02", "UP6", "L24", "G13", "G13_to_S14", "H01_timer", "M26", "MR-CART-001_start"):
        page.evaluate("id => batchwrightEditor.model.select([batchwrightEditor.model.get(id)].filter(Boolean))", chosen)
        bare = page.eval_on_selector_all(
            "#editor-panel input, #editor-panel select, #editor-panel textarea",
            "all => all.filter((field) => !field.labels?.length && !field.getAttribute('aria-label')).length",
        )
        assert bare == 0, chosen
