// The table by keyboard alone. SHORTCUTS is what the help shows; `press` is what each key does while no cell is edited.

const OFF_KEY = "batchwright-table-single-keys-off";
const PAGE = 12;

export const SHORTCUTS = [
  ["Arrow keys, Tab, Shift+Tab", "Go to another cell"],
  ["Enter", "Go to the next row, in the column where you began; at the end: a new row. On an empty new row: out of the group"],
  ["Type", "Replace what is in the cell"],
  ["F2", "Edit what is in the cell"],
  ["Escape", "Leave the cell as it was"],
  ["Delete", "Empty the cell"],
  ["Ctrl+Enter", "New row after this one"],
  ["Ctrl+Shift+Enter", "New row before this one"],
  ["Alt+Enter", "Another parameter of this step"],
  ["Shift+Arrow up or down", "Select rows"],
  ["Ctrl+.", "Structure menu: wrap the selected rows, add a branch, and more"],
  ["Alt+Arrow up or down", "Move the selected rows up or down"],
  ["Alt+Shift+Arrow right or left", "Move them into the group before, or out of their group"],
  ["Ctrl+Shift+Backspace", "Remove the selected rows"],
  ["Space, on the step column", "Fold or unfold a group"],
  ["Ctrl+V", "Paste rows from a spreadsheet, from this cell on"],
  ["Ctrl+C", "Copy the selected rows"],
  ["Ctrl+Z, Ctrl+Y", "Undo, redo"],
  ["Ctrl+Home, Ctrl+End", "First row, last row"],
  ["Escape, then Tab", "Leave the table"],
  ["?", "This list"],
];

export const singleKeys = {
  get on() {
    return localStorage.getItem(OFF_KEY) !== "yes";
  },
  set on(value) {
    localStorage.setItem(OFF_KEY, value ? "no" : "yes");
  },
};

export function listenToKeys(table) {
  table.keys = new Keys(table);
  table.body.addEventListener("keydown", (event) => {
    if (event.target.closest(".table-cell") && !event.isComposing && table.keys.press(event)) event.preventDefault();
  });
}

class Keys {
  constructor(table) {
    this.table = table;
    this.start = undefined; // the column where a run of Tabs began
  }

  // Answers true when the key was the table's; the page does nothing else with it then.
  press(event) {
    const { table } = this;
    const { key, shiftKey, altKey } = event;
    const control = event.ctrlKey || event.metaKey;
    if (!table.row) return false;
    const leaving = this.leaving && key === "Tab";
    if (key !== "Shift") this.leaving = false;
    if (leaving) return false;
    if (key === "Tab") return this.#tab(shiftKey ? -1 : 1);
    if (key === "Enter") return this.#enter({ control, shiftKey, altKey });
    if (key.startsWith("Arrow")) return this.#arrow(key.slice(5), { control, shiftKey, altKey });
    if (["Home", "End", "PageUp", "PageDown"].includes(key)) this.start = undefined;
    if (control && !altKey) return this.#withControl(key, shiftKey);
    return this.#plain(key, altKey);
  }

  #withControl(key, shiftKey) {
    const { table } = this;
    const acts = {
      z: () => (shiftKey ? table.model.redo() : table.model.undo()),
      y: () => table.model.redo(),
      ".": () => table.bar.openStructure(),
      Home: () => this.#go(0),
      End: () => this.#go(table.rows.length - 1),
      Backspace: () => shiftKey && this.remove(),
      Delete: () => shiftKey && this.remove(),
    };
    const act = acts[key.length === 1 ? key.toLowerCase() : key];
    act?.();
    return Boolean(act);
  }

  #plain(key, altKey) {
    const { table } = this;
    const acts = {
      F2: () => table.editor.open(),
      Escape: () => {
        this.leaving = true;
        table.bar.say("Tab leaves the table now.");
      },
      Home: () => this.#column(0),
      End: () => this.#column(table.columns.length - 1),
      PageUp: () => this.#by(-PAGE),
      PageDown: () => this.#by(PAGE),
      Delete: () => this.#clear(),
      Backspace: () => this.#clear(),
      ContextMenu: () => table.bar.openStructure(),
      F1: () => table.bar.openHelp(),
    };
    if (acts[key]) {
      acts[key]();
      return true;
    }
    if (key.length !== 1 || altKey) return false;
    if (key === "?" && singleKeys.on) table.bar.openHelp();
    else if (key === " " && table.at.cell === "id") table.fold(table.row);
    else {
      table.editor.open(""); // the key itself then arrives in the open box
      return false;
    }
    return true;
  }

  // ---------------------------------------------------------------- going

  #go(index, column = columnHere(this.table), options) {
    const row = this.table.rows[Math.max(0, Math.min(index, this.table.rows.length - 1))];
    this.table.focusCell(row.key, column, options);
  }

  #by(rows) {
    this.#go(this.table.at.index + rows);
  }

  #column(place) {
    this.table.focusCell(this.table.at.key, this.table.columns[place].key);
  }

  #arrow(direction, { control, shiftKey, altKey }) {
    const { table } = this;
    this.start = undefined;
    const vertical = { Up: -1, Down: 1 }[direction];
    const sideways = { Left: -1, Right: 1 }[direction];
    if (altKey && vertical) return this.#done(() => this.#kept(() => table.actions.move(table.selectedRows(), vertical)));
    if (altKey && shiftKey) return this.#done(() => this.#kept(() => table.actions.shift(table.selectedRows(), sideways)));
    if (altKey) return false;
    if (shiftKey && vertical) {
      const row = table.rows[table.indexOf.get(table.focused.lead) + vertical];
      if (row && row.kind !== "new") table.focused.extend(row);
      return true;
    }
    if (vertical) this.#go(control ? (vertical < 0 ? 0 : table.rows.length - 1) : table.at.index + vertical);
    else this.#sideways(sideways, false);
    return true;
  }

  #sideways(by, wrap) {
    const { table } = this;
    const cells = table.drawn.get(table.at.key).cells;
    const place = cells.findIndex((cell) => cell.key === table.at.cell);
    const next = wrap ? cells.slice().map((_, i) => place + by * (i + 1)).find((i) => cells[i]?.write) : place + by;
    if (cells[next]) return table.focusCell(table.at.key, cells[next].column ?? cells[next].key);
    if (!wrap) return undefined;
    const row = table.rows[table.at.index + by];
    if (!row) return undefined;
    const others = table.drawn.get(row.key).cells.filter((cell) => cell.write);
    const target = by > 0 ? others.find((cell) => cell.key !== "id") : others.at(-1);
    return table.focusCell(row.key, target?.key ?? "id");
  }

  #tab(by) {
    const { table } = this;
    const isLast = by > 0 ? table.at.index === table.rows.length - 1 && table.row.kind === "new" : table.at.index === 0 && table.at.cell === "id";
    if (isLast && !table.cell.write) return false;
    this.start ??= columnHere(table);
    const before = table.at.key;
    this.#sideways(by, true);
    if (table.at.key !== before) this.start = undefined;
    return true;
  }

  // ---------------------------------------------------------------- rows

  #enter({ control, shiftKey, altKey }) {
    const { table } = this;
    const column = this.start ?? columnHere(table);
    this.start = undefined;
    if (altKey) return this.#done(() => this.parameter());
    if (control) return this.#done(() => this.insert(shiftKey));
    if (shiftKey) return this.#done(() => this.#go(table.at.index - 1, column));
    return this.#done(() => this.#down(column));
  }

  #done(act) {
    this.table.attempt(act);
    return true;
  }

  #kept(act) {
    const { key } = this.table.at;
    act();
    if (this.table.indexOf.has(key)) this.table.focusCell(key, this.table.at.cell);
  }

  #down(column) {
    const { table } = this;
    const { row } = table;
    const next = table.rows[table.at.index + 1];
    if (row.kind === "new") return this.#outOf(row, next, column);
    const inside = table.actions.placeInside(row);
    if (inside && next?.kind !== "new") return table.begin(inside);
    const ends = !next || (next.tail && row.depth > 0 && row.kind === "step");
    if (!ends) return table.focusCell(next.key, column);
    const place = table.actions.placeBeside(row);
    return place ? table.begin(place) : next && table.focusCell(next.key, column);
  }

  // Enter on an empty new row: on to the next branch, or behind the group that it stands in.
  #outOf(row, next, column) {
    const { table } = this;
    let group = row.parent;
    while (group && group.kind === "operation") group = group.parent;
    if (!group) return next ? table.focusCell(next.key, column) : table.bar.say("Type a title to add a step, or choose another kind of row.");
    if (group.kind === "branch" && group.siblings[group.at + 1]) return table.focusCell(group.siblings[group.at + 1].id, column);
    const outer = group.kind === "branch" ? group.parent : group;
    const place = table.actions.placeBeside(outer);
    if (outer.depth === 0 && outer.at === outer.siblings.length - 1) return table.focusCell("new:tail", column);
    return place && table.begin(place);
  }

  insert(before = false) {
    const place = this.table.actions.placeBeside(this.table.row, before);
    if (place) this.table.begin(place);
    else this.table.refuse("Nothing goes on from here.");
  }

  parameter() {
    const { table } = this;
    if (table.row.kind !== "step") return table.refuse("Go to a step first.");
    if (!table.model.parameters(table.row.element).length) return table.focusCell(`${table.row.element.id}#0`, "name");
    return table.begin({ parameterOf: table.row.element }, "name");
  }

  remove() {
    const { table } = this;
    const rows = table.selectedRows().filter((row) => row.kind !== "new");
    if (rows.length) this.#done(() => table.actions.remove(rows));
  }

  #clear() {
    const { table } = this;
    const { row, cell } = table;
    if (!cell.write || cell.key === "id" || row.kind === "new" || !cell.read(row, table.model)) return;
    this.#done(() => table.editor.write(row, cell, ""));
  }
}

const columnHere = (table) => table.at.column;

