// Editing one cell: a text box over it, with a list below where there is something to choose from. One box serves the
// whole table, so that patching the cells never takes away what is being typed.
import { GROUP_KINDS } from "./cell_words.js";
import { isPhrase, readPhrases } from "./limit_phrases.js";
import { placeBeside } from "./table_marks.js";

const MOST_SUGGESTED = 8;

export class CellEditor {
  constructor(table) {
    this.table = table;
    this.box = Object.assign(document.createElement("textarea"), { className: "cell-editor", rows: 1, hidden: true, spellcheck: false });
    this.list = Object.assign(document.createElement("ul"), { className: "cell-options", hidden: true, id: "cell-options" });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Offered");
    table.scroller.append(this.box, this.list);
    this.box.addEventListener("input", () => this.#offer(this.box.value));
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("blur", () => this.isOpen && this.commit());
    this.list.addEventListener("pointerdown", (event) => this.#picked(event));
  }

  get isOpen() {
    return !this.box.hidden;
  }

  // Opens on the focused cell; `text` replaces what stands there.
  open(text) {
    const { table } = this;
    const { row, cell } = table;
    if (!cell?.write || table.model.readOnly) {
      if (cell?.read && table.model.readOnly) table.refuse("This revision is locked.");
      return false;
    }
    Object.assign(this, { row, cell, before: cell.read(row, table.model) });
    this.#place(table.boxAt(row.key, cell.key));
    this.box.value = text ?? this.before;
    this.box.hidden = false;
    this.box.classList.toggle("figure", Boolean(cell.figure));
    this.box.setAttribute("aria-label", `${cell.label}, ${row.element?.id ?? "new row"}`);
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(this.box.value.length, this.box.value.length);
    this.options = cell.options ?? this.#suggestions(cell);
    this.box.setAttribute("role", this.options.length ? "combobox" : "textbox");
    this.active = -1;
    this.#offer(text ?? "", text === undefined);
    return true;
  }

  #place(cell) {
    const [at, around] = [cell.getBoundingClientRect(), this.table.scroller.getBoundingClientRect()];
    const style = {
      left: `${at.left - around.left + this.table.scroller.scrollLeft}px`, top: `${at.top - around.top + this.table.scroller.scrollTop}px`,
      minWidth: `${at.width}px`, minHeight: `${at.height}px`, width: this.cell.long ? `${Math.max(at.width, 320)}px` : "",
    };
    Object.assign(this.box.style, style);
  }

  #suggestions(cell) {
    const names = new Map();
    for (const value of cell.suggests?.(this.table.model) ?? []) if (value) names.set(value, { value, label: value, others: [] });
    return [...names.values()].sort((a, b) => a.label.localeCompare(b.label));
  }

  // The options that what is typed may become; in a list of names it is the last one that counts.
  #offer(typed, all = false) {
    const said = (this.cell.several ? typed.split(";").at(-1) : typed).trim().toLowerCase();
    const found = all && this.cell.options ? this.options : this.options.filter(({ label }) => label.toLowerCase().includes(said) && label.toLowerCase() !== said);
    const sorted = said ? [...found].sort((a, b) => b.label.toLowerCase().startsWith(said) - a.label.toLowerCase().startsWith(said)) : found;
    this.shown = (said || this.cell.options ? sorted : []).slice(0, this.cell.options ? 20 : MOST_SUGGESTED);
    this.active = -1;
    this.list.hidden = !this.shown.length;
    this.list.replaceChildren(...this.shown.map(({ label }, place) => {
      const entry = Object.assign(document.createElement("li"), { textContent: label, id: `cell-option-${place}` });
      entry.setAttribute("role", "option");
      entry.setAttribute("aria-selected", "false");
      return entry;
    }));
    if (this.shown.length) placeBeside(this.list, this.box, this.table.scroller);
    if (this.options.length) {
      this.box.setAttribute("aria-expanded", String(!this.list.hidden));
      this.box.setAttribute("aria-controls", "cell-options");
    }
    this.box.removeAttribute("aria-activedescendant");
  }

  #walk(by) {
    const count = this.shown.length;
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = (this.active + by + count + (this.active < 0 && by < 0 ? 1 : 0)) % count;
    const entry = this.list.children[this.active];
    entry.setAttribute("aria-selected", "true");
    entry.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", entry.id);
  }

  #picked(event) {
    const place = [...this.list.children].indexOf(event.target.closest("li"));
    event.preventDefault();
    if (place < 0) return;
    this.active = place;
    this.commit();
    this.table.focus();
  }

  #key(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    event.stopPropagation();
    if (event.isComposing) return;
    if ((key === "ArrowDown" || key === "ArrowUp") && this.shown.length) {
      event.preventDefault();
      return void this.#walk(key === "ArrowDown" ? 1 : -1);
    }
    if (key === "Escape") {
      event.preventDefault();
      this.close();
      return void this.table.focus();
    }
    const ends = key === "Enter" || key === "Tab" || ((key === "ArrowDown" || key === "ArrowUp") && !this.cell.long);
    if (!ends) return;
    event.preventDefault();
    if (!this.commit()) return;
    this.table.keys.press({ key, ctrlKey, metaKey, altKey, shiftKey });
  }

  // What was typed or picked goes to the model. Answers false when it is refused: then it stays open, with the reason.
  commit() {
    const { table, row, cell } = this;
    if (!this.isOpen) return true;
    const picked = this.shown[this.active]?.label;
    const typed = this.box.value;
    const text = picked === undefined ? typed : cell.several ? [...typed.split(";").slice(0, -1).map((part) => part.trim()), picked].join("; ") : picked;
    if (text === this.before) {
      this.close();
      return true;
    }
    if (!table.attempt(() => this.write(row, cell, text))) return false;
    table.marks.doubt(row.key, cell.key, "");
    this.close();
    return true;
  }

  close() {
    const hadFocus = document.activeElement === this.box;
    this.box.hidden = this.list.hidden = true;
    if (hadFocus) this.table.focus();
  }

  // Writes a text into a cell of a row; a new row becomes a step or a group by it. The focus goes along.
  write(row, cell, text) {
    const { table } = this;
    if (row.kind === "new") return void this.#begun(row, cell, text);
    if (cell.phrases && isPhrase(text, cell.key)) return void readPhrases(table, [{ row, cell, text }]);
    const answer = table.model.transaction("Edit", () => cell.write(row, text, table.model));
    if (answer?.becomes) this.#arrived(table.actions.become(row, answer.becomes), cell.key);
    else if (cell.key === "id") this.#arrived(text.trim(), "id");
    return undefined;
  }

  #begun(row, cell, text) {
    const { table } = this;
    if (!text.trim()) return;
    const operation = row.parent?.kind === "operation" ? { operation: row.parent.block.name } : {};
    table.settled();
    const group = cell.key === "kind" && groupKind(text);
    if (group) return void this.#arrived(table.actions.become(row, group), cell.key);
    const id = table.model.transaction("New step", () => {
      const made = table.actions.step(row.place, { ...operation, ...(cell.key === "title" ? { title: text.trim() } : {}) });
      if (cell.key !== "title") cell.write({ kind: "step", index: 0, element: table.model.get(made).businessObject }, text, table.model);
      return cell.key === "id" ? text.trim() : made;
    });
    this.#arrived(id, cell.key);
  }

  #arrived(id, cellKey) {
    const { table } = this;
    const row = table.rowAt(id) ?? table.rowAt(`${id}#0`);
    if (row) table.focused.arrive(row, cellKey);
  }
}

function groupKind(text) {
  const said = text.trim().toLowerCase();
  if (!said) return undefined;
  const exact = GROUP_KINDS.find(({ value, label, others }) => [value, label, ...others].includes(said));
  return (exact ?? GROUP_KINDS.find(({ label }) => label.startsWith(said)))?.value;
}

