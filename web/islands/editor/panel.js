// The properties of what is selected, every one with its label and its findings.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { make, sentence } from "./dom.js";
import { Fields } from "./fields.js";
import { decisionPart, flowPart, loopPart, nodePart } from "./panel_nodes.js";
import { recipePart } from "./panel_recipe.js";
import { stepPart } from "./panel_step.js";

export class Panel {
  constructor({ root, model, vocabulary }) {
    Object.assign(this, { root, model, vocabulary, region: root.querySelector("#editor-panel"), fields: new Fields(), found: [] });
    model.on("selected", ({ elements }) => this.show(elements));
    model.on("opened", () => this.show([]));
    model.on("locked", () => this.draw());
    model.on("changed", () => this.#changed());
    model.on("findings", ({ findings }) => { this.found = findings; this.#tell(); });
    model.on("field", ({ element, ...place }) => {
      if (element === model.process) this.show([]);
      this.open();
      this.fields.focus(place);
    });
    this.show([]);
  }

  get disabled() {
    return this.model.readOnly;
  }

  open() {
    if (this.root.classList.contains("without-panel")) this.root.querySelector("[data-do=panel]").click();
  }

  show(elements) {
    const [element] = elements;
    const target = element?.labelTarget ?? element;
    this.element = elements.length > 1 ? undefined : target;
    this.many = elements.length > 1 ? elements : undefined;
    this.draw();
  }

  // What must be the same for the fields to stay where they are: otherwise the panel is drawn anew.
  #shape() {
    const { element, model } = this;
    if (this.#isWhole(element)) {
      const recipe = model.recipe();
      return ["recipe", recipe?.get("orderFields").length, recipe?.get("holdTimes").length].join("|");
    }
    const step = model.step(element);
    const lists = step ? ["signatures", "parameters", "scans", "deviations"].map((name) => step.get(name).length) : [];
    const choices = step ? step.get("parameters").map((p) => `${p.get("type")}${p.get("choices").length}`) : [];
    const flows = (element.outgoing ?? []).map((flow) => flow.id);
    return [element.id, element.type, Boolean(step), ...lists, ...choices, ...flows, Boolean(element.businessObject.loopCharacteristics)].join("|");
  }

  #isWhole(element) {
    return !element || element === this.model.process || is(element, "bpmn:Process") || is(element, "bpmn:Collaboration");
  }

  #changed() {
    if (!this.#isWhole(this.element) && !this.model.get(this.element.id)) return this.show([]);
    if (this.#shape() !== this.drawn) return this.draw();
    return this.fields.refresh();
  }

  draw() {
    const place = this.#focused();
    const open = new Set([...this.region.querySelectorAll("details[open][data-part]")].map((part) => part.dataset.part));
    this.fields.clear();
    this.drawn = this.#shape();
    this.general = make("div", { class: "panel-findings" });
    this.region.replaceChildren(...this.#parts().filter(Boolean));
    for (const part of this.region.querySelectorAll("details[data-part]")) if (open.has(part.dataset.part)) part.open = true;
    this.#tell();
    if (place >= 0) (this.fields.all[place]?.input ?? this.region.querySelector("input, select"))?.focus();
  }

  #focused() {
    return this.fields.all.findIndex(({ input }) => input.contains(document.activeElement));
  }

  #parts() {
    const { element, model } = this;
    if (this.many) return [make("h2", {}, `${this.many.length} elements`), make("p", { class: "quiet" }, "Select one to see what it says.")];
    if (this.#isWhole(element)) return [make("h2", {}, "Recipe"), this.general, ...recipePart(this)];
    const head = make("h2", {}, heading(element));
    if (is(element, "bpmn:SequenceFlow")) return [head, this.general, ...flowPart(this, element)];
    if (model.step(element) || is(element, "bpmn:UserTask") || is(element, "bpmn:ManualTask")) return [head, this.general, ...stepPart(this, element)];
    const parts = [head, this.general, ...nodePart(this, element)];
    if (is(element, "bpmn:SubProcess")) parts.push(...loopPart(this, element));
    if (is(element, "bpmn:ExclusiveGateway")) parts.push(...decisionPart(this, element));
    return parts;
  }

  #tell() {
    const recipe = this.#isWhole(this.element);
    const id = recipe ? this.model.processObject?.id : this.element.id;
    const own = this.found.filter((finding) => finding.element_id === id || (recipe && !this.model.get(finding.element_id)));
    const ways = (this.element?.outgoing ?? []).map((flow) => flow.id);
    const near = this.found.filter((finding) => ways.includes(finding.element_id));
    const left = this.fields.findings([...own, ...near]).filter((finding) => !near.includes(finding));
    this.general.replaceChildren(...left.map(({ severity, message, what_to_do: advice }) =>
      make("p", { class: `error ${severity === "warning" ? "watch" : ""}` }, `${sentence(message)}. ${sentence(advice)}.`)));
  }

  // A part that folds away: a heading, fields, and a list's own buttons.
  part(name, title, children, open = false) {
    return make("details", { class: "panel-part", "data-part": name, open }, make("summary", {}, title), make("div", {}, children));
  }
}

const KINDS = {
  "bpmn:UserTask": "Step", "bpmn:ManualTask": "Step", "bpmn:SubProcess": "Unit procedure", "bpmn:ExclusiveGateway": "Choice",
  "bpmn:ParallelGateway": "In parallel", "bpmn:SequenceFlow": "Flow", "bpmn:ServiceTask": "Service", "bpmn:ScriptTask": "Calculation",
  "bpmn:CallActivity": "Called part", "bpmn:BusinessRuleTask": "Decision table", "bpmn:StartEvent": "Start", "bpmn:EndEvent": "End",
  "bpmn:IntermediateCatchEvent": "Wait", "bpmn:IntermediateThrowEvent": "Event", "bpmn:BoundaryEvent": "Event on a step",
};

function heading(element) {
  const kind = element.businessObject.loopCharacteristics ? "Loop" : KINDS[element.type] ?? element.type.replace("bpmn:", "");
  return `${kind} ${element.id}`;
}
