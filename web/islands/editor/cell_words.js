// The words of the step table: what may be chosen in a cell, and how it is said.

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
  option("change_approval", "approval of a change"),
  option("open_batches", "running batches"),
];
export const GROUP_KINDS = [
  option("unit_procedure", "unit procedure", "up"),
  option("loop", "loop", "repeat"),
  option("parallel", "parallel", "and"),
  option("choice", "choice", "xor", "decision"),
  option("timer", "timer", "wait"),
  option("message", "message"),
  option("rule", "decision table", "dmn"),
  option("end", "stop", "terminate"),
];
export const BRANCH_KINDS = [option("branch", "branch"), option("default", "otherwise", "default")];
export const TYPES = [
  option("num", "number", "numeric", "decimal"),
  option("int", "whole", "whole number", "integer", "count"),
  option("bool", "yes/no", "boolean", "y/n"),
  option("choice", "choice", "list", "pick list"),
  option("text", "text", "string"),
  option("date_time", "time", "date", "date and time", "datetime", "timestamp"),
];
const plain = (...values) => values.map((value) => option(value, value));
export const ACTIONS = plain("none", "flag", "block", "stop");
export const SOURCES = [...plain("manual", "device"), option("calc", "calc", "calculated"), option("scan", "scan", "barcode"), option("master", "master")];
export const CLASSES = plain("CPP", "CQA", "CQA-IPC", "KPP", "IPC", "ID", "safety");
const OTHER_LABELS = {
  operation: "operation", branch: "branch", start: "start", script: "script", service: "service",
  call: "called process", event: "event", gateway: "gateway", stop: "stop", end: "end",
  attached: "event at it", other: "other",
};

// What was typed, as the value of one of the options: its value, its label, another word for it, or how its label begins.
export function chosen(options, text, strict, what) {
  const said = text.trim().toLowerCase();
  const all = ({ value, label, others }) => [value, label, ...others].map((word) => word.toLowerCase());
  const found = options.find((one) => all(one).includes(said)) ?? (strict && said ? options.find((one) => all(one)[1].startsWith(said)) : undefined);
  if (!found && strict) throw new CellError(`“${text}” is no ${what}. Write one of: ${options.map((one) => one.label).join(", ")}.`);
  return found?.value ?? text.trim();
}

export const labelOf = (options, value) => options.find((one) => one.value === value)?.label ?? value ?? "";

export const kindLabel = (kind) => OTHER_LABELS[kind] ?? labelOf(GROUP_KINDS, kind);
