// A paste as edits of the model: what goes into the rows that are there, what becomes new steps and unit procedures.
import { CellError } from "./cell_words.js";
import { isPhrase, takePhrase } from "./limit_phrases.js";
import { parameterId } from "./names.js";
import { COLUMNS } from "./step_cells.js";

const STEP_LEVEL = new Set(COLUMNS.filter((column) => column.of === "step").map((column) => column.key));
const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));

export class Pasting {
  constructor(table, phrases) {
    Object.assign(this, { table, phrases, model: table.model, actions: table.actions, doubts: [], made: [] });
    this.waiting = table.rows.slice(table.at.index).filter((row) => row.kind === "step");
    const { row } = table;
    if (row.kind === "new") this.waiting = [];
    this.place = this.actions.resolved(row.kind === "new" ? row.place : this.actions.placeBeside(this.waiting.at(-1) ?? row));
    this.first = row;
    this.unitName = "";
  }

  run(entries) {
    for (let i = 0; i < entries.length;) {
      if (entries[i].unit !== undefined) {
        this.unit = entries[i].unit;
        i += 1;
        continue;
      }
      let end = i + 1;
      while (entries[end]?.further) end += 1;
      this.#step(entries.slice(i, end).map(({ cells }) => cells));
      i = end;
    }
    this.table.settled();
  }

  // A step with its further parameters: into the rows that are there, or as a new one.
  #step(rows) {
    if (!this.waiting.length) return this.#insert(rows);
    const [first] = this.waiting;
    rows.forEach((cells, place) => {
      const next = this.waiting[0];
      const index = place && !(next?.element === first.element) ? this.model.parameters(first.element).length : next.index;
      if (next && (next.element === first.element || !place)) this.waiting.shift();
      this.#fill({ kind: "step", element: first.element, index }, cells, this.model, `${first.element.id}#`);
    });
    // What is left of that step is passed over when the paste names steps.
    const names = rows[0].has("title") || rows[0].has("id");
    while (names && this.waiting[0]?.element === first.element) this.waiting.shift();
    return undefined;
  }

  #insert(rows) {
    const draft = new DraftStep();
    const holds = [];
    const found = [];
    rows.forEach((cells, index) => {
      const said = (cell, text) => found.push([index, cell, text]);
      if (cells.get("hold")) holds.push(cells.get("hold"));
      this.#write({ kind: "step", element: draft, index }, cells, draft, said);
    });
    const shape = this.model.insertStep(this.#where(), draft.properties());
    if (!this.frame) this.place = { after: shape };
    this.made.push(shape);
    for (const text of holds) this.#try(() => BY_KEY.get("hold").write({ element: shape.businessObject }, text, this.model), (said) => found.push([0, "hold", said]));
    this.doubts.push(...found.map(([index, cell, said]) => [`${shape.id}#${index}`, cell, said]));
  }

  // The unit procedure that the new step belongs to is begun when its first step comes.
  #where() {
    if (!this.unit) return this.place;
    if (this.unit !== this.unitName) {
      this.unitName = this.unit;
      const outer = this.frame ? { after: this.frame } : this.#outside();
      this.frame = this.model.insertNode("unit_procedure", outer, { name: this.unit, step: false });
    }
    return { into: this.frame };
  }

  #outside() {
    let outer;
    for (let at = this.first.parent; at; at = at.parent) if (at.kind === "unit_procedure") outer = at;
    return outer ? { after: this.actions.shape(outer.element) } : this.place;
  }

  #fill(row, cells, model, key) {
    this.#write(row, cells, model, (cell, said) => this.doubts.push([key + row.index, cell, said]));
    if (cells.get("hold")) this.#try(() => BY_KEY.get("hold").write(row, cells.get("hold"), model), (said) => this.doubts.push([key + row.index, "hold", said]));
  }

  #write(row, cells, model, doubt) {
    // The name first: it makes the parameter and its id. Then the type, which says how limits are read.
    const order = [...cells].sort(([a], [b]) => rank(a) - rank(b));
    for (const [key, text] of order) {
      const column = BY_KEY.get(key);
      if (!column || key === "hold" || (text === "" && model instanceof DraftStep)) continue;
      if (row.index > 0 && STEP_LEVEL.has(key)) continue;
      const say = (said) => said && doubt(key, said);
      if (column.phrases && isPhrase(text, key)) this.#try(() => takePhrase(model, row, column, text, this.phrases.get(text), say), say);
      else this.#try(() => column.write(row, text, model), (said) => say(`“${text}” was not taken over. ${said}`));
    }
  }

  #try(act, say) {
    try {
      act();
    } catch (error) {
      if (!(error instanceof CellError || error instanceof RangeError)) throw error;
      say(error.message);
    }
  }
}

const rank = (key) => ["id", "kind", "name", "type", "uom"].indexOf(key) + 1 || 9;

// A step while its cells are read: it answers like the model, and is inserted once with everything it was told.
class DraftStep {
  constructor() {
    this.said = {};
    this.list = [];
  }

  get id() {
    return this.said.id ?? "";
  }

  get() {
    return undefined;
  }

  step() {
    return { get: (name) => this.said[name] ?? (["signatures", "equipment", "materials", "scans"].includes(name) ? [] : undefined) };
  }

  parameters() {
    return this.list.map((properties) => ({ ...properties, get: (name) => properties[name] ?? (name === "type" ? "num" : undefined) }));
  }

  setId(_, id) {
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(id)) throw new CellError("An id has letters, digits, _ and -, and begins with a letter.");
    this.said.id = id;
  }

  setStep(_, properties) {
    Object.assign(this.said, properties);
  }

  setSignatures(_, signatures) {
    this.said.signatures = signatures;
  }

  setParameter(_, index, properties) {
    Object.assign(this.list[index], properties);
  }

  addParameter(_, __, properties) {
    this.list.push({ type: "num", ...properties });
  }

  properties() {
    const taken = [];
    const parameters = this.list.map((properties) => {
      const id = properties.id || parameterId(properties.name ?? "", taken);
      taken.push(id);
      return { ...properties, id };
    });
    return { ...this.said, parameters };
  }
}
