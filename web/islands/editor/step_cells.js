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
const meant = (text, parameter) => (
  parameter?.get("type") === "bool" ? { yes: "true", no: "false" }[text.toLowerCase()] ?? text : figures(text)
);

const TARGET = ofParameter("target", {
  hint: "A number, or all limits at once: 25.0 ± 0.5 g, 7.2 to 7.5, NMT 10 °C",
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

// A list in a cell is only written where the cell can say all that the list says: a name may hold a separator itself.
function unambiguous(list, text, read) {
  const isUsual = (name, value) => !value || (name === "minimum" && value === 1) || (name === "scope" && value === "step");
  const plain = (entry) => Object.entries(entry).filter(([name, value]) => name[0] !== "$" && !isUsual(name, value)).sort().join();
  const again = read(text(list));
  const isSame = again.length === list.length && list.every((entry, place) => plain(entry) === plain(again[place]));
  if (!isSame) throw new CellError("Something in this list has ; or : in its name, or more to it than fits here. Change it in the properties.");
}

function readChoices(text) {
  return listed(text).map((entry) => {
    const [, value, label, departs] = /^([^:=!]+?)\s*(?:[:=]\s*([^!]*?))?\s*(!)?$/.exec(entry) ?? [, entry];
    return { value, ...(label ? { label } : {}), ...(departs ? { departs: true } : {}) };
  });
}

const choicesText = (choices) => choices
  .map((one) => one.value + (one.label ? `: ${one.label}` : "") + (one.departs ? " !" : "")).join("; ");

function writeChoices(row, text, model) {
  unambiguous(parameterOf(row, model)?.get("choices") ?? [], choicesText, readChoices);
  const choices = readChoices(text);
  setParameter(row, model, { choices, ...(choices.length ? { type: "choice" } : {}) });
}

function slotOf(code, kind) {
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
const SCAN_KINDS = { i: "identity", m: "material", l: "material", e: "equipment" };

const scansText = (scans) => scans.map(({ kind, scope, minimum, omit }) => [
  scope === "recipe" ? "all" : "", kind, minimum > 1 ? minimum : "", omit ? `but ${omit.replace(/\s*;\s*/g, ", ")}` : "",
].filter(Boolean).join(" ")).join("; ");

function readScans(text) {
  return listed(text).map((entry) => {
    const [, all, kind, minimum, omit] = SCAN.exec(entry) ?? [];
    if (!kind) throw new CellError(`“${entry}” is no scan. Write identity 2, material, equipment, or all material but water.`);
    return {
      kind: SCAN_KINDS[kind[0].toLowerCase()], ...(minimum ? { minimum: Number(minimum) } : {}), ...(all ? { scope: "recipe" } : {}),
      ...(omit ? { omit: omit.split(",").map((name) => name.trim()).join("; ") } : {}),
    };
  });
}

function writeScans(row, text, model) {
  unambiguous(model.step(row.element)?.get("scans") ?? [], scansText, readScans);
  model.setStep(shape(row, model), { scans: readScans(text) });
}

const nameList = (property, attribute) => ofStep(property, {
  read: (row, model) => (model.step(row.element)?.get(property) ?? []).map((entry) => entry.get(attribute)).join("; "),
  write: (row, text, model) => {
    const names = (model.step(row.element)?.get(property) ?? []).map((entry) => ({ name: entry.get(attribute) }));
    unambiguous(names, (list) => list.map(({ name }) => name).join("; "), (said) => listed(said).map((name) => ({ name })));
    model.setStep(shape(row, model), { [property]: listed(text) });
  },
  suggests: (model) => model.steps().flatMap((element) => model.step(element).get(property).map((entry) => entry.get(attribute))),
  several: true,
});

const ID = ofStep("id", { write: (row, text, model) => model.setId(shape(row, model), text.trim()), read: (row) => row.element.id });
const KIND = ofStep("kind", {
  options: [...STEP_KINDS, ...GROUP_KINDS],
  strict: true,
  read: (row, model) => labelOf(STEP_KINDS, model.step(row.element)?.get("kind") ?? "manufacture"),
  write: writeKind,
});
const UNIT = ofParameter("uom", {
  suggests: (model) => model.steps().flatMap((element) => model.parameters(element).map((one) => one.uom)),
});
// Whoever writes a formula means a calculated value.
const FORMULA = ofParameter("formula", {
  hint: "An expression: (gross_g - tare_g) / 1.05, S04.volume, hours(end - start)",
  write: (row, text, model) => setParameter(row, model, { formula: text.trim(), ...(text.trim() ? { source: "calc" } : {}) }),
});
const VERIFICATION = ofStep("signatures", {
  hint: "P performed, W witnessed, V verified, Q quality, joined by +: P+W",
  read: (row, model) => (model.step(row.element)?.get("signatures") ?? []).map((slot) => slot.code).join("+"),
  write: writeVerification,
});
const HOLD = ofStep("holdTimes", {
  hint: "NOR/PAR, unit and where from: 60/120 min from S10.end; at least: min 18/16 h from S16.end to end",
  read: (row, model) => holdTimesText(row.element.id, model),
  write: (row, text, model) => writeHoldTimes(shape(row, model), text, model, CellError),
});
const SCANS = ofStep("scans", {
  hint: "identity 2; material; equipment; of the whole recipe: all material but water",
  read: (row, model) => scansText(model.step(row.element)?.get("scans") ?? []),
  write: writeScans,
});
const CHOICES = ofParameter("choices", {
  hint: "good; cloudy: Cloudy, but usable; leaking ! (a choice with ! needs a reason)",
  read: (row, model) => choicesText(parameterOf(row, model)?.get("choices") ?? []),
  write: writeChoices,
});
const WHEN = ofParameter("when", { hint: "A condition: the parameter is asked for only where it holds, S24.vol < 1000" });

const column = (key, label, width, cell, more = {}) => ({ key, label, width, ...cell, ...more });
const LONG = { long: true }; // shown in two lines, unless it is focused
const HIDDEN = { hidden: true }; // until somebody wants to see it

export const COLUMNS = [
  column("id", "Step", 96, ID),
  column("title", "Title", 230, ofStep("title")),
  column("kind", "Kind", 124, KIND),
  column("name", "Parameter", 180, ofParameter("name")),
  column("type", "Type", 72, offered("type", TYPES, true, "type")),
  column("uom", "Unit", 68, UNIT),
  column("target", "Target", 80, TARGET),
  column("norLow", "NOR low", 76, limit("norLow")),
  column("norHigh", "NOR high", 76, limit("norHigh")),
  column("parLow", "PAR low", 76, limit("parLow")),
  column("parHigh", "PAR high", 76, limit("parHigh")),
  column("class", "Class", 72, offered("class", CLASSES, false, "class")),
  column("limitAction", "Outside", 76, offered("limitAction", ACTIONS, true, "limit action")),
  column("source", "Source", 76, offered("source", SOURCES, true, "source")),
  column("formula", "Formula", 150, FORMULA, LONG),
  column("verification", "Signed by", 92, VERIFICATION),
  column("hold", "Hold time", 190, HOLD, LONG),
  column("equipment", "Equipment class", 150, nameList("equipment", "class"), LONG),
  column("materials", "Materials", 150, nameList("materials", "name"), LONG),
  column("scans", "Scans", 110, SCANS),
  column("instruction", "Instruction", 280, ofStep("instruction"), LONG),
  column("why", "Why", 220, ofParameter("why"), LONG),
  column("rationale", "Rationale of the step", 220, ofStep("rationale"), LONG),
  column("choices", "Choices", 150, CHOICES, LONG),
  column("parameter", "Parameter id", 110, ofParameter("id"), HIDDEN),
  column("when", "Only when", 140, WHEN, HIDDEN),
  column("operation", "Operation", 120, ofStep("operation"), HIDDEN),
  column("day", "Day", 60, ofStep("day"), HIDDEN),
];
