// The cells of rows that are no steps: what a group, a branch, a timer or another node is called, and what it says in
// wide cells, each over the columns `from` one `to` another.
import { BRANCH_KINDS, CellError, chosen, kindLabel } from "./cell_words.js";
import { stepsIn } from "./outline.js";
import { shape } from "./step_cells.js";

const ALL_LIMITS = { from: "name", to: "parHigh" };
const DUE = {
  ...ALL_LIMITS, key: "due", label: "Due", prefix: "due", hint: "An instant: S16.end + hours(3)", property: "due",
  read: (row, model) => model.timer(row.element)?.get("due") ?? "",
  write: (row, text, model) => model.setTimer(shape(row, model), { due: text.trim() }),
};
const DUE_WORKING = { ...DUE, prefix: "due, counting working days" };
const CONDITION = {
  ...ALL_LIMITS, key: "condition", label: "Condition", prefix: "if", hint: "A condition on what was recorded: S17.turbidity > 5 and S18.clear", property: "condition",
  read: (row) => row.element.conditionExpression?.body ?? "",
  write: (row, text, model) => model.setFlow(shape(row, model), { condition: text.trim() }),
};
const definition = (row) => row.element.eventDefinitions?.[0];

const WIDE = {
  loop: [
    {
      key: "again", label: "Repeat while", prefix: "repeat while", hint: "A condition on what was recorded: S07.acidity > 7.4", property: "loopCondition", from: "name", to: "target",
      read: (row, model) => model.loop(row.element).again,
      write: (row, text, model) => model.setLoop(shape(row, model), { again: text.trim() }),
    },
    {
      key: "maximum", label: "At most", prefix: "at most", property: "loopMaximum", from: "norLow", to: "norHigh",
      read: (row, model) => String(model.loop(row.element).maximum ?? ""),
      write: (row, text, model) => model.setLoop(shape(row, model), { maximum: wholeNumber(text) }),
    },
    {
      key: "counted", label: "Iterations are called", prefix: "called", property: "label", from: "parLow", to: "parHigh",
      read: (row, model) => loopNames(model.loop(row.element)),
      write: writeLoopNames,
    },
  ],
  counted: [
    {
      ...ALL_LIMITS, key: "times", label: "How often", prefix: "as often as", property: "loopCardinality",
      read: (row, model) => model.loop(row.element).times,
      write: (row, text, model) => model.setLoop(shape(row, model), { times: text.trim() }),
    },
  ],
  message: [
    {
      ...ALL_LIMITS, key: "message", label: "Message", prefix: "waits for", property: "reference",
      read: (row) => definition(row)?.messageRef?.name ?? "",
      write: (row, text, model) => model.setMessage(shape(row, model), text.trim()),
    },
  ],
  script: [
    {
      ...ALL_LIMITS, key: "script", label: "Script", prefix: "sets", property: "script",
      read: (row) => row.element.script ?? "",
      write: (row, text, model) => model.setScript(shape(row, model), text.trim()),
    },
  ],
  service: [
    {
      ...ALL_LIMITS, key: "service", label: "Service", prefix: "does", property: "action",
      read: (row, model) => [model.service(row.element)?.action, model.service(row.element)?.value].filter(Boolean).join(" "),
      write: (row, text, model) => {
        const [, action, value] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(text);
        model.setService(shape(row, model), { action, value });
      },
    },
  ],
  call: [
    {
      ...ALL_LIMITS, key: "called", label: "Called process", prefix: "runs", property: "calledElement",
      read: (row) => row.element.calledElement ?? "",
      write: (row, text, model) => model.setCalled(shape(row, model), text.trim()),
    },
  ],
};

function wideCells(row, model) {
  if (row.kind === "branch") return isDecided(row) ? [CONDITION] : [];
  if (row.kind === "timer" || (row.kind === "attached" && definition(row)?.$type === "bpmn:TimerEventDefinition")) {
    return [model.timer(row.element)?.get("working") ? DUE_WORKING : DUE];
  }
  if (row.kind === "loop" && model.loop(row.element).times) return WIDE.counted;
  return WIDE[row.kind] ?? [];
}

const isDecided = (row) => row.block.gateway.$type === "bpmn:ExclusiveGateway" && row.block.gateway.default !== row.element;

function wholeNumber(text) {
  if (!/^\s*\d{1,4}\s*$/.test(text)) throw new CellError("Write how often at most: a whole number from 1 to 1000.");
  return text.trim();
}

// "D3": the first iteration is D3, the next D4.
const loopNames = (loop) => (loop?.label ? `${loop.label}${loop.first}` : "");

function writeLoopNames(row, text, model) {
  const [, label, first] = /^\s*(.*?)\s*(\d*)\s*$/.exec(text);
  model.setLoop(shape(row, model), { label, first: first === "" ? 1 : Number(first) });
}

// A unit procedure's name stands at its steps too.
function rename(row, text, model) {
  const before = row.element.name ?? "";
  model.setName(shape(row, model), text.trim());
  if (row.kind !== "unit_procedure") return;
  for (const inside of stepsIn(row.block)) {
    const named = model.step(inside)?.get("unitProcedure") ?? "";
    if (!named || named === before) model.setStep(model.get(inside.id), { unitProcedure: text.trim() });
  }
}

function idCell(row) {
  const cell = { key: "id", label: "Step", property: "id" };
  if (row.kind === "operation" || row.kind === "branch") return cell;
  return { ...cell, read: () => row.element.id, write: (_, text, model) => model.setId(shape(row, model), text.trim()) };
}

function titleCell(row) {
  if (row.kind !== "operation") return { key: "title", label: "Title", property: "name", read: (of) => of.element.name ?? "", write: rename };
  return {
    key: "title", label: "Operation", read: (of) => of.block.name,
    write: (of, text, model) => of.block.body.forEach((block) => model.setStep(model.get(block.id), { operation: text.trim() })),
  };
}

function kindCell(row) {
  const cell = { key: "kind", label: "Kind", read: (of) => (of.block.free ? `${kindLabel(of.kind)}, drawn freely` : kindLabel(of.kind)) };
  if (row.kind !== "branch") return cell;
  if (row.block.gateway.$type !== "bpmn:ExclusiveGateway") return { ...cell, read: (of) => `branch ${of.at + 1}` };
  return {
    ...cell, options: BRANCH_KINDS, strict: true,
    read: (of) => (isDecided(of) ? "branch" : "otherwise"),
    write: (of, text, model) => model.setFlow(shape(of, model), { isDefault: chosen(BRANCH_KINDS, text, true, "kind of branch") === "default" }),
  };
}

// The cells at the left of such a row by column, and its wide ones.
export function groupCells(row, model) {
  return { head: { id: idCell(row), title: titleCell(row), kind: kindCell(row) }, wide: wideCells(row, model) };
}
