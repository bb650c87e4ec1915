"""How long a process owner waits in the editor: `python -m tests.web.measure_editor`.

Opening is from the address to a table, a diagram and a panel that answer; checks are from the last change to the findings
beside the fields. Aims: the CAR-T recipe opens within 2 s and one of 200 steps within 4 s; checks of 100 steps and their way
there and back take less than 300 ms.
"""

from __future__ import annotations

import gzip
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from lxml import etree
from playwright.sync_api import Browser, Page

from bpmn.layout import lay_out
from tests import services
from tests.small_recipes import sequence
from tests.web.editor.desk import CART, Desk, desk

TIMES = 5
READY = "() => Promise.resolve(performance.getEntriesByName('editor-ready')[0]?.startTime)"
CHECKED = """() => new Promise((done) => { const { model, findings } = batchwrightEditor; const began = performance.now();
  const stop = model.on("findings", () => { stop(); done([findings.took, performance.now() - began]); });
  model.setRecipe({ title: `Measured ${began}` }); })"""
SAVED = """async () => { const { model } = batchwrightEditor; model.setRecipe({ title: `Written ${performance.now()}` });
  const began = performance.now(); await model.xml(); return performance.now() - began; }"""
STEP = """() => { const { model } = batchwrightEditor; const began = performance.now();
  model.insertStep({ into: model.process }, { title: "Measured" }); return performance.now() - began; }"""


def row_of(count: int) -> str:
    """A recipe of that many steps, laid out."""
    root = etree.fromstring(sequence(count, f"MR-ROW-{count}"))
    lay_out(root)
    return etree.tostring(root, encoding="unicode")


def median(page: Page, measure: Callable[[], float]) -> float:
    """The median of a few tries, in ms."""
    return statistics.median(measure() for _ in range(TIMES))


def opening(found: Desk, page: Page, revision: str) -> float:
    """From the address to an editor that answers."""
    found.open(page, revision)
    return float(page.evaluate(READY))


def measured(browser: Browser, found: Desk) -> list[str]:
    """One line for each recipe."""
    page, told = found.page(browser), []
    for name, xml in {"MR-CART-001": CART.read_text("utf-8"), "MR-ROW-100": row_of(100), "MR-ROW-200": row_of(200)}.items():
        revision = found.draft(name, xml)
        opened = median(page, lambda revision=revision: opening(found, page, revision))  # type: ignore[misc]
        page.wait_for_selector("[data-do=findings][data-state]")
        checked = [page.evaluate(CHECKED) for _ in range(TIMES)]
        took, whole = (statistics.median(values) for values in zip(*checked, strict=True))
        written, inserted = median(page, lambda: page.evaluate(SAVED)), median(page, lambda: page.evaluate(STEP))
        told.append(
            f"{name}: opens in {opened:.0f} ms, checks and their way {took:.0f} ms ({whole:.0f} ms after the change), "
            f"written as text in {written:.0f} ms, a step inserted in {inserted:.0f} ms"
        )
    return told


def main() -> None:
    """Print the figures."""
    folder = services.ROOT / "web" / "static" / "dist"
    sizes = {kind: len(gzip.compress((folder / f"editor.{kind}").read_bytes(), 9)) for kind in ("js", "css")}
    print(f"bundle, gzip -9: js {sizes['js'] / 1000:.0f} kB, css {sizes['css'] / 1000:.0f} kB")
    with tempfile.TemporaryDirectory() as folder_name, desk(Path(folder_name)) as found, services.chromium() as browser:
        for line in measured(browser, found):
            print(line)


if __name__ == "__main__":
    main()
