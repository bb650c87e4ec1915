// The bar above the table: the Structure menu, which columns are shown, and the list of keys.
import { COLUMNS } from "./step_cells.js";
import { SHORTCUTS, singleKeys } from "./table_keys.js";

const HINT = "Arrow keys go from cell to cell, typing replaces, F2 edits, Enter goes to the next row. Question mark lists all keys.";

// [key, words, shortcut, what it does]; the key works while the menu is open.
const STRUCTURE = [
  ["n", "New row after this one", "Ctrl+Enter", (table) => table.keys.insert()],
  ["a", "Another parameter of this step", "Alt+Enter", (table) => table.keys.parameter()],
  ["u", "Wrap in a unit procedure", "", (table) => wrap(table, "unit_procedure", "title")],
  ["l", "Wrap in a loop", "", (table) => wrap(table, "loop", "again")],
  ["p", "Side by side (parallel)", "", (table) => wrap(table, "parallel", "title")],
  ["c", "Only on a condition (choice)", "", (table) => wrap(table, "choice", "condition")],
  ["b", "Add a branch", "", (table) => goToBranch(table, table.actions.addBranch(table.row))],
  ["d", "Another like this", "", (table) => goToBranch(table, table.actions.duplicate(table.selectedRows()))],
  ["t", "Take the group away, keep its rows", "", (table) => table.actions.unwrap(table.row)],
  ["i", "Move into the group before", "Alt+Shift+→", (table) => table.actions.shift(table.selectedRows(), 1)],
  ["o", "Move out of the group", "Alt+Shift+←", (table) => table.actions.shift(table.selectedRows(), -1)],
  ["r", "Remove", "Ctrl+Shift+⌫", (table) => table.keys.remove()],
];

// Goes to what is still to be said about the new group: its name, or on which condition.
function wrap(table, kind, cell) {
  const id = table.actions.wrap(table.selectedRows(), kind);
  const branch = kind === "choice" && table.rows.find((row) => row.kind === "branch" && row.parent.key === id);
  table.goTo(branch ? branch.key : id, cell);
}

// Of a choice its condition is to be said next, else what its first step is called.
function goToBranch(table, id) {
  const row = table.rowAt(id);
  const asks = row?.kind === "branch" && row.parent.kind === "choice";
  const first = row?.kind === "branch" && !asks ? row.block.body[0] : undefined;
  table.goTo(first?.id ?? id, asks ? "condition" : "title");
}

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export function createBar(table) {
  const says = make("p", { className: "table-says" });
  says.setAttribute("role", "status");
  const structure = menu("Structure", STRUCTURE.map(([key, words, shortcut, act]) => item(key, words, shortcut, () => {
    close(structure, table);
    table.attempt(() => act(table));
  })), () => table.row);
  const columns = menu("Columns", COLUMNS.slice(2).map((column) => columnItem(table, column)));
  const help = helpDialog(table);
  const keys = make("button", { type: "button", className: "button", textContent: "Keys" });
  keys.addEventListener("click", () => help.showModal());
  const hint = make("p", { className: "visually-hidden", id: "table-hint", textContent: HINT });
  const bar = make("div", { className: "table-bar" }, structure, columns, keys, says, hint, help);
  return {
    element: bar,
    say: (text) => void (says.textContent = text),
    openStructure: () => open(structure),
    openHelp: () => help.showModal(),
  };
}

// ------------------------------------------------------------------ menus

function menu(label, items) {
  const button = make("button", { type: "button", className: "button", textContent: label });
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  const list = make("div", { className: "table-menu", hidden: true }, ...items);
  list.setAttribute("role", "menu");
  list.setAttribute("aria-label", label);
  const holder = make("div", { className: "table-menu-holder" }, button, list);
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  button.addEventListener("click", () => (list.hidden ? open(holder) : close(holder)));
  holder.addEventListener("focusout", (event) => holder.contains(event.relatedTarget) || close(holder));
  list.addEventListener("keydown", (event) => walk(holder, event));
  return holder;
}

function open(holder) {
  const [button, list] = holder.children;
  holder.cameFrom = holder.contains(document.activeElement) ? holder.cameFrom : document.activeElement;
  list.hidden = false;
  // The table's pane cuts off what reaches beyond it.
  list.style.maxHeight = `${holder.closest(".editor-table").getBoundingClientRect().bottom - list.getBoundingClientRect().top - 4}px`;
  button.setAttribute("aria-expanded", "true");
  list.firstElementChild.focus();
}

function close(holder, table) {
  const [button, list] = holder.children;
  if (list.hidden) return;
  list.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (table) table.focus();
}

function walk(holder, event) {
  const list = holder.children[1];
  const items = [...list.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  const direct = event.key.length === 1 && !event.ctrlKey && items.find((one) => one.dataset.key === event.key.toLowerCase());
  if (to !== undefined) items[to % items.length].focus();
  else if (event.key === "Escape") {
    close(holder);
    (holder.cameFrom ?? holder.children[0]).focus();
  } else if (direct) direct.click();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function item(key, words, shortcut, act) {
  const keys = make("kbd", { textContent: shortcut || key.toUpperCase() });
  const element = make("button", { type: "button", tabIndex: -1 }, make("span", { textContent: words }), keys);
  element.setAttribute("role", "menuitem");
  element.dataset.key = key;
  element.addEventListener("click", act);
  return element;
}

function columnItem(table, column) {
  const element = make("button", { type: "button", tabIndex: -1 }, make("span", { textContent: column.label }));
  element.setAttribute("role", "menuitemcheckbox");
  const show = () => element.setAttribute("aria-checked", String(!table.hidden.has(column.key)));
  element.addEventListener("click", () => {
    const hidden = new Set(table.hidden);
    if (!hidden.delete(column.key)) hidden.add(column.key);
    table.setColumns(hidden);
    show();
  });
  show();
  return element;
}

// ------------------------------------------------------------------ help

function helpDialog(table) {
  const entry = ([keys, words]) => make("div", {}, make("dt", { textContent: keys }), make("dd", { textContent: words }));
  const list = make("dl", { className: "table-keys" }, ...SHORTCUTS.map(entry));
  const single = make("input", { type: "checkbox", checked: singleKeys.on, id: "table-single-keys" });
  single.addEventListener("change", () => void (singleKeys.on = single.checked));
  const label = make("label", { className: "table-single" }, single, " Single keys (?) work while no cell is edited");
  const shut = make("button", { type: "button", className: "button", textContent: "Close" });
  const head = make("div", { className: "table-help-head" }, make("h2", { textContent: "Keys of the table", id: "table-help-title" }), shut);
  const dialog = make("dialog", { className: "table-help" }, head, list, label);
  dialog.setAttribute("aria-labelledby", "table-help-title");
  shut.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => table.rows.length && table.focus());
  return dialog;
}
