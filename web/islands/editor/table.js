// The step table: a tree grid that shows the model row by row. It keeps nothing of its own but what is looked at (focus,
// selection, folded groups, a row that was begun). After every change of the model cells are patched, never rebuilt.
//
//   createTable({ root, model, server }) -> { element, focus() }
import "./table.css";
import { CellError } from "./cell_words.js";
import { cellsOf } from "./cells.js";
import { outline, rowsOf } from "./outline.js";
import { COLUMNS } from "./step_cells.js";
import { CellEditor } from "./table_editing.js";
import { Focus } from "./table_focus.js";
import { listenToKeys } from "./table_keys.js";
import { Marks } from "./table_marks.js";
import { createBar } from "./table_bar.js";
import { listenToPaste } from "./paste.js";
import { RowActions } from "./table_rows.js";
import { StructureError } from "./model.js";

const HIDDEN_KEY = "batchwright-table-hidden";

function make(tag, className, attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function createTable({ root, model, server }) {
  return new StepTable(root.querySelector("#editor-table"), model, server);
}

export class StepTable {
  constructor(container, model, server) {
    Object.assign(this, { container, model, server });
    this.actions = new RowActions(model);
    this.rows = [];
    this.drawn = new Map(); // row key -> {row, element, cells, shape}
    this.folded = new Set();
    this.indexOf = new Map();
    this.hidden = new Set(remembered() ?? COLUMNS.filter((column) => column.hidden).map((column) => column.key));
    this.bar = createBar(this);
    this.#frame();
    this.marks = new Marks(this);
    this.focused = new Focus(this);
    this.editor = new CellEditor(this);
    this.setColumns();
    listenToKeys(this);
    listenToPaste(this);
    this.#listen();
    this.refresh();
    if (this.rows.length === 1) this.bar.say("Type the title of the first step, or paste rows from a spreadsheet.");
  }

  // ---------------------------------------------------------------- the frame

  #frame() {
    this.scroller = make("div", "table-scroll");
    this.element = make("div", "step-table", {
      role: "treegrid", "aria-label": "Steps and parameters", "aria-multiselectable": "true", "aria-describedby": "table-hint",
    });
    this.head = make("div", "table-head", { role: "rowgroup" });
    this.body = make("div", "table-body", { role: "rowgroup" });
    this.element.append(this.head, this.body);
    this.scroller.append(this.element);
    this.container.append(this.bar.element, this.scroller);
  }

  setColumns(hidden = this.hidden) {
    this.hidden = hidden;
    this.columns = COLUMNS.filter((column) => !hidden.has(column.key));
    localStorage.setItem(HIDDEN_KEY, JSON.stringify([...hidden]));
    this.element.style.setProperty("--columns", this.columns.map(({ width }) => `${width}px`).join(" "));
    this.element.style.setProperty("--first", `${this.columns[0].width}px`);
    this.stepCells = cellsOf({ kind: "step", index: 0 }, this.columns, this.model);
    this.parameterCells = cellsOf({ kind: "step", index: 1 }, this.columns, this.model);
    const row = make("div", "table-row", { role: "row" });
    for (const column of this.columns) {
      const cell = make("div", `table-cell${column.figure ? " figure" : ""}`, { role: "columnheader" });
      cell.textContent = column.label;
      row.append(cell);
    }
    this.head.replaceChildren(row);
    this.body.replaceChildren();
    this.drawn.clear();
    if (this.rows.length) this.refresh();
  }

  #listen() {
    const { model } = this;
    model.on("opened", () => this.refresh());
    model.on("changed", ({ elements }) => this.refresh(elements));
    model.on("locked", () => this.refresh());
    model.on("findings", ({ findings }) => this.marks.show(findings));
    this.body.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.body.addEventListener("dblclick", () => this.editor.open());
  }

  #pointed(event) {
    const cell = event.target.closest(".table-cell");
    const row = cell && this.rowOf(cell);
    if (!row) return;
    event.preventDefault();
    if (event.target.closest(".fold")) return void this.fold(row);
    if (event.shiftKey && this.at) return void this.focused.extend(row);
    this.focusCell(row.key, cell.dataset.cell);
  }

  rowOf(cell) {
    return this.drawn.get(cell.closest(".table-row").dataset.key)?.row;
  }

  // ---------------------------------------------------------------- drawing

  // `changed`: the elements that a command changed; nothing: whatever may have.
  refresh(changed) {
    const { model } = this;
    const process = model.processObject;
    if (!process) return;
    const operation = (element) => model.step(element)?.get("operation") ?? "";
    this.tree = outline(process);
    this.rows = rowsOf(this.tree, {
      process, folded: this.folded, pending: this.pending, operationOf: operation,
      parametersOf: (element) => model.parameters(element),
      isQuiet: (one) => !one.body.length && Boolean(model.timer(one.element)?.get("hold")),
    });
    const kept = new Set(this.rows.map((row) => row.key));
    const gone = [...this.drawn].filter(([key]) => !kept.has(key));
    for (const [key, drawn] of gone) this.#erase(key, drawn);
    // Hold times hang on the process; an element that is gone, or has another id, may be named anywhere.
    const isAnywhere = !changed || changed.includes(model.process) || gone.some(([key]) => !key.startsWith("new:"));
    const dirty = isAnywhere ? undefined : new Set(changed.map(({ id }) => id));
    let before = null;
    for (const row of this.rows) {
      const known = this.drawn.get(row.key);
      const isSame = dirty && known?.row.kind === "step" && known.depth === row.depth && !dirty.has(row.element.id);
      const drawn = isSame ? Object.assign(known, { row }) : this.#draw(row);
      const expected = before ? before.nextSibling : this.body.firstChild;
      if (drawn.element !== expected) this.body.insertBefore(drawn.element, expected);
      before = drawn.element;
    }
    this.indexOf = new Map(this.rows.map((row, index) => [row.key, index]));
    this.focused.keep();
  }

  #erase(key, { element }) {
    element.remove();
    this.drawn.delete(key);
  }

  #draw(row) {
    const drawn = this.drawn.get(row.key) ?? this.#newRow(row);
    const cells = this.cellsOf(row);
    const shape = row.kind + cells.map((cell) => `${cell.key}${cell.span}${cell.write ? "" : "-"}${cell.prefix ?? ""}`).join();
    const isGroup = row.kind !== "step" && Boolean(row.block?.body?.length || row.block?.branches);
    if (drawn.shape !== shape) this.#layOut(drawn, row, cells, shape);
    Object.assign(drawn, { row, cells });
    if (drawn.depth !== row.depth) {
      drawn.depth = row.depth;
      drawn.element.style.setProperty("--depth", Math.min(row.depth, 8));
      drawn.element.setAttribute("aria-level", row.depth + 1);
    }
    const expanded = isGroup ? String(!this.folded.has(row.block.id)) : "";
    if (drawn.expanded !== expanded) {
      drawn.expanded = expanded;
      if (expanded) drawn.element.setAttribute("aria-expanded", expanded);
      else drawn.element.removeAttribute("aria-expanded");
    }
    for (let i = 0; i < cells.length; i += 1) this.#patch(drawn, i, cells[i], row);
    return drawn;
  }

  cellsOf(row) {
    if (row.kind === "step") return row.index > 0 ? this.parameterCells : this.stepCells;
    return cellsOf(row, this.columns, this.model);
  }

  #newRow(row) {
    const element = make("div", "table-row", { role: "row" });
    element.dataset.key = row.key;
    const drawn = { element, texts: [] };
    this.drawn.set(row.key, drawn);
    return drawn;
  }

  #layOut(drawn, row, cells, shape) {
    Object.assign(drawn, { shape, texts: [], boxes: [] });
    drawn.element.className = `table-row row-${row.kind}${row.index > 0 ? " further" : ""}`;
    drawn.element.replaceChildren(...cells.map((cell, place) => {
      const className = `table-cell${place < 2 ? ` stuck${place + 1}` : ""}${cell.figure ? " figure" : ""}${cell.long ? " long" : ""}`;
      const box = make("div", className, { role: place ? "gridcell" : "rowheader", tabindex: "-1" });
      box.dataset.cell = cell.key;
      if (cell.prefix) box.dataset.prefix = cell.prefix;
      if (cell.span > 1) {
        box.style.gridColumn = `span ${cell.span}`;
        box.setAttribute("aria-colspan", cell.span);
      }
      if (!cell.write) box.setAttribute("aria-readonly", "true");
      if (!place && row.kind !== "new") box.append(make("span", "fold", { "aria-hidden": "true" }));
      const text = make("span", "text");
      box.append(text);
      drawn.boxes.push({ box, text });
      return box;
    }));
    this.marks.mark(row.key, drawn);
  }

  #patch(drawn, place, cell, row) {
    const text = cell.read ? cell.read(row, this.model) : "";
    if (drawn.texts[place] === text) return;
    drawn.texts[place] = text;
    drawn.boxes[place].text.textContent = text;
  }

  // ---------------------------------------------------------------- looking

  get at() {
    return this.focused.at;
  }

  get row() {
    return this.rowAt(this.at?.key);
  }

  get cell() {
    return this.drawn.get(this.at?.key)?.cells.find((cell) => cell.key === this.at.cell);
  }

  rowAt(key) {
    return this.rows[this.indexOf.get(key)];
  }

  boxAt(key, cellKey) {
    return this.drawn.get(key)?.boxes.find(({ box }) => box.dataset.cell === cellKey)?.box;
  }

  selectedRows() {
    return this.focused.selected();
  }

  focusCell(key, cellKey, options) {
    this.focused.go(key, cellKey, options);
  }

  focus() {
    this.focusCell(this.at?.key ?? this.rows[0].key, this.at?.column ?? "title", { extend: Boolean(this.focused.anchor) });
  }

  // To the row of an element, by its id.
  goTo(id, cell = "title") {
    const row = this.rowAt(id) ?? this.rowAt(`${id}#0`);
    if (row) this.focusCell(row.key, cell);
  }

  refuse(text) {
    this.marks.tell(text);
  }

  // ---------------------------------------------------------------- acting

  // Runs an act; what it refuses is said at the cell. Answers whether it was done.
  attempt(act) {
    if (this.model.readOnly) return void this.refuse("This revision is locked.");
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof CellError || error instanceof StructureError || error instanceof RangeError)) throw error;
      this.refuse(error.message);
      return false;
    }
  }

  fold(row) {
    const { id } = row.block ?? {};
    if (!id || !(row.block.body || row.block.branches)) return;
    if (!this.folded.delete(id)) this.folded.add(id);
    this.refresh();
    this.focusCell(row.key, "id");
  }

  // Begins a row at a place and goes to its title.
  begin(place, cell = "title") {
    this.pending = place;
    this.pendingKey = undefined;
    this.refresh();
    const row = place.parameterOf
      ? this.rows.findLast((one) => one.element === place.parameterOf && one.kind === "step")
      : this.rows.find((one) => one.kind === "new" && samePlace(one.place, place));
    if (!row) return;
    this.focusCell(row.key, cell);
    this.pendingKey = row.key;
  }

  // A row that was begun and left empty is gone again. Answers whether the row one goes to is still there.
  leave(row) {
    if (this.pending && row.key !== this.pendingKey && this.pendingKey === this.at?.key) {
      this.settled();
      this.refresh();
    }
    return this.indexOf.has(row.key);
  }

  settled() {
    this.pending = this.pendingKey = undefined;
  }
}

const samePlace = (a, b) => Object.entries(a).every(([how, where]) => b[how] === where);

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(HIDDEN_KEY));
  } catch {
    return undefined;
  }
}
