// Where a person is in the step table: the focused cell, and the rows that are selected, which are also selected on the
// canvas. One cell of the grid can be tabbed to; `column` is where one goes on when rows have cells of other widths.

const CANVAS_MS = 60;

export class Focus {
  constructor(table) {
    this.table = table;
    this.at = undefined; // {key, cell, column, index}
    this.anchor = this.lead = undefined; // keys of the first and the last selected row
    table.model.on("selected", ({ elements }) => this.#follow(elements));
    table.element.addEventListener("focusin", () => table.element.classList.add("has-focus"));
    table.element.addEventListener("focusout", (event) => {
      if (!table.scroller.contains(event.relatedTarget)) table.element.classList.remove("has-focus");
    });
  }

  // The cell of a row that stands at a column: the same one, or the wide one that covers it.
  cellAt(row, column) {
    const { drawn, columns } = this.table;
    const { cells } = drawn.get(row.key);
    const wanted = columns.findIndex((one) => one.key === column);
    let at = 0;
    for (const cell of cells) {
      if (cell.key === column) return cell;
      at += cell.span;
      if (wanted >= 0 && wanted < at) return cell;
    }
    return cells[0];
  }

  columnOf(row, cellKey) {
    const { cells } = this.table.drawn.get(row.key);
    const place = cells.slice(0, cells.findIndex((cell) => cell.key === cellKey)).reduce((sum, cell) => sum + cell.span, 0);
    return this.table.columns[place].key;
  }

  // Goes to a cell. `extend` keeps the selection as it is.
  go(key, cellKey, { extend = false } = {}) {
    const { table } = this;
    const row = table.rowAt(key);
    if (!row || !table.leave(row)) return;
    const box = this.#stand(row, cellKey);
    box.focus({ preventScroll: true });
    this.#reveal(box);
    if (!extend) this.select(row, row);
    table.marks.tell();
    if (!table.marks.said) table.bar.say((table.cell.write && table.cell.hint) || "");
  }

  // The cell at which the next Tab into the table arrives.
  #stand(row, cellKey) {
    const { table } = this;
    const cell = this.cellAt(row, cellKey);
    const column = table.columns.some((one) => one.key === cellKey) ? cellKey : this.columnOf(row, cell.key);
    if (this.at) table.boxAt(this.at.key, this.at.cell)?.setAttribute("tabindex", "-1");
    this.at = { key: row.key, cell: cell.key, column, index: table.indexOf.get(row.key) };
    const box = table.boxAt(row.key, cell.key);
    box.setAttribute("tabindex", "0");
    return box;
  }

  // Without moving the page's focus: what is written next is written there.
  arrive(row, cellKey) {
    this.#stand(row, cellKey);
    this.select(row, row);
  }

  // After a change the focus stays on its row, or goes to the one that took its place.
  keep() {
    const { table } = this;
    if (!this.at) return void this.#stand(table.rows[0], "title");
    const hadFocus = document.activeElement === document.body || table.body.contains(document.activeElement);
    const row = table.rowAt(this.at.key) ?? table.rows[Math.min(this.at.index, table.rows.length - 1)];
    const isColumn = row.key !== this.at.key || this.cellAt(row, this.at.column).key === this.at.cell;
    const box = this.#stand(row, isColumn ? this.at.column : this.at.cell);
    if (!table.rowAt(this.anchor) || !table.rowAt(this.lead)) this.select(row, row);
    else this.#paint();
    if (hadFocus && table.element.classList.contains("has-focus") && !table.editor.isOpen) box.focus({ preventScroll: true });
  }

  #reveal(box) {
    const { scroller, head, columns } = this.table;
    const [at, around] = [box.getBoundingClientRect(), scroller.getBoundingClientRect()];
    const top = around.top + head.offsetHeight;
    if (at.top < top) scroller.scrollTop -= top - at.top;
    else if (at.bottom > around.bottom - 12) scroller.scrollTop += at.bottom - around.bottom + 12;
    if (box.classList.contains("stuck1") || box.classList.contains("stuck2")) return;
    const second = head.querySelectorAll("[role=columnheader]")[1];
    const left = around.left + columns[0].width + (getComputedStyle(second).position === "sticky" ? columns[1].width : 0);
    if (at.left < left) scroller.scrollLeft -= left - at.left;
    else if (at.right > around.right - 12) scroller.scrollLeft += Math.min(at.right - around.right + 12, at.left - left);
  }

  // ---------------------------------------------------------------- selection

  select(from, to) {
    Object.assign(this, { anchor: from.key, lead: to.key });
    this.#paint();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#lead(), CANVAS_MS);
  }

  // The canvas and the panel follow when a key is not held down any more.
  #lead() {
    const { model } = this.table;
    const ids = new Set(this.selected().map((row) => row.element?.id));
    const wanted = [...ids].map((id) => id && model.get(id)).filter(Boolean);
    const held = model.selection();
    if (wanted.length === held.length && wanted.every((element) => held.includes(element))) return;
    this.leading = true;
    model.select(wanted);
    this.leading = false;
  }

  extend(row) {
    this.select(this.table.rowAt(this.anchor) ?? row, row);
    this.go(row.key, this.at.column, { extend: true });
  }

  selected() {
    const { indexOf, rows } = this.table;
    const [a, b] = [indexOf.get(this.anchor), indexOf.get(this.lead)];
    if (a === undefined || b === undefined) return [];
    return rows.slice(Math.min(a, b), Math.max(a, b) + 1);
  }

  #paint() {
    const { drawn, element } = this.table;
    const selected = new Set(this.selected().map((row) => row.key));
    for (const key of this.painted ?? []) if (!selected.has(key)) drawn.get(key)?.element.setAttribute("aria-selected", "false");
    for (const key of selected) drawn.get(key)?.element.setAttribute("aria-selected", "true");
    element.classList.toggle("several", selected.size > 1);
    this.painted = selected;
  }

  // What is selected on the canvas is shown here, without taking the focus away from there.
  #follow(elements) {
    const { table } = this;
    if (this.leading || table.body.contains(document.activeElement) || table.editor.isOpen || elements.length !== 1) return;
    const row = table.rowAt(elements[0].id) ?? table.rowAt(`${elements[0].id}#0`);
    if (!row) return;
    Object.assign(this, { anchor: row.key, lead: row.key });
    this.#paint();
    this.#reveal(this.#stand(row, "title"));
  }
}
