// A step in the panel: what is done, what is asked for, who signs, with what.
import descriptor from "../../../bpmn/moddle/mes.json";
import { button, make } from "./dom.js";
import { formPart } from "./step_form.js";

const enumeration = (name) => descriptor.enumerations.find((entry) => entry.name === name).literalValues.map(({ name: value }) => [value, words(value)]);
const words = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");

const TYPES = { num: "Number", int: "Whole number", bool: "Yes or no", choice: "Choice", text: "Text", date_time: "Date and time" };
const SLOTS = [["P", "Performed (P)"], ["W", "Witness (W)"], ["V", "Verification (V)"], ["Q", "Quality (Q)"]];
const USUAL = { P: ["MFG_OP", "performed_by"], W: ["MFG_WIT", "witnessed_by"], V: ["MFG_VER", "verified_by"], Q: ["QA_FLR", "approved_by_qa"] };
const ACTIONS = { block: "Block until decided", stop: "Stop the batch", flag: "Flag for review", none: "Record only" };
const REPORTING = [["", "–"], ["established", "Approval before (established condition)"], ["notify", "Notification"], ["annual", "Annual report"]];
const CLASSES = ["CPP", "CQA", "CQA-IPC", "IPC", "ID", "safety", "KPP", "info"];

// Fields that read and write attributes of one element of ours.
export function attributes(panel, target, write, at) {
  const { fields, disabled } = panel;
  const spec = (property, more) => ({
    read: () => target()?.get(property), write: (value) => write({ [property]: value }), at: { ...at, property }, disabled, ...more,
  });
  return {
    text: (property, label, more = {}) => fields.text(label, spec(property, more)),
    select: (property, label, options, more = {}) => fields.select(label, spec(property, { options, ...more })),
    check: (property, label, more = {}) => fields.check(label, spec(property, more)),
    several: (property, label, options, more = {}) => fields.several(label, spec(property, { options, ...more })),
  };
}

export function idField(panel, element) {
  return panel.fields.text("Id", {
    read: () => element.id, write: (id) => id && panel.model.setId(element, id), at: { property: "id" }, disabled: panel.disabled,
    hint: "Changing it changes every place that names it.",
  });
}

export function stepPart(panel, element) {
  const { model } = panel;
  if (!model.step(element)) {
    return [make("p", {}, "This task is no step of the recipe yet."), !panel.disabled && button("Make it a step", () => model.becomeStep(element, { title: element.businessObject.name ?? "" }))];
  }
  const step = () => model.step(element);
  const own = attributes(panel, step, (values) => model.setStep(element, values), { element: element.id });
  const { roles } = panel.vocabulary;
  return [
    own.text("title", "Title"),
    own.text("instruction", "Instruction", { rows: 4 }),
    own.text("rationale", "Why", { rows: 2 }),
    parametersPart(panel, element),
    signaturesPart(panel, element),
    panel.part("with", "Equipment, materials, scans", [
      namesField(panel, element, "equipment", "class", "Equipment classes, one per line"),
      namesField(panel, element, "materials", "name", "Materials, one per line"),
      listOf(panel, element, "scans", "scan", { kind: "identity" }, scanFields),
    ]),
    panel.part("deviations", `Typical deviations (${step().get("deviations").length})`, listOf(panel, element, "deviations", "deviation", { text: "", severity: "minor" }, deviationFields)),
    panel.part("place", "Place and kind", [
      idField(panel, element), own.select("kind", "Kind", enumeration("StepKind")), own.text("operation", "Operation"), own.text("unitProcedure", "Unit procedure"),
      own.text("day", "Day"), own.several("decisionRoles", "Decides on limits exceeded", roles), ...formPart(panel, element, own),
    ]),
    originsPart(panel, step()),
  ];
}

function namesField(panel, element, list, attribute, label) {
  const { model } = panel;
  return panel.fields.lines(label, {
    read: () => (model.step(element)?.get(list) ?? []).map((entry) => entry.get(attribute)), disabled: panel.disabled,
    write: (names) => model.setStep(element, { [list]: names }), at: { element: element.id, property: list },
  });
}

// ---------------------------------------------------------------- lists of a step
function listOf(panel, element, name, word, fresh, fieldsOf) {
  const { model } = panel;
  const list = () => model.step(element)?.get(name) ?? [];
  const write = (entries) => model.setStep(element, { [name]: entries });
  const entries = list().map((_, index) => {
    const change = (values) => write(list().map((entry, place) => (place === index ? { ...plain(entry), ...values } : entry)));
    const remove = button("Remove", () => write(list().filter((_entry, place) => place !== index)), { class: "button plain", "aria-label": `Remove ${word} ${index + 1}` });
    return make("fieldset", { class: "entry" }, make("legend", {}, `${words(word)} ${index + 1}`),
      fieldsOf(attributes(panel, () => list()[index], change, { element: element.id, parameter: undefined, property: name }), panel), !panel.disabled && remove);
  });
  return [...entries, !panel.disabled && button(`Add ${word}`, () => write([...list(), fresh]))];
}

function plain(entry) {
  return Object.fromEntries(entry.$descriptor.properties.map(({ name }) => [name, entry.get(name)]).filter(([, value]) => value !== undefined));
}

const scanFields = (own) => [
  own.select("kind", "Scan of", enumeration("ScanKind")), own.text("minimum", "At least"),
  own.select("scope", "Of the", enumeration("ScanScope")), own.text("omit", "But for", { hint: "Names, separated by ;" }),
];
const deviationFields = (own) => [own.text("text", "Deviation"), own.select("severity", "Class", enumeration("Severity"))];

function signaturesPart(panel, element) {
  const { model, vocabulary } = panel;
  const signatures = () => model.step(element)?.get("signatures") ?? [];
  const fieldsOf = (own) => [
    own.select("code", "Signature", SLOTS), own.several("roles", "Roles", vocabulary.roles), own.several("meanings", "Meanings", vocabulary.meanings),
    own.text("differs", "Not signed by who signed", { hint: "Steps, separated by blanks" }),
  ];
  const shown = signatures().map((entry) => entry.get("code")).join(" + ") || "none";
  const add = !panel.disabled && SLOTS.map(([code, label]) => button(label, () => {
    const [roles, meanings] = USUAL[code];
    model.setSignatures(element, [...signatures(), { code, roles, meanings }].sort((a, b) => order(a) - order(b)));
  }, { "aria-label": `Add: ${label}` }));
  return panel.part("signatures", `Signatures (${shown})`, [
    ...listOf(panel, element, "signatures", "signature", {}, fieldsOf).slice(0, -1), make("p", { class: "hint" }, "Add"), make("div", { class: "actions" }, add),
  ]);
}

const order = (entry) => "PWVQ".indexOf(entry.code ?? entry.get?.("code"));

// ---------------------------------------------------------------- parameters
function parametersPart(panel, element) {
  const { model } = panel;
  const list = model.parameters(element);
  const entries = list.map((_, index) => parameterPart(panel, element, index));
  const add = !panel.disabled && button("Add parameter", () => {
    const index = model.addParameter(element, -1, { name: "" });
    const part = panel.region.querySelector(`[data-part="parameter-${index}"]`);
    if (part) part.open = true;
    part?.querySelector("input")?.focus();
  });
  return panel.part("parameters", `Parameters (${list.length})`, [...entries, add], true);
}

function parameterPart(panel, element, index) {
  const { model } = panel;
  const parameter = () => model.parameters(element)[index];
  const id = parameter().get("id");
  const own = attributes(panel, parameter, (values) => model.setParameter(element, index, values), { element: element.id, parameter: id });
  const type = parameter().get("type");
  const number = type === "num" || type === "int";
  const limits = number
    ? [["norLow", "Normal from"], ["norHigh", "Normal to"], ["parLow", "Accepted from"], ["parHigh", "Accepted to"]].map(([name, label]) => own.text(name, label))
    : [expectedField(panel, element, index, id)];
  const { length } = model.parameters(element);
  const act = (label, run, disabled = false) => button(label, run, { class: "button plain", disabled, "aria-label": `${label}: ${parameter().get("name") || id}` });
  return panel.part(`parameter-${index}`, `${parameter().get("name") || id || "New parameter"}${parameter().get("uom") ? ` (${parameter().get("uom")})` : ""}`, [
    own.text("name", "Name"), own.select("type", "Type", Object.entries(TYPES)),
    number && make("div", { class: "pair" }, own.text("uom", "Unit", { list: "editor-units" }), own.text("target", "Target")),
    make("div", { class: "pair" }, limits),
    number && own.several("exclusive", "Limits that are not reached", [["nor_low", "Normal from"], ["nor_high", "Normal to"], ["par_low", "Accepted from"], ["par_high", "Accepted to"]]),
    own.select("limitAction", "Outside the accepted range", Object.entries(ACTIONS)),
    own.text("class", "Class", { list: "editor-classes" }), own.text("why", "Why", { rows: 2 }),
    own.select("source", "Where the value comes from", enumeration("Source")), own.text("formula", "Formula"),
    type === "choice" && choicesPart(panel, element, index),
    panel.part(`more-${index}`, "More", [
      own.text("id", "Id"), own.select("severity", "Class of a value outside", enumeration("Severity")), own.select("judge", "Judged as", enumeration("Judge")),
      own.select("reporting", "A change of it needs", REPORTING, { hint: "From the authorities" }),
      own.text("when", "Asked for only when"), own.check("optional", "May be left empty"), own.check("afterEnd", "Recorded after the step's end"),
      own.check("qualifier", "A result like <0.25 is accepted"),
    ]),
    originsPart(panel, parameter()),
    !panel.disabled && make("div", { class: "actions" },
      act("Up", () => model.moveParameter(element, index, index - 1), index === 0), act("Down", () => model.moveParameter(element, index, index + 1), index === length - 1),
      act("Remove", () => model.removeParameter(element, index))),
  ]);
}

// For a choice, a yes or no, and a text, the limits are one expected value.
function expectedField(panel, element, index, id) {
  const { model } = panel;
  return panel.fields.text("Expected", {
    read: () => model.parameters(element)[index]?.get("parLow"), disabled: panel.disabled, at: { element: element.id, parameter: id, property: "parLow" },
    write: (value) => model.setParameter(element, index, { norLow: value, norHigh: value, parLow: value, parHigh: value, target: value }),
  });
}

function choicesPart(panel, element, index) {
  const { model } = panel;
  const choices = () => model.parameters(element)[index]?.get("choices") ?? [];
  const write = (list) => model.setParameter(element, index, { choices: list });
  const id = model.parameters(element)[index].get("id");
  const entries = choices().map((_, place) => {
    const change = (values) => write(choices().map((entry, at) => (at === place ? { ...plain(entry), ...values } : entry)));
    const own = attributes(panel, () => choices()[place], change, { element: element.id, parameter: id });
    return make("fieldset", { class: "entry" }, make("legend", {}, `Answer ${place + 1}`), own.text("value", "Value"), own.text("label", "Shown as"), own.check("departs", "Departs from the procedure"),
      !panel.disabled && button("Remove", () => write(choices().filter((_entry, at) => at !== place)), { class: "button plain", "aria-label": `Remove answer ${place + 1}` }));
  });
  return panel.part(`choices-${index}`, `Answers (${choices().length})`, [...entries, !panel.disabled && button("Add answer", () => write([...choices(), { value: "" }]))], true);
}

function originsPart(panel, target) {
  const origins = target?.get("origins") ?? [];
  if (!origins.length) return undefined;
  return panel.part("origins", "Where this came from", make("ul", {}, origins.map((origin) =>
    make("li", {}, `${[origin.get("file"), origin.get("place")].filter(Boolean).join(", ")}${origin.get("text") ? `: “${origin.get("text")}”` : ""}`))));
}

export { CLASSES, enumeration };
