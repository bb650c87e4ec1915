// What stands in the rows of the step table, and where a finding belongs.
import { groupCells } from "./group_cells.js";
import { COLUMNS } from "./step_cells.js";

const PLACES = new Map(COLUMNS.map((column, place) => [column.key, place]));

// The cells of a row, left to right: [{key, label, span, read, write, options, ...}] over the visible columns. Cells
// without `write` only show; a cell without `read` is empty ground.
export function cellsOf(row, columns, model) {
  if (row.kind === "step") {
    const isEmpty = (column) => row.index > 0 && column.of === "step";
    return columns.map((column) => ({ ...(isEmpty(column) ? { key: column.key, label: column.label } : column), span: 1 }));
  }
  if (row.kind === "new") {
    return columns.map((column) => ({ ...column, span: 1, read: () => "", write: column.key === "hold" ? undefined : column.write }));
  }
  const { head, wide } = groupCells(row, model);
  return spread(head, wide, columns);
}

// Lays wide cells over the columns they reach from and to; the rest of the row is one empty cell between them.
function spread(head, wide, columns) {
  const cells = [];
  let rest;
  for (let i = 0; i < columns.length; i += 1) {
    const { key } = columns[i];
    const place = PLACES.get(key);
    const starts = wide.find((cell) => PLACES.get(cell.from) <= place && place <= PLACES.get(cell.to));
    if (head[key]) cells.push({ ...head[key], span: 1 });
    else if (starts && cells.at(-1)?.key === starts.key) cells.at(-1).span += 1;
    else if (starts) cells.push({ ...starts, column: key, span: 1 });
    else if (rest && cells.at(-1) === rest) rest.span += 1;
    else cells.push((rest = { key: `rest-${key}`, column: key, label: "", span: 1 }));
  }
  return cells;
}

const WIDE_CELL = {
  loopCondition: "again", loopMaximum: "maximum", loopCardinality: "times", condition: "condition", due: "due", script: "script",
  action: "service", calledElement: "called", reference: "message",
};

// The cell in which a finding about a property is shown.
export function columnFor(property, parameter) {
  if (parameter && property === "id") return "parameter";
  const found = COLUMNS.find((column) => column.property === property && (column.of === "parameter") === Boolean(parameter));
  return found?.key ?? WIDE_CELL[property] ?? (parameter ? "name" : "id");
}
