// The columns of the step table: how each cell of a step or a parameter reads from the model as text, and what a typed text
// means to it. `write` throws a CellError that says what would be understood. Nothing here touches the page.
import { ACTIONS, CLASSES, CellError, GROUP_KINDS, SOURCES, STEP_KINDS, TYPES, chosen, labelOf } from "./cell_words.js";
import { holdTimesText, writeHoldTimes } from "./hold_cells.js";

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

export const shape = (row, model) => model.get(row.element.id);

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

// A yes/no is kept as true or false.
const spoken = (text, parameter) => (parameter?.get("type") === "bool" ? { true: "yes", false: "no" }[text] ?? text : text);
const meant = (text, parameter) => (parameter?.get("type") === "bool" ? { yes: "true", no: "false" }[text.toLowerCase()] ?? text : figures(text));

const target = ofParameter("target", {
  figure: true,
  phrases: true,
  read: (row, model) => spoken(parameterOf(row, model)?.get("target") ?? "", parameterOf(row, model)),
  write: (row, text, model) => setParameter(row, model, { target: meant(text.trim(), parameterOf(row, model)) }),
});

function limit(property) {
  const low = property.endsWith("Low");
  return ofParameter(property, {
    figure: true,
    phrases: true,
    read: (row, model) => {
      const parameter = parameterOf(row, model);
      const text = parameter?.get(property) ?? "";
      if (text && words(parameter.get("exclusive")).includes(ATTRIBUTE[property])) return `${low ? ">" : "<"} ${text}`;
      return spoken(text, parameter);
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
    const value = meant(rest, parameter);
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
  { key: "target", label: "Target", width: 80, ...target },
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
