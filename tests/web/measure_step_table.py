"""How long keys take in the step table of 200 steps, and a paste of 200 rows: `python -m tests.web.measure_step_table`.

A key is measured from its event to the end of the frame in which the page shows what it did, with the canvas, the panel, the
checks and the saving of the real page beside it. Aims: 50 ms for a key, 1 s for the paste.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

os.environ["BATCHWRIGHT_SIMULATED_TIME"] = "1"

from playwright.sync_api import Page

from tests import services
from tests.web.editor.desk import desk
from tests.web.measure_editor import row_of
from tests.web.table_hands import TableHands, at_table

# The first frame after the event paints its effect; a message posted in that frame arrives when it is done.
LISTEN = """() => { window.took = [];
  addEventListener("keydown", () => { const began = performance.now(); requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => took.push(performance.now() - began);
    port2.postMessage(0);
  }); }, true); }"""
KINDS = {
    "going to another cell": ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "PageDown", "ArrowUp", "Tab"],
    "a letter that opens a cell": ["a", "Escape"] * 6,
    "a letter in an open cell": ["F2", *"abcdefgh", "Escape"],
    "Enter, which writes a title": ["x", "y", "Enter"] * 5,
    "a new step": ["Control+Enter", "n", "Enter"] * 4,
    "undo": ["Control+z"] * 5,
}
MEASURED = {"a letter that opens a cell": "a", "Enter, which writes a title": "Enter", "a new step": "Enter"}


def keys(hands: TableHands) -> list[str]:
    """One line for each kind of key: the median and the slowest of all it was pressed."""
    hands.page.evaluate(LISTEN)
    told = []
    for kind, pressed in KINDS.items():
        hands.click("S100#0", "title")
        hands.page.evaluate("() => { window.took = [] }")
        for key in pressed:
            hands.press(key)
            hands.page.wait_for_timeout(60)
        took = hands.page.evaluate("took")
        counted = [ms for key, ms in zip(pressed, took, strict=False) if key == MEASURED.get(kind, key)]
        told.append(f"{kind}: {statistics.median(counted):.0f} ms, at most {max(counted):.0f} ms")
    return told


def pasting(hands: TableHands) -> str:
    """How long 200 rows take from the paste to the rows on the screen."""
    head = "Unit procedure\tTitle\tParameter\tType\tUnit\tNOR low\tNOR high\tClass\tVerification\tInstruction\tWhy"
    rows = [f"Part {i // 25}\tStep {i}\tMass {i}\tnum\tg\t24.5\t25.5\tCPP\tP+W\tWeigh it\tdose" for i in range(200)]
    hands.begin()
    hands.page.evaluate("() => { window.began = performance.now() }")
    hands.paste("\n".join([head, *rows]))
    hands.page.wait_for_selector('[data-key="S200#0"]')
    took = hands.page.evaluate("performance.now() - began")
    return f"200 pasted rows: {took:.0f} ms"


def measured(found_page: Page, hands: TableHands) -> list[str]:
    """Every line of a recipe of 200 steps."""
    found_page.wait_for_timeout(2000)
    return keys(hands)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder)) as found, services.chromium() as browser:
        page = found.page(browser)
        print(*measured(page, at_table(found, page, "MR-KEYS", row_of(200))), sep="\n")
        print(pasting(at_table(found, page, "MR-PASTE")))


if __name__ == "__main__":
    main()
