"""Real modelers in a real browser: what they write says what they read."""

from __future__ import annotations

import os
import subprocess

import pytest
from lxml import etree

from bpmn.layout import lay_out
from tests.bpmn.round_trips import differences, meaning
from tests.recipes import random_recipe
from tests.services import ROOT
from tests.web.editor.desk import CART, desk


def drawn(seed: int) -> str:
    """A random recipe with places for its shapes."""
    root = etree.fromstring(random_recipe(seed, 12))
    lay_out(root)
    return etree.tostring(root, encoding="unicode")


DIAGRAMS = {"MR-CART-001": CART.read_text("utf-8"), **{f"MR-RANDOM-{seed}": drawn(seed) for seed in (11, 12, 13)}}


@pytest.fixture(scope="module")
def stock(browser, tmp_path_factory):
    """A page with a stock modeler, bundled here."""
    target = tmp_path_factory.mktemp("stock") / "stock.js"
    node = ROOT / ".venv" / "bin" / "node"
    entry = ROOT / "tests" / "web" / "editor" / "stock_modeler.entry.js"
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [node if node.exists() else "node", esbuild, entry, "--bundle", f"--outfile={target}", "--log-level=error"]
    subprocess.run([os.fspath(part) for part in command], check=True, timeout=60)
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<body></body>")
    page.add_script_tag(path=target)
    yield page
    context.close()


SAVED = "async (xml) => { await stock.importXML(xml); return (await stock.saveXML({ format: true })).xml; }"
RENAMED = """async (xml) => { await stock.importXML(xml);
  const task = stock.get("elementRegistry").find((element) => element.type === "bpmn:UserTask");
  stock.get("modeling").updateProperties(task, { name: "Renamed elsewhere" });
  stock.get("modeling").moveElements([task], { x: 5, y: 5 });
  return (await stock.saveXML({ format: true })).xml; }"""


def in_any_order(said):
    """Shapes are drawn in another order; that is no other drawing."""
    tag, attributes, text, children = said
    if tag.endswith("}BPMNPlane"):
        children = {name: sorted(entries, key=str) for name, entries in children.items()}
    return tag, attributes, text, {name: [in_any_order(entry) for entry in entries] for name, entries in children.items()}


def same(before: str, after: str) -> list[str]:
    return differences(in_any_order(meaning(before)), in_any_order(meaning(after)))


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_stock_modeler_with_only_the_bpmn_descriptor_keeps_our_data(stock, name):
    assert same(DIAGRAMS[name], stock.evaluate(SAVED, DIAGRAMS[name])) == []


def test_a_stock_modeler_that_renames_and_moves_a_step_changes_nothing_else(stock):
    after = stock.evaluate(RENAMED, DIAGRAMS["MR-CART-001"])
    places = [line for line in same(DIAGRAMS["MR-CART-001"], after) if "/BPMNDiagram" not in line]
    assert places == [line for line in places if "@name" in line]
    assert len(places) == 1


def test_our_editor_saves_what_it_opened(browser, tmp_path):
    with desk(tmp_path) as found:
        page = found.page(browser)
        for name, xml in DIAGRAMS.items():
            revision = found.draft(name, xml)
            found.open(page, revision)
            began = page.evaluate("batchwrightEditor.saving.savedXml")
            once = page.evaluate("batchwrightEditor.model.xml()")
            assert same(began, once) == [], name
            again = page.evaluate(
                "async (xml) => { const { model } = batchwrightEditor; await model.open(xml); return model.xml(); }", once
            )
            assert again == once, name
        page.context.close()
