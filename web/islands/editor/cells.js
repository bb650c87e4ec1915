// The columns of the step table: how each cell reads from the model as text, and what a typed text means to it.
// `write` answers nothing, or throws a CellError that says what would be understood. Nothing here touches the page.
import { holdTimesText, writeHoldTimes } from "./hold_cells.js";
import { stepsIn } from "./outline.js";

export class CellError extends Error {}

const option = (value, label, ...others) => ({ value, label, others });

export const STEP_KINDS = [
  option("manufacture", "step", "make"),
  option("departure", "departure"),
  option("production_review", "production review"),
  option("qc_results", "QC results", "qc"),
  option("qa_review", "QA review", "qa"),
  option("disposition", "disposition"),
  option("shipment", "shipment", "shipping"),
];
export const GROUP_KINDS = [
  option("unit_procedure", "unit procedure", "up"),
  option("loop", "loop", "repeat"),
  option("parallel", "parallel", "and"),
  option("choice", "choice", "xor", "decision"),
  option("timer", "timer", "wait"),
  option("end", "stop", "terminate"),
];
const BRANCH_KINDS = [option("branch", "branch"), option("default", "otherwise", "default")];
const TYPES = [
  option("num", "number", "numeric", "decimal"),
  option("int", "whole", "whole number", "integer", "count"),
  option("bool", "yes/no", "boolean", "y/n"),
  option("choice", "choice", "list", "pick list"),
  option("text", "text", "string"),
  option("date_time", "time", "date", "date and time", "datetime", "timestamp"),
];
const plain = (...values) => values.map((value) => option(value, value));
const ACTIONS = plain("none", "flag", "block", "stop");
const SOURCES = [...plain("manual", "device"), option("calc", "calc", "calculated"), option("scan", "scan", "barcode"), option("master", "master")];
const CLASSES = plain("CPP", "CQA", "CQA-IPC", "KPP", "IPC", "ID", "safety");
const OTHER_LABELS = {
  operation: "operation", branch: "branch", message: "message", start: "start", script: "script", service: "service",
  rule: "decision table", call: "called process", event: "event", gateway: "gateway", stop: "stop", end: "end",
  attached: "event at it", other: "other",
};

// Who signs a code where the table says only the code; the panel names other roles and meanings.
const SLOTS = {
  P: ["MFG_OP", "performed_by"], W: ["MFG_WIT", "witnessed_by"], V: ["MFG_VER", "verified_by"], Q: ["QA_FLR", "approved_by_qa"],
  "V production_review": ["MFG_SUP", "reviewed_by_production"], "P qc_results": ["QC_ANL", "tested_by"],
  "V qc_results": ["QC_REV", "reviewed_by_qc"], "Q qa_review": ["QA_DISP", "reviewed_by_qa"],
  "Q disposition": ["QA_DISP QP", "released_by certified_by_qp rejected_by"],
};
const USUAL_CODES = { production_review: "V", qc_results: "P+V", qa_review: "Q", disposition: "Q" };

const LIMITS = ["norLow", "norHigh", "parLow", "parHigh"];
const ATTRIBUTE = { norLow: "nor_low", norHigh: "nor_high", parLow: "par_low", parHigh: "par_high" };
const JUDGED_BY_RANGE = new Set(["num", "int", "date_time"]);

// "7,20" is 7.20; everything else is left as it was typed.
const figures = (text) => (/^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text);
const words = (text) => (text ?? "").split(" ").filter(Boolean);
const listed = (text) => text.split(/[;\n]/).map((name) => name.trim()).filter(Boolean);

function chosen(options, text, strict, what) {
  const said = text.trim().toLowerCase();
  const all = ({ value, label, others }) => [value, label, ...others].map((word) => word.toLowerCase());
  const found = options.find((one) => all(one).includes(said)) ?? (strict && said ? options.find((one) => all(one)[1].startsWith(said)) : undefined);
  if (!found && strict) throw new CellError(`“${text}” is no ${what}. Write one of: ${options.map((one) => one.label).join(", ")}.`);
  return found?.value ?? text.trim();
}

const labelOf = (options, value) => options.find((one) => one.value === value)?.label ?? value ?? "";

// ------------------------------------------------------------------ columns of a step and of its parameters

function ofParameter(property, about = {}) {
  return {
    of: "parameter",
    property,
    read: (row, model) => parameterOf(row, model)?.get(property) ?? "",
    write: (row, text, model) => setParameter(row, model, { [property]: text.trim() }),
    ...about,
  };
}

function ofStep(property, about = {}) {
  return {
    of: "step",
    property,
    read: (row, model) => model.step(row.element)?.get(property) ?? "",
    write: (row, text, model) => model.setStep(shape(row, model), { [property]: text.trim() }),
    ...about,
  };
}

const shape = (row, model) => model.get(row.element.id);

export function parameterOf(row, model) {
  return row.kind === "step" ? model.parameters(row.element)[row.index] : undefined;
}

// The first thing that is written about a parameter makes it.
function setParameter(row, model, properties) {
  if (parameterOf(row, model)) return model.setParameter(shape(row, model), row.index, properties);
  return Object.values(properties).some((value) => value !== "") ? model.addParameter(shape(row, model), -1, properties) : undefined;
}

function offered(property, options, strict, what, about = {}) {
  return ofParameter(property, {
    options,
    strict,
    read: (row, model) => labelOf(options, parameterOf(row, model)?.get(property)),
    write: (row, text, model) => setParameter(row, model, { [property]: text.trim() && chosen(options, text, strict, what) }),
    ...about,
  });
}

function limit(property) {
  const low = property.endsWith("Low");
  return ofParameter(property, {
    figure: true,
    phrases: true,
    read: (row, model) => {
      const parameter = parameterOf(row, model);
      const text = parameter?.get(property) ?? "";
      if (text && words(parameter.get("exclusive")).includes(ATTRIBUTE[property])) return `${low ? ">" : "<"} ${text}`;
      return parameter?.get("type") === "bool" ? ({ true: "yes", false: "no" }[text] ?? text) : text;
    },
    write: (row, text, model) => setParameter(row, model, limitProperties(property, text, parameterOf(row, model))),
  });
}

// "> 3.5" in a low limit excludes 3.5 itself. What is expected of a yes/no, a choice or a text is both ends of its range.
function limitProperties(property, text, parameter) {
  const low = property.endsWith("Low");
  const [, sign, rest] = /^\s*(<=?|>=?|≤|≥)?\s*([^]*?)\s*$/.exec(text);
  if (sign && sign[0] !== (low ? ">" : "<") && sign !== (low ? "≥" : "≤")) {
    throw new CellError(`A ${low ? "low" : "high"} limit is written ${low ? "> or ≥" : "< or ≤"}, or without a sign.`);
  }
  if (parameter && !JUDGED_BY_RANGE.has(parameter.get("type"))) {
    const value = parameter.get("type") === "bool" ? ({ yes: "true", no: "false" }[rest.toLowerCase()] ?? rest) : rest;
    return Object.fromEntries(LIMITS.filter((name) => name.slice(0, 3) === property.slice(0, 3)).map((name) => [name, value]));
  }
  const others = words(parameter?.get("exclusive")).filter((word) => word !== ATTRIBUTE[property]);
  const exclusive = rest && (sign === "<" || sign === ">") ? [...others, ATTRIBUTE[property]] : others;
  return { [property]: figures(rest), exclusive: exclusive.join(" ") };
}

function writeChoices(row, text, model) {
  const choices = listed(text).map((entry) => {
    const [, value, label, departs] = /^([^:=!]+?)\s*(?:[:=]\s*([^!]*?))?\s*(!)?$/.exec(entry) ?? [, entry];
    return { value, ...(label ? { label } : {}), ...(departs ? { departs: true } : {}) };
  });
  setParameter(row, model, { choices, ...(choices.length ? { type: "choice" } : {}) });
}

const choicesText = (parameter) => (parameter?.get("choices") ?? [])
  .map((one) => one.value + (one.label && one.label !== one.value ? `: ${one.label}` : "") + (one.departs ? " !" : "")).join("; ");

export function slotOf(code, kind) {
  const [roles, meanings] = SLOTS[`${code} ${kind}`] ?? SLOTS[code];
  return { code, roles, meanings };
}

function writeVerification(row, text, model) {
  const codes = text.toUpperCase().split(/[^A-Z]+/).flatMap((part) => [...part]);
  const wrong = codes.find((code) => !SLOTS[code]);
  if (wrong) throw new CellError(`“${wrong}” signs nothing. Join P (performed), W (witnessed), V (verified), Q (quality) with +.`);
  const step = model.step(row.element);
  const left = [...(step?.get("signatures") ?? [])];
  const ordered = [...codes].sort((a, b) => "PWVQ".indexOf(a) - "PWVQ".indexOf(b));
  const signatures = ordered.map((code) => {
    const kept = left.findIndex((slot) => slot.code === code);
    return kept < 0 ? slotOf(code, step?.get("kind")) : left.splice(kept, 1)[0];
  });
  model.setSignatures(shape(row, model), signatures);
}

function writeKind(row, text, model) {
  const kind = chosen([...STEP_KINDS, ...GROUP_KINDS], text, true, "kind of row");
  if (GROUP_KINDS.some((one) => one.value === kind)) return { becomes: kind };
  const element = shape(row, model);
  const before = model.step(row.element)?.get("kind");
  model.setStep(element, { kind });
  // The usual signatures of one kind become those of the other; what somebody chose otherwise stays.
  const codes = (of) => (USUAL_CODES[of] ?? "P").split("+");
  const held = (model.step(row.element).get("signatures") ?? []).map(({ code, roles, meanings }) => [code, roles, meanings].join());
  const usual = codes(before).map((code) => Object.values(slotOf(code, before)).join());
  if (held.join("|") === usual.join("|")) model.setSignatures(element, codes(kind).map((code) => slotOf(code, kind)));
  return undefined;
}

// "identity 2; material; all equipment but pump": what is scanned at the step, at least how many identifiers, of the step or
// of the whole recipe, and what is left out of it.
const SCAN = /^(all\s+)?(identity|identifiers?|materials?|equipment|lots?)(?:\s+(\d+))?(?:\s+but\s+(.+))?$/i;
const SCAN_KINDS = { identity: "identity", identifier: "identity", identifiers: "identity", material: "material", materials: "material", lot: "material", lots: "material", equipment: "equipment" };

const scansText = (step) => (step?.get("scans") ?? []).map((scan) => [
  scan.scope === "recipe" ? "all" : "", scan.kind, scan.minimum > 1 ? scan.minimum : "", scan.omit ? `but ${scan.omit.replace(/\s*;\s*/g, ", ")}` : "",
].filter(Boolean).join(" ")).join("; ");

function writeScans(row, text, model) {
  const scans = listed(text).map((entry) => {
    const [, all, kind, minimum, omit] = SCAN.exec(entry) ?? [];
    if (!kind) throw new CellError(`“${entry}” is no scan. Write identity 2, material, equipment, or all material but water.`);
    return {
      kind: SCAN_KINDS[kind.toLowerCase()], ...(minimum ? { minimum: Number(minimum) } : {}), ...(all ? { scope: "recipe" } : {}),
      ...(omit ? { omit: omit.split(",").map((name) => name.trim()).join("; ") } : {}),
    };
  });
  model.setStep(shape(row, model), { scans });
}

const nameList = (property, attribute) => ofStep(property, {
  read: (row, model) => (model.step(row.element)?.get(property) ?? []).map((entry) => entry.get(attribute)).join("; "),
  write: (row, text, model) => model.setStep(shape(row, model), { [property]: listed(text) }),
  suggests: (model) => model.steps().flatMap((element) => model.step(element).get(property).map((entry) => entry.get(attribute))),
  several: true,
});

export const COLUMNS = [
  { key: "id", label: "Step", width: 96, ...ofStep("id", { read: (row) => row.element?.id ?? "", write: (row, text, model) => model.setId(shape(row, model), text.trim()) }) },
  { key: "title", label: "Title", width: 230, ...ofStep("title") },
  { key: "kind", label: "Kind", width: 124, ...ofStep("kind", {
    options: [...STEP_KINDS, ...GROUP_KINDS], strict: true, read: (row, model) => labelOf(STEP_KINDS, model.step(row.element)?.get("kind") ?? "manufacture"), write: writeKind,
  }) },
  { key: "name", label: "Parameter", width: 180, ...ofParameter("name") },
  { key: "type", label: "Type", width: 72, ...offered("type", TYPES, true, "type") },
  { key: "uom", label: "Unit", width: 68, ...ofParameter("uom", { suggests: (model) => model.steps().flatMap((element) => model.parameters(element).map((one) => one.uom)) }) },
  { key: "target", label: "Target", width: 80, ...ofParameter("target", { figure: true, phrases: true, write: (row, text, model) => setParameter(row, model, { target: figures(text.trim()) }) }) },
  { key: "norLow", label: "NOR low", width: 76, ...limit("norLow") },
  { key: "norHigh", label: "NOR high", width: 76, ...limit("norHigh") },
  { key: "parLow", label: "PAR low", width: 76, ...limit("parLow") },
  { key: "parHigh", label: "PAR high", width: 76, ...limit("parHigh") },
  { key: "class", label: "Class", width: 72, ...offered("class", CLASSES, false, "class") },
  { key: "limitAction", label: "Outside", width: 76, ...offered("limitAction", ACTIONS, true, "limit action", { about: "what happens outside the limits" }) },
  { key: "source", label: "Source", width: 76, ...offered("source", SOURCES, true, "source") },
  { key: "formula", label: "Formula", width: 150, long: true, ...ofParameter("formula", { write: (row, text, model) => setParameter(row, model, { formula: text.trim(), ...(text.trim() ? { source: "calc" } : {}) }) }) },
  { key: "verification", label: "Signed by", width: 92, ...ofStep("signatures", { read: (row, model) => (model.step(row.element)?.get("signatures") ?? []).map((slot) => slot.code).join("+"), write: writeVerification }) },
  { key: "hold", label: "Hold time", width: 190, long: true, ...ofStep("holdTimes", { read: (row, model) => holdTimesText(row.element.id, model), write: (row, text, model) => writeHoldTimes(shape(row, model), text, model, CellError) }) },
  { key: "equipment", label: "Equipment class", width: 150, long: true, ...nameList("equipment", "class") },
  { key: "materials", label: "Materials", width: 150, long: true, ...nameList("materials", "name") },
  { key: "scans", label: "Scans", width: 110, ...ofStep("scans", { read: (row, model) => scansText(model.step(row.element)), write: writeScans }) },
  { key: "instruction", label: "Instruction", width: 280, ...ofStep("instruction"), long: true },
  { key: "why", label: "Why", width: 220, ...ofParameter("why"), long: true },
  { key: "rationale", label: "Rationale of the step", width: 220, ...ofStep("rationale"), long: true },
  { key: "choices", label: "Choices", width: 150, long: true, ...ofParameter("choices", { read: (row, model) => choicesText(parameterOf(row, model)), write: writeChoices }) },
  { key: "parameter", label: "Parameter id", width: 110, ...ofParameter("id"), hidden: true },
  { key: "when", label: "Only when", width: 140, ...ofParameter("when"), hidden: true },
  { key: "operation", label: "Operation", width: 120, ...ofStep("operation"), hidden: true },
  { key: "day", label: "Day", width: 60, ...ofStep("day"), hidden: true },
];
const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));

// ------------------------------------------------------------------ rows that are no steps

const title = (row, model) => row.element?.name ?? "";
const setTitle = (row, text, model) => model.setName(shape(row, model), text.trim());
const setFlow = (properties) => (row, text, model) => model.setFlow(shape(row, model), properties(text));

function renameUnit(row, text, model) {
  const before = row.element.name ?? "";
  model.setName(shape(row, model), text.trim());
  for (const inside of stepsIn(row.block)) {
    const named = model.step(inside)?.get("unitProcedure") ?? "";
    if (!named || named === before) model.setStep(model.get(inside.id), { unitProcedure: text.trim() });
  }
}

const OPERATION = {
  read: (row) => row.block.name,
  write: (row, text, model) => row.block.body.forEach((block) => model.setStep(model.get(block.id), { operation: text.trim() })),
};
const CONDITION = { label: "Condition", prefix: "if", property: "condition", from: "name", to: "parHigh", read: (row) => row.element.conditionExpression?.body ?? "", write: setFlow((text) => ({ condition: text.trim() })) };
const WIDE = {
  loop: [
    { key: "again", label: "Repeat while", prefix: "repeat while", property: "loopCondition", from: "name", to: "target", read: (row, model) => model.loop(row.element)?.again ?? "", write: (row, text, model) => model.setLoop(shape(row, model), { again: text.trim() }) },
    { key: "maximum", label: "At most", prefix: "at most", property: "loopMaximum", from: "norLow", to: "norHigh", read: (row, model) => String(model.loop(row.element)?.maximum ?? ""), write: (row, text, model) => model.setLoop(shape(row, model), { maximum: wholeNumber(text) }) },
    { key: "counted", label: "Iterations are called", prefix: "called", property: "label", from: "parLow", to: "parHigh", read: (row, model) => loopNames(model.loop(row.element)), write: writeLoopNames },
  ],
  timer: [{ key: "due", label: "Due", prefix: "due", property: "due", from: "name", to: "parHigh", read: (row, model) => model.timer(row.element)?.get("due") ?? "", write: (row, text, model) => model.setTimer(shape(row, model), { due: text.trim() }) }],
  attached: [{ key: "due", label: "Due", prefix: "due", property: "due", from: "name", to: "parHigh", read: (row, model) => model.timer(row.element)?.get("due") ?? "", write: (row, text, model) => model.setTimer(shape(row, model), { due: text.trim() }), only: (row) => row.element.eventDefinitions?.[0]?.$type === "bpmn:TimerEventDefinition" }],
  script: [{ key: "script", label: "Script", prefix: "sets", property: "script", from: "name", to: "parHigh", read: (row) => row.element.script ?? "", write: (row, text, model) => model.setScript(shape(row, model), text.trim()) }],
  service: [{ key: "service", label: "Service", prefix: "does", property: "action", from: "name", to: "parHigh", read: (row, model) => [model.service(row.element)?.action, model.service(row.element)?.value].filter(Boolean).join(" "), write: (row, text, model) => { const [, action, value] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(text); model.setService(shape(row, model), { action, value }); } }],
  choiceBranch: [{ key: "condition", ...CONDITION }],
};

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

function branchKind(row, model) {
  if (row.block.gateway.$type !== "bpmn:ExclusiveGateway") return { key: "kind", label: "Kind", read: (row) => `branch ${row.at + 1}` };
  const isDefault = () => row.block.gateway.default === row.element;
  return {
    key: "kind", label: "Kind", options: BRANCH_KINDS, strict: true,
    read: () => (isDefault() ? "otherwise" : "branch"),
    write: (_, text) => model.setFlow(shape(row, model), { isDefault: chosen(BRANCH_KINDS, text, true, "kind of branch") === "default" }),
  };
}

// ------------------------------------------------------------------ what stands in a row

// The cells of a row, left to right: [{key, label, span, read, write, options, ...}] over the visible columns. Cells
// without `write` only show; a cell without `read` is empty ground.
export function cellsOf(row, columns, model) {
  if (row.kind === "step") {
    return columns.map((column) => (row.index > 0 && column.of === "step" ? { key: column.key, label: column.label, span: 1 } : { ...column, span: 1 }));
  }
  if (row.kind === "new") return columns.map((column) => ({ ...column, span: 1, isNew: true, read: () => "", write: column.key === "hold" ? undefined : column.write }));
  const head = { id: idCell(row), title: titleCell(row), kind: kindCell(row, model) };
  const wide = (row.kind === "branch" ? (row.block.gateway.$type === "bpmn:ExclusiveGateway" && !isOtherwise(row) ? WIDE.choiceBranch : []) : WIDE[row.kind] ?? [])
    .filter((cell) => !cell.only || cell.only(row));
  return spread(head, wide, columns);
}

const isOtherwise = (row) => row.block.gateway.default === row.element;

function idCell(row) {
  const column = BY_KEY.get("id");
  if (row.kind === "operation" || row.kind === "branch") return { key: "id", label: column.label };
  return { key: "id", label: column.label, property: "id", read: column.read, write: column.write };
}

function titleCell(row) {
  if (row.kind === "operation") return { key: "title", label: "Operation", ...OPERATION };
  return { key: "title", label: "Title", property: "name", read: title, write: row.kind === "unit_procedure" || row.kind === "loop" ? renameUnit : setTitle };
}

function kindCell(row, model) {
  if (row.kind === "branch") return branchKind(row, model);
  return { key: "kind", label: "Kind", read: () => (row.block.free ? `${kindLabel(row.kind)}, drawn freely` : kindLabel(row.kind)) };
}

export const kindLabel = (kind) => OTHER_LABELS[kind] ?? labelOf(GROUP_KINDS, kind);

// Lays wide cells over the columns they reach from and to; the rest of the row is one empty cell between them.
function spread(head, wide, columns) {
  const cells = [];
  let rest;
  for (let i = 0; i < columns.length; i += 1) {
    const { key } = columns[i];
    const starts = wide.find((cell) => COLUMNS.indexOf(BY_KEY.get(cell.from)) <= COLUMNS.indexOf(columns[i]) && COLUMNS.indexOf(columns[i]) <= COLUMNS.indexOf(BY_KEY.get(cell.to)));
    if (head[key]) cells.push({ ...head[key], span: 1 });
    else if (starts && cells.at(-1)?.key === starts.key) cells.at(-1).span += 1;
    else if (starts) cells.push({ ...starts, column: key, span: 1 });
    else if (rest && cells.at(-1) === rest) rest.span += 1;
    else cells.push((rest = { key: `rest-${key}`, column: key, label: "", span: 1 }));
  }
  return cells;
}

// The column of the table in which a finding about a property is shown.
export function columnFor(property, parameter) {
  if (parameter && property === "id") return "parameter";
  const found = COLUMNS.find((column) => column.property === property && (column.of === "parameter") === Boolean(parameter));
  return found?.key ?? { loopCondition: "again", loopMaximum: "maximum", condition: "condition", due: "due" }[property] ?? (parameter ? "name" : "id");
}
