// Rows from a spreadsheet or a Word table, pasted from the focused cell on; one undo takes the whole paste back.
//
// A row with an empty step cell is a further parameter of the step above; a row with nothing but a heading begins a unit
// procedure, and so does a column of that name. Where the first row names columns, they are taken by name. Limit phrases
// ("25.0 ± 0.5 g") are read by the server first. What could not be taken over is marked at its cell, with its text.
import { isPhrase, understood } from "./limit_phrases.js";
import { Pasting } from "./pasting.js";
import { COLUMNS } from "./step_cells.js";

const HEADINGS = {
  step: "id", "step id": "id", id: "id", no: "id", "no.": "id", title: "title", "step title": "title", description: "title", activity: "title",
  "unit procedure": "unit", section: "unit", phase: "unit", unit: "uom", uom: "uom", units: "uom", low: "norLow", high: "norHigh",
  limits: "target", range: "target", "acceptance criteria": "target", "set point": "target", verification: "verification",
  "signed by": "verification", equipment: "equipment", material: "materials", "hold time": "hold", rationale: "rationale",
  "limit action": "limitAction", action: "limitAction",
};
for (const column of COLUMNS) HEADINGS[column.label.toLowerCase()] ??= column.key;
const GROUP_ROW = /^(UP\w*|unit procedure|section|phase|stage|part)\b/i;
const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));

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
function fromText(text) {
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
