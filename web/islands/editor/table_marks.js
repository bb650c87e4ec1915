// What is wrong at a cell of the step table: findings of the checks, doubts of a paste, refusals of what was typed. A mark
// stands in the cell, and the first cell of the row speaks for all of it; the words stand right below the focused cell.
import { columnFor } from "./cells.js";

export class Marks {
  constructor(table) {
    this.table = table;
    this.findings = new Map(); // row key -> column key -> findings
    this.doubts = new Map(); // "row key column" -> what to look at after a paste
    this.bubble = Object.assign(document.createElement("div"), { className: "table-bubble", hidden: true });
    table.scroller.append(this.bubble);
  }

  show(findings) {
    const before = this.findings;
    this.findings = new Map();
    for (const finding of findings) {
      const [key, column] = this.#placeOf(finding);
      const columns = this.findings.get(key) ?? new Map();
      columns.set(column, [...(columns.get(column) ?? []), finding]);
      this.findings.set(key, columns);
    }
    for (const key of new Set([...before.keys(), ...this.findings.keys()])) this.#again(key);
    this.tell();
  }

  // The row and the column that a finding is about; one about a hold time stands where that ends.
  #placeOf({ element_id: id, parameter, property }) {
    const { model, indexOf } = this.table;
    const hold = (model.recipe()?.get("holdTimes") ?? []).find((one) => one.id === parameter);
    if (hold && !indexOf.has(`${id}#0`)) return [`${(hold.to ?? "").split(/[ .]/)[0]}#0`, "hold"];
    const element = parameter && model.get(id);
    const index = element ? model.parameters(element).findIndex((one) => one.id === parameter) : 0;
    const step = `${id}#${Math.max(0, index)}`;
    return [indexOf.has(step) ? step : id, columnFor(property, parameter)];
  }

  at(key, cellKey) {
    const columns = this.findings.get(key);
    if (!columns) return [];
    return cellKey === "id" ? [...columns.values()].flat() : columns.get(cellKey) ?? [];
  }

  doubt(key, cellKey, text) {
    const place = `${key} ${cellKey}`;
    if (text) this.doubts.set(place, text);
    else if (!this.doubts.delete(place)) return;
    this.#again(key);
  }

  #again(key) {
    const drawn = this.table.drawn.get(key);
    if (drawn) this.mark(key, drawn);
  }

  mark(key, drawn) {
    for (const { box } of drawn.boxes) {
      const found = this.at(key, box.dataset.cell);
      const isDoubtful = this.doubts.has(`${key} ${box.dataset.cell}`);
      const severity = found.some((one) => one.severity === "error") ? "bad" : found.length || isDoubtful ? "watch" : "";
      if ((box.dataset.finding ?? "") === severity) continue;
      if (severity) box.dataset.finding = severity;
      else delete box.dataset.finding;
      if (severity === "bad") box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
    }
  }

  // Says what is wrong with the focused cell; a refusal of what was typed comes first.
  tell(refusal = "") {
    const { table, bubble } = this;
    const { key, cell } = table.at ?? {};
    const box = key && table.boxAt(key, cell);
    const doubt = this.doubts.get(`${key} ${cell}`);
    const lines = [refusal, doubt, ...(box ? this.at(key, cell).map((one) => `${one.message}: ${one.what_to_do}`) : [])].filter(Boolean);
    bubble.hidden = !lines.length || !box || !table.element.classList.contains("has-focus");
    const said = bubble.hidden ? refusal : lines.join(" ");
    if (said || this.said) table.bar.say(said); // other messages stay until somebody goes on
    this.said = said;
    if (bubble.hidden) return;
    bubble.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    placeBeside(bubble, table.editor.isOpen ? table.editor.box : box, table.scroller);
  }
}

// Puts something right below a cell, or above it where there is no room below.
export function placeBeside(element, cell, scroller) {
  const [at, around] = [cell.getBoundingClientRect(), scroller.getBoundingClientRect()];
  const isLow = at.bottom + element.offsetHeight + 4 > around.bottom && at.top - element.offsetHeight > around.top;
  const top = isLow ? at.top - element.offsetHeight - 2 : at.bottom + 2;
  const left = Math.max(around.left + 4, Math.min(at.left, around.right - element.offsetWidth - 20));
  element.style.left = `${left - around.left + scroller.scrollLeft}px`;
  element.style.top = `${top - around.top + scroller.scrollTop}px`;
}
