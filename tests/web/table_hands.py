"""A process owner at the step table with nothing but a keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.editor.desk import Desk


def at_table(desk: Desk, page: Page, recipe_id: str, xml: str = "") -> TableHands:
    """A new draft of Pia's, open in the editor."""
    desk.open(page, desk.draft(recipe_id, xml))
    return TableHands(page)


class TableHands:
    """What the keys do, told by what stands in the cells. `page` is at the editor."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = page.keyboard

    def click(self, row: str, column: str) -> None:
        """The one thing done with a pointer: into a cell."""
        self.page.click(f'[data-key="{row}"] [data-cell="{column}"]')

    def begin(self) -> None:
        """A click into the empty row at the end."""
        self.page.click('.row-new:last-child [data-cell="title"]')

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.keys.press(key)

    def at(self) -> tuple[str, str]:
        """The row and the column that have the focus."""
        found = self.page.evaluate(
            "() => { const a = document.activeElement; return [a.closest('[data-key]')?.dataset.key, a.dataset.cell] }"
        )
        return (found[0] or "", found[1] or "")

    def go(self, column: str) -> None:
        """Tab to a column of the row."""
        for _ in range(40):
            if self.at()[1] == column:
                return
            self.press("Tab")
        raise AssertionError(f"Tab never came to {column}; it is at {self.at()}")

    def type(self, text: str) -> None:
        """Type a text: the first key opens the cell."""
        self.press(text[0])
        self.keys.insert_text(text[1:])

    def fill(self, **cells: str) -> None:
        """Fill cells of a row from left to right, tabbing from one to the next; `klass` is the class."""
        for column, text in cells.items():
            self.go("class" if column == "klass" else column)
            if text:
                self.type(text)

    def row(self, **cells: str) -> None:
        """Fill a row and go to the next."""
        self.fill(**cells)
        self.press("Enter")

    def rows(self) -> list[str]:
        """Every row: its kind, its id or name."""
        return self.page.eval_on_selector_all(
            ".table-body .table-row",
            "rows => rows.map(r => [r.className.match(/row-(\\w+)/)[1], r.dataset.key].join(' '))",
        )

    def text(self, row: str, column: str) -> str:
        """What a cell shows."""
        return (self.page.text_content(f'[data-key="{row}"] [data-cell="{column}"] .text') or "").strip()

    def texts(self, row: str, *columns: str) -> list[str]:
        """What several cells of a row show."""
        return [self.text(row, column) for column in columns]

    def paste(self, text: str, html: str = "") -> None:
        """What the browser does on Ctrl+V with this on the clipboard."""
        self.page.evaluate(
            """([text, html]) => {
              const data = new DataTransfer();
              data.setData("text/plain", text);
              if (html) data.setData("text/html", html);
              const pasted = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
              document.activeElement.dispatchEvent(pasted);
            }""",
            [text, html],
        )

    def xml(self) -> str:
        """The diagram as it stands in the editor."""
        found: Any = self.page.evaluate("window.batchwrightEditor.model.xml()")
        return str(found)

    def saved(self) -> None:
        """Wait until everything is saved."""
        self.page.wait_for_selector("#editor-saved[data-state=saved]", timeout=15_000)
