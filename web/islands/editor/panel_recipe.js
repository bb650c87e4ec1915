// The recipe as a whole in the panel: header, fields of the order, hold times.
import { button, make } from "./dom.js";
import { attributes, enumeration } from "./panel_step.js";

const TYPES = [["num", "Number"], ["int", "Whole number"], ["bool", "Yes or no"], ["choice", "Choice"], ["text", "Text"], ["date_time", "Date and time"]];

export function recipePart(panel) {
  const { model } = panel;
  const own = attributes(panel, () => model.recipe(), (values) => model.setRecipe(values), {});
  const fixed = { disabled: true };
  return [
    own.text("title", "Title"), own.text("product", "Product"),
    make("div", { class: "pair" }, own.text("id", "Number", fixed), own.text("revision", "Revision", fixed)),
    own.text("lateEntryMinutes", "An entry is late after (minutes)"),
    listPart(panel, "order", "Fields of the order", "orderFields", orderFields, { name: "", type: "text" }, "name", ["setOrderField", "removeOrderField"]),
    listPart(panel, "holds", "Hold times", "holdTimes", holdFields, { id: "", uom: "h" }, "id", ["setHoldTime", "removeHoldTime"]),
  ];
}

function listPart(panel, part, title, name, fieldsOf, fresh, label, [set, remove]) {
  const { model } = panel;
  const list = () => model.recipe()?.get(name) ?? [];
  const entries = list().map((entry, index) => {
    const own = attributes(panel, () => list()[index], (values) => model[set](index, values), { parameter: entry.get(label) });
    const drop = !panel.disabled && button("Remove", () => model[remove](index), { class: "button plain", "aria-label": `Remove ${entry.get(label)}` });
    return panel.part(`${part}-${index}`, summary(entry, label), [...fieldsOf(own), drop]);
  });
  const add = !panel.disabled && button("Add", () => {
    const taken = list().map((entry) => entry.get("id"));
    let number = taken.length + 1;
    while (taken.includes(`H${String(number).padStart(2, "0")}`)) number += 1;
    model[set](-1, "id" in fresh ? { ...fresh, id: `H${String(number).padStart(2, "0")}` } : fresh);
  }, { "aria-label": `Add: ${title}` });
  return panel.part(part, `${title} (${list().length})`, [...entries, add], true);
}

function summary(entry, label) {
  const name = entry.get(label) || "New";
  return entry.get("from") ? `${name}: ${entry.get("from")} → ${entry.get("to") ?? ""}` : name;
}

const orderFields = (own) => [
  own.text("name", "Name", { hint: "Used as order.name" }), own.text("label", "Shown as"), own.select("type", "Type", TYPES),
  own.text("uom", "Unit", { list: "editor-units" }), own.check("identifier", "Identifies the patient"),
];

const holdFields = (own) => [
  own.text("id", "Id"), own.text("from", "From", { hint: "order.field, S05.start, S05.end or S05.parameter" }),
  own.text("to", "To", { hint: "The same; several separated by blanks" }), own.select("kind", "Limit", [["max", "At most"], ["min", "At least"]]),
  make("div", { class: "pair" }, own.text("nor", "Normal"), own.text("par", "Accepted")), own.select("uom", "Unit", [["", "–"], ["min", "min"], ["h", "h"], ["d", "d"]]),
  own.select("select", "Which end counts", enumeration("HoldTimeSelect")), own.text("why", "Why", { rows: 2 }), own.text("links", "Results to look at"),
];
