// Rows from a spreadsheet or a Word table, pasted from the focused cell on; one undo takes the whole paste back.
//
// A row with an empty step cell is a further parameter of the step above; a row with nothing but a heading begins a unit
// procedure, and so does a column of that name. Where the first row names columns, they are taken by name. Limit phrases
// ("25.0 ± 0.5 g") are read by the server first. What could not be taken over is marked at its cell, with its text.
import { COLUMNS, CellError } from "./cells.js";
import { parameterId } from "./names.js";

const PER_REQUEST = 1000;
const HEADINGS = {
  step: "id", "step id": "id", id: "id", no: "id", "no.": "id", title: "title", "step title": "title", description: "title", activity: "title",
  "unit procedure": "unit", section: "unit", phase: "unit", unit: "uom", uom: "uom", units: "uom", low: "norLow", high: "norHigh",
  limits: "target", range: "target", "acceptance criteria": "target", "set point": "target", verification: "verification",
  "signed by": "verification", equipment: "equipment", material: "materials", "hold time": "hold", rationale: "rationale",
  "limit action": "limitAction", action: "limitAction",
};
for (const column of COLUMNS) HEADINGS[column.label.toLowerCase()] ??= column.key;
const GROUP_ROW = /^(UP\w*|unit procedure|section|phase|stage|part)\b/i;
const STEP_LEVEL = new Set(COLUMNS.filter((column) => column.of === "step").map((column) => column.key));
const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));

// ------------------------------------------------------------------ phrases

const EXPRESSION = /[A-Za-z]\w*\(|[A-Za-z]\w*\.[A-Za-z]|[*]/;
const FIGURE = /^[<>≤≥]?=?\s*[-+]?\d[\d.,]*(e[-+]?\d+)?$/i;
const PHRASE = /±|\+\/-|\bto\b|(?<!\w)\d[\d.,]*\s*[-–]\s*\d|^\s*[<>≤≥]|\d\s*[A-Za-z°%µ]|\b(nmt|nlt|max|min|not|about|between|below|above|less|more|at)\b/i;

// Whether a text is more than one limit: it goes to the server, which knows what such phrases mean.
export function isPhrase(text, cellKey) {
  const plain = text.trim();
  if (!plain || EXPRESSION.test(plain)) return false;
  if (FIGURE.test(plain)) return cellKey === "target" && /^[<>≤≥]/.test(plain);
  return PHRASE.test(plain);
}

// What a phrase in a cell says about its parameter. In a NOR or PAR column one range alone is that range.
function phraseProperties(phrase, cellKey) {
  const level = { nor: "nor", par: "par" }[cellKey.slice(0, 3)];
  const single = level && [phrase.nor_low + phrase.nor_high, phrase.par_low + phrase.par_high].filter(Boolean).length === 1;
  const moved = (name) => (single ? name.replace(/^(nor|par)/, level) : name);
  const limits = { norLow: phrase.nor_low, norHigh: phrase.nor_high, parLow: phrase.par_low, parHigh: phrase.par_high };
  const given = Object.entries({ type: phrase.type, uom: phrase.uom, target: phrase.target, ...limits }).filter(([, value]) => value);
  return {
    ...Object.fromEntries(given.map(([name, value]) => [moved(name), value])), exclusive: phrase.exclusive.map(moved).join(" "),
    ...(phrase.qualifier ? { qualifier: true } : {}),
    ...(phrase.choices?.length ? { choices: phrase.choices.map((value) => ({ value })) } : {}),
  };
}

async function understood(table, texts) {
  const found = new Map();
  const wanted = [...new Set(texts)];
  for (let i = 0; i < wanted.length; i += PER_REQUEST) {
    const { phrases } = await table.server.phrases(wanted.slice(i, i + PER_REQUEST));
    for (const phrase of phrases) found.set(phrase.text, phrase);
  }
  return found;
}

// Phrases typed into cells: each fills the cells of its parameter. What is not understood stays as it was typed.
export async function readPhrases(table, entries) {
  table.bar.say("Reading the limits …");
  let phrases;
  try {
    phrases = await understood(table, entries.map(({ text }) => text));
  } catch (error) {
    phrases = new Map();
    table.refuse(`The limits can't be read just now: ${error.message}`);
  }
  table.attempt(() => table.model.transaction("Limits", () => {
    for (const { row, cell, text } of entries) takePhrase(table.model, row, cell, text, phrases.get(text), (said) => table.marks.doubt(row.key, cell.key, said));
  }));
  table.marks.tell();
}

function takePhrase(model, row, cell, text, phrase, doubt) {
  if (!phrase || phrase.problem || !phrase.type) {
    doubt(phrase?.problem ? `“${text}” is not understood: ${phrase.problem}` : `“${text}” was not read as limits.`);
    return cell.write(row, text, model);
  }
  const properties = phraseProperties(phrase, cell.key);
  const shape = model.get(row.element.id) ?? row.element;
  if (model.parameters(row.element)[row.index]) model.setParameter(shape, row.index, properties);
  else model.addParameter(shape, -1, properties);
  return doubt(phrase.doubt ? `“${text}”: ${phrase.doubt}` : "");
}

// ------------------------------------------------------------------ the clipboard

function fromHtml(html) {
  const table = new DOMParser().parseFromString(html, "text/html").querySelector("table");
  if (!table) return undefined;
  const spans = new Map(); // column -> rows that a cell above still covers
  return [...table.rows].map((row) => {
    const cells = [];
    const covered = () => {
      while (spans.get(cells.length) > 0) {
        spans.set(cells.length, spans.get(cells.length) - 1);
        cells.push("");
      }
    };
    for (const cell of row.cells) {
      covered();
      for (const line of cell.querySelectorAll("br")) line.replaceWith("\n");
      const paragraphs = [...cell.querySelectorAll("p")];
      const text = (paragraphs.length ? paragraphs.map((one) => one.textContent).join("\n") : cell.textContent).replace(/[ \t\u00a0]+/g, " ").replace(/ ?\n ?/g, "\n").trim();
      for (let i = 0; i < cell.colSpan; i += 1) {
        if (cell.rowSpan > 1) spans.set(cells.length, cell.rowSpan - 1);
        cells.push(i ? "" : text);
      }
    }
    covered();
    return cells;
  });
}

// Tabs between cells; a cell in double quotes may hold line breaks.
export function fromText(text) {
  const rows = [[]];
  for (const [, quoted, bare, end] of text.replace(/\r\n?/g, "\n").matchAll(/(?:"((?:[^"]|"")*)"(?=\t|\n|$)|([^\t\n]*))(\t|\n|$)/g)) {
    rows.at(-1).push((quoted?.replaceAll('""', '"') ?? bare ?? "").trim());
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  while (rows.length && rows.at(-1).every((cell) => !cell)) rows.pop();
  return rows;
}

export function listenToPaste(table) {
  const isHere = () => table.body.contains(document.activeElement);
  document.addEventListener("paste", (event) => {
    if (!isHere() || !table.row) return;
    const html = event.clipboardData.getData("text/html");
    const rows = (html && fromHtml(html)) || fromText(event.clipboardData.getData("text/plain"));
    event.preventDefault();
    if (rows.length) pasteRows(table, rows);
  });
  document.addEventListener("copy", (event) => {
    if (!isHere() || !table.row) return;
    event.preventDefault();
    const lines = table.selectedRows().length > 1 ? table.selectedRows().map((row) => textsOf(table, row)) : [[table.boxAt(table.at.key, table.at.cell).textContent]];
    const quoted = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    event.clipboardData.setData("text/plain", lines.map((cells) => cells.map(quoted).join("\t")).join("\n"));
  });
}

function textsOf(table, row) {
  return table.drawn.get(row.key).boxes.flatMap(({ box, text }) => [text.textContent, ...Array(Number(box.getAttribute("aria-colspan") ?? 1) - 1).fill("")]);
}

// ------------------------------------------------------------------ from rows to steps

// The column of each pasted cell, and the rows without the headings.
function mapped(table, rows) {
  const named = rows[0].map((text) => HEADINGS[text.toLowerCase().replace(/\s+/g, " ").trim()]);
  if (rows.length > 1 && named.filter(Boolean).length >= 2) return { keys: named, data: rows.slice(1) };
  const from = table.columns.findIndex((column) => column.key === table.at.column);
  return { keys: table.columns.slice(from).map((column) => column.key), data: rows };
}

// Pasted rows as entries {unit} | {cells, further}: what stands in which column, and whether it belongs to the step above.
function entriesOf(keys, data) {
  const naming = keys.filter((key) => key === "id" || key === "title");
  let unit;
  return data.filter((row) => row.some(Boolean)).flatMap((row) => {
    const cells = new Map(keys.map((key, place) => [key, row[place] ?? ""]).filter(([key]) => key));
    const filled = [...cells].filter(([, text]) => text);
    const [key, text] = filled[0] ?? [];
    const isHeading = filled.length === 1 && keys.length > 2 && (key === "unit" || (naming.includes(key) && (GROUP_ROW.test(text) || (key === "id" && /\s/.test(text)))));
    if (isHeading) return [{ unit: (unit = text) }];
    const named = cells.get("unit");
    cells.delete("unit");
    const further = naming.length > 0 && naming.every((one) => !cells.get(one));
    if (named && named !== unit && !further) return [{ unit: (unit = named) }, { cells, further }];
    return [{ cells, further }];
  });
}

export async function pasteRows(table, rows) {
  if (rows.length === 1 && rows[0].length === 1) {
    return table.attempt(() => table.editor.write(table.row, table.cell, rows[0][0]));
  }
  const { keys, data } = mapped(table, rows);
  const entries = entriesOf(keys, data);
  const texts = entries.flatMap(({ cells }) => [...(cells ?? [])].filter(([key, text]) => BY_KEY.get(key)?.phrases && isPhrase(text, key)).map(([, text]) => text));
  let phrases = new Map();
  try {
    if (texts.length) {
      table.bar.say(`Reading ${texts.length} limits …`);
      phrases = await understood(table, texts);
    }
  } catch (error) {
    table.bar.say(`The limits were not read: ${error.message}`);
  }
  const pasting = new Pasting(table, phrases);
  const done = table.attempt(() => table.actions.restructure("Paste", () => pasting.run(entries)));
  if (!done) return false;
  for (const [key, cell, said] of pasting.doubts) table.marks.doubt(key, cell, said);
  const steps = pasting.made.length ? `${pasting.made.length} new steps` : "";
  const doubtful = pasting.doubts.length ? `${pasting.doubts.length} cells to look at` : "";
  table.bar.say(`Pasted ${data.length} rows${[steps, doubtful].filter(Boolean).map((part) => `, ${part}`).join("")}.`);
  return true;
}

class Pasting {
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
