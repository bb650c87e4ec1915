// The step table: a tree grid that shows the model row by row. It keeps nothing of its own but what is looked at (focus,
// selection, folded groups, a row that was begun). After every change of the model cells are patched, never rebuilt.
//
//   createTable({ root, model, server }) -> { element, focus() }
import "./table.css";
import { COLUMNS, CellError, cellsOf, columnFor } from "./cells.js";
import { outline, rowsOf } from "./outline.js";
import { CellEditor } from "./table_editing.js";
import { listenToKeys } from "./table_keys.js";
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
    this.findings = new Map(); // row key -> column key -> findings
    this.doubts = new Map(); // "row key column" -> what to look at after a paste
    this.hidden = new Set(remembered() ?? COLUMNS.filter((column) => column.hidden).map((column) => column.key));
    this.bar = createBar(this);
    this.#frame();
    this.editor = new CellEditor(this);
    this.setColumns();
    listenToKeys(this);
    listenToPaste(this);
    this.#listen();
    this.refresh();
  }

  // ---------------------------------------------------------------- the frame

  #frame() {
    this.scroller = make("div", "table-scroll");
    this.element = make("div", "step-table", {
      role: "treegrid", "aria-label": "Steps and parameters", "aria-multiselectable": "true", "aria-describedby": "table-hint",
    });
    this.head = make("div", "table-head", { role: "rowgroup" });
    this.body = make("div", "table-body", { role: "rowgroup" });
    this.bubble = make("div", "table-bubble", { hidden: "" });
    this.element.append(this.head, this.body);
    this.scroller.append(this.element, this.bubble);
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
    model.on("changed", () => this.refresh());
    model.on("locked", () => this.refresh());
    model.on("selected", ({ elements }) => this.#followSelection(elements));
    model.on("findings", (told) => this.showFindings(told.findings ?? told));
    this.body.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.body.addEventListener("dblclick", () => this.editor.open());
    this.element.addEventListener("focusin", () => this.element.classList.add("has-focus"));
    this.element.addEventListener("focusout", (event) => {
      if (!this.scroller.contains(event.relatedTarget)) this.element.classList.remove("has-focus");
    });
  }

  #pointed(event) {
    const cell = event.target.closest(".table-cell");
    const row = cell && this.rowOf(cell);
    if (!row) return;
    event.preventDefault();
    if (event.target.closest(".fold")) return void this.fold(row);
    if (event.shiftKey) return void this.extend(row);
    this.focusCell(row.key, cell.dataset.cell);
  }

  rowOf(cell) {
    return this.drawn.get(cell.closest(".table-row").dataset.key)?.row;
  }

  // ---------------------------------------------------------------- drawing

  refresh() {
    const { model } = this;
    const process = model.process?.businessObject;
    if (!process) return;
    const operation = (element) => model.step(element)?.get("operation") ?? "";
    this.tree = outline(process);
    this.rows = rowsOf(this.tree, {
      process, folded: this.folded, pending: this.pending, operationOf: operation,
      parametersOf: (element) => model.parameters(element),
      isQuiet: (one) => !one.body.length && Boolean(model.timer(one.element)?.get("hold")),
    });
    const kept = new Set(this.rows.map((row) => row.key));
    for (const [key, drawn] of this.drawn) if (!kept.has(key)) this.#erase(key, drawn);
    let before = null;
    for (const row of this.rows) {
      const drawn = this.#draw(row);
      const expected = before ? before.nextSibling : this.body.firstChild;
      if (drawn.element !== expected) this.body.insertBefore(drawn.element, expected);
      before = drawn.element;
    }
    this.indexOf = new Map(this.rows.map((row, index) => [row.key, index]));
    this.#keepFocus();
  }

  #erase(key, { element }) {
    element.remove();
    this.drawn.delete(key);
  }

  #draw(row) {
    const drawn = this.drawn.get(row.key) ?? this.#newRow(row);
    const cells = this.cellsOf(row);
    const shape = row.kind + cells.map((cell) => `${cell.key}${cell.span}${cell.write ? "" : "-"}${cell.prefix ?? ""}`).join();
    const isGroup = Boolean(row.block?.body || row.block?.branches) && row.kind !== "step";
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
    this.#mark(row.key, drawn);
  }

  #patch(drawn, place, cell, row) {
    const text = cell.read ? cell.read(row, this.model) : "";
    if (drawn.texts[place] === text) return;
    drawn.texts[place] = text;
    drawn.boxes[place].text.textContent = text;
  }

  // ---------------------------------------------------------------- findings

  showFindings(findings) {
    const before = this.findings;
    this.findings = new Map();
    for (const finding of findings) {
      const [key, column] = this.#placeOf(finding);
      const columns = this.findings.get(key) ?? new Map();
      columns.set(column, [...(columns.get(column) ?? []), finding]);
      this.findings.set(key, columns);
    }
    for (const key of new Set([...before.keys(), ...this.findings.keys()])) if (this.drawn.has(key)) this.#mark(key, this.drawn.get(key));
    this.tell();
  }

  // The row and the column that a finding is about; one about a hold time stands where that ends.
  #placeOf({ element_id: id, parameter, property }) {
    const hold = (this.model.recipe()?.get("holdTimes") ?? []).find((one) => one.id === parameter);
    if (hold && !this.indexOf.has(`${id}#0`)) return [`${(hold.to ?? "").split(/[ .]/)[0]}#0`, "hold"];
    const element = parameter && this.model.get(id);
    const index = element ? this.model.parameters(element).findIndex((one) => one.id === parameter) : 0;
    const step = `${id}#${Math.max(0, index)}`;
    return [this.indexOf.has(step) ? step : id, columnFor(property, parameter)];
  }

  // The first cell speaks for the whole row.
  findingsAt(key, cellKey) {
    const columns = this.findings.get(key);
    if (!columns) return [];
    return cellKey === "id" ? [...columns.values()].flat() : columns.get(cellKey) ?? [];
  }

  #mark(key, drawn) {
    for (const { box } of drawn.boxes) {
      const found = this.findingsAt(key, box.dataset.cell);
      const isDoubtful = this.doubts.has(`${key} ${box.dataset.cell}`);
      const severity = found.some((one) => one.severity === "error") ? "bad" : found.length || isDoubtful ? "watch" : "";
      if ((box.dataset.finding ?? "") === severity) continue;
      if (severity) box.dataset.finding = severity;
      else delete box.dataset.finding;
      if (severity === "bad") box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
    }
  }

  doubt(key, cellKey, text) {
    if (text) this.doubts.set(`${key} ${cellKey}`, text);
    else if (!this.doubts.delete(`${key} ${cellKey}`)) return;
    if (this.drawn.has(key)) this.#mark(key, this.drawn.get(key));
  }

  // What is wrong with the focused cell, right below it; a refusal of what was typed comes first.
  tell(refusal = "") {
    const { key, cell } = this.at ?? {};
    const box = key && this.boxAt(key, cell);
    const doubt = this.doubts.get(`${key} ${cell}`);
    const lines = [
      ...(refusal ? [refusal] : []), ...(doubt ? [doubt] : []),
      ...(box ? this.findingsAt(key, cell).map((one) => `${one.message}: ${one.what_to_do}`) : []),
    ];
    this.bubble.hidden = !lines.length || !this.element.classList.contains("has-focus");
    if (this.bubble.hidden) return this.bar.say("");
    this.bubble.replaceChildren(...lines.map((line) => Object.assign(make("p"), { textContent: line })));
    const [at, around] = [box.getBoundingClientRect(), this.scroller.getBoundingClientRect()];
    const left = Math.max(4, Math.min(at.left - around.left, around.width - this.bubble.offsetWidth - 20));
    this.bubble.style.left = `${left + this.scroller.scrollLeft}px`;
    this.bubble.style.top = `${at.bottom - around.top + this.scroller.scrollTop + (this.editor.box.hidden ? 2 : 40)}px`;
    return this.bar.say(lines.join(" "));
  }

  refuse(text) {
    this.tell(text);
  }

  // ---------------------------------------------------------------- focus and selection

  get several() {
    return this.anchor !== this.lead;
  }

  get row() {
    return this.rows[this.indexOf.get(this.at?.key)];
  }

  get cell() {
    return this.drawn.get(this.at?.key)?.cells.find((cell) => cell.key === this.at.cell);
  }

  boxAt(key, cellKey) {
    return this.drawn.get(key)?.boxes.find(({ box }) => box.dataset.cell === cellKey)?.box;
  }

  // The cell of a row that stands at a column: the same one, or the wide one that covers it.
  cellAt(row, column) {
    const cells = this.drawn.get(row.key).cells;
    const wanted = this.columns.findIndex((one) => one.key === column);
    let at = 0;
    for (const cell of cells) {
      if (cell.key === column) return cell;
      at += cell.span;
      if (wanted >= 0 && wanted < at) return cell;
    }
    return cells[0];
  }

  columnOf(row, cellKey) {
    const cells = this.drawn.get(row.key).cells;
    const place = cells.slice(0, cells.findIndex((cell) => cell.key === cellKey)).reduce((sum, cell) => sum + cell.span, 0);
    return this.columns[place].key;
  }

  focusCell(key, cellKey, { extend = false } = {}) {
    const row = this.rows[this.indexOf.get(key)];
    if (!row) return;
    if (!this.#leave(row)) return;
    const cell = this.cellAt(row, cellKey);
    const old = this.at && this.boxAt(this.at.key, this.at.cell);
    old?.setAttribute("tabindex", "-1");
    const column = this.columns.some((one) => one.key === cellKey) ? cellKey : this.columnOf(row, cell.key);
    this.at = { key, cell: cell.key, column, index: this.indexOf.get(key) };
    const box = this.boxAt(key, cell.key);
    box.setAttribute("tabindex", "0");
    box.focus({ preventScroll: true });
    this.#reveal(box);
    if (!extend) this.select(row, row);
    this.tell();
  }

  // A row that was begun and left empty is gone again.
  #leave(row) {
    if (this.pending && this.at && this.at.key !== row.key && this.pendingKey && row.key !== this.pendingKey) {
      this.pending = this.pendingKey = undefined;
      this.refresh();
    }
    return this.indexOf.has(row.key);
  }

  #reveal(box) {
    const [at, around] = [box.getBoundingClientRect(), this.scroller.getBoundingClientRect()];
    const stuck = this.stuckWidth;
    const top = around.top + this.head.offsetHeight;
    if (at.top < top) this.scroller.scrollTop -= top - at.top;
    else if (at.bottom > around.bottom - 12) this.scroller.scrollTop += at.bottom - around.bottom + 12;
    if (box.classList.contains("stuck1") || box.classList.contains("stuck2")) return;
    if (at.left < around.left + stuck) this.scroller.scrollLeft -= around.left + stuck - at.left;
    else if (at.right > around.right - 12) this.scroller.scrollLeft += Math.min(at.right - around.right + 12, at.left - around.left - stuck);
  }

  get stuckWidth() {
    const second = this.head.querySelectorAll("[role=columnheader]")[1];
    return this.columns[0].width + (getComputedStyle(second).position === "sticky" ? this.columns[1].width : 0);
  }

  // After a change the focus stays on its row, or goes to the one that took its place.
  #keepFocus() {
    if (!this.at) return;
    const key = this.indexOf.has(this.at.key) ? this.at.key : this.rows[Math.min(this.at.index, this.rows.length - 1)].key;
    const hadFocus = document.activeElement === document.body || this.body.contains(document.activeElement);
    const row = this.rows[this.indexOf.get(key)];
    this.at = { ...this.at, key, cell: this.cellAt(row, this.at.cell).key, index: this.indexOf.get(key) };
    const box = this.boxAt(key, this.at.cell);
    box.setAttribute("tabindex", "0");
    if (!this.anchor || !this.indexOf.has(this.anchor)) this.select(row, row);
    else this.#paintSelection();
    if (hadFocus && this.element.classList.contains("has-focus") && !this.editor.isOpen) box.focus({ preventScroll: true });
  }

  select(from, to) {
    Object.assign(this, { anchor: from.key, lead: to.key });
    this.#paintSelection();
    const ids = [...new Set(this.selectedRows().map((row) => row.element?.id).filter(Boolean))];
    const shapes = ids.map((id) => this.model.get(id)).filter(Boolean);
    this.following = true;
    this.model.select(shapes);
    this.following = false;
  }

  extend(row) {
    const from = this.rows[this.indexOf.get(this.anchor)] ?? row;
    this.select(from, row);
    this.focusCell(row.key, this.at.cell, { extend: true });
    this.anchor = from.key;
  }

  selectedRows() {
    const [a, b] = [this.indexOf.get(this.anchor), this.indexOf.get(this.lead)];
    if (a === undefined || b === undefined) return this.row ? [this.row] : [];
    return this.rows.slice(Math.min(a, b), Math.max(a, b) + 1);
  }

  #paintSelection() {
    const selected = new Set(this.selectedRows().map((row) => row.key));
    for (const key of this.painted ?? []) if (!selected.has(key)) this.drawn.get(key)?.element.setAttribute("aria-selected", "false");
    for (const key of selected) this.drawn.get(key)?.element.setAttribute("aria-selected", "true");
    this.element.classList.toggle("several", selected.size > 1);
    this.painted = selected;
  }

  // What is selected on the canvas is shown here, without taking the focus away from there.
  #followSelection(elements) {
    if (this.following || this.body.contains(document.activeElement) || elements.length !== 1) return;
    const { id } = elements[0];
    const key = this.indexOf.has(id) ? id : `${id}#0`;
    if (!this.indexOf.has(key)) return;
    const row = this.rows[this.indexOf.get(key)];
    Object.assign(this, { anchor: key, lead: key });
    this.#paintSelection();
    this.boxAt(this.at?.key, this.at?.cell)?.setAttribute("tabindex", "-1");
    this.at = { key, cell: this.cellAt(row, "title").key, column: "title", index: this.indexOf.get(key) };
    const box = this.boxAt(key, this.at.cell);
    box.setAttribute("tabindex", "0");
    this.#reveal(box);
  }

  focus() {
    this.focusCell(this.at?.key ?? this.rows[0].key, this.at?.cell ?? "title", { extend: Boolean(this.anchor) });
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

  settled() {
    this.pending = this.pendingKey = undefined;
  }

  goTo(id, cell = "title") {
    const key = this.indexOf.has(id) ? id : `${id}#0`;
    if (this.indexOf.has(key)) this.focusCell(key, cell);
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
