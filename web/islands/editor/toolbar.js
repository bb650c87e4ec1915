// The toolbar of the canvas: what can be added (pressed: after what is selected; dragged: where it is dropped), the
// snippets, the tools, the zoom.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { button, make } from "./dom.js";
import { SNIPPETS } from "./snippets.js";

const READABLE_SCALE = 0.7;
const MARGIN = 30;
const PARTS = [
  ["step", "Step", { type: "bpmn:UserTask" }],
  ["unit_procedure", "Unit procedure"],
  ["loop", "Loop"],
  ["parallel", "In parallel"],
  ["choice", "Choice"],
  ["timer", "Wait", { type: "bpmn:IntermediateCatchEvent", eventDefinitionType: "bpmn:TimerEventDefinition" }],
];

const EDITS = [
  "elements.move", "shape.resize", "connection.create", "connection.reconnect", "connection.updateWaypoints", "elements.create",
  "shape.create", "element.paste", "elements.delete",
];

export class Toolbar {
  constructor({ root, model, modeler, notices, region }) {
    Object.assign(this, { root, model, modeler, notices, region });
    this.canvas = modeler.get("canvas");
    this.bar = make("div", { class: "canvas-bar", role: "toolbar", "aria-label": "Diagram" });
    region.prepend(this.bar);
    this.#fill();
    modeler.get("eventBus").on("pad.chosen", ({ what, elements }) => void this.#padChosen(what, elements));
    this.#takeOverKeys();
    model.on("locked", () => this.#fill());
  }

  #fill() {
    const zoom = make("span", { class: "canvas-bar-group" },
      button("−", () => this.#zoom(1 / 1.25), { "aria-label": "Zoom out" }), button("+", () => this.#zoom(1.25), { "aria-label": "Zoom in" }),
      button("Fit", () => this.canvas.zoom("fit-viewport", "auto")));
    this.bar.replaceChildren(...(this.model.readOnly ? [zoom] : [this.#parts(), this.#snippets(), this.#tools(), zoom]));
    this.modeler.get("recipePad").locked = this.model.readOnly;
  }

  #parts() {
    return make("span", { class: "canvas-bar-group" }, PARTS.map(([kind, label, shape]) => {
      const start = (event) => {
        event.preventDefault();
        this.modeler.get("create").start(event, this.modeler.get("elementFactory").createShape(shape));
      };
      const attributes = shape ? { draggable: "true", ondragstart: start } : {};
      return button(label, () => this.insert(kind), { title: `${label}: press to insert it after what is selected`, ...attributes });
    }));
  }

  #snippets() {
    const menu = make("details", { class: "editor-menu" }, make("summary", { class: "button" }, "Snippets"));
    menu.append(make("div", {}, SNIPPETS.map(({ label, about, insert }) => button(label, () => {
      menu.open = false;
      this.try(() => this.model.select([insert(this.model, this.where())]));
    }, { class: "button plain", title: about }))));
    return menu;
  }

  #tools() {
    const tool = (label, name, method) => button(label, (event) => this.modeler.get(name)[method](event));
    return make("span", { class: "canvas-bar-group" },
      tool("Select area", "lassoTool", "activateSelection"), tool("Make space", "spaceTool", "activateSelection"), tool("Draw flow", "globalConnect", "start"));
  }

  // After what is selected, on a selected flow, or at the end.
  where() {
    const [selected] = this.model.selection();
    if (!selected || selected === this.model.process) return { into: this.model.process };
    if (is(selected, "bpmn:SequenceFlow")) return { on: selected.labelTarget ?? selected };
    return { after: selected.labelTarget ?? selected };
  }

  insert(kind) {
    this.try(() => {
      const made = this.model.insertNode(kind, this.where());
      this.model.select([made]);
      this.canvas.scrollToElement(made, { top: 60, bottom: 60, left: 60, right: 60 });
    });
  }

  try(act) {
    try {
      this.notices.close("edit");
      act();
    } catch (error) {
      this.notices.show("edit", "watch", error.message);
    }
  }

  #padChosen(what, elements) {
    this.try(() => {
      const [element] = elements;
      if (what === "step") this.model.select([this.model.insertStep(is(element, "bpmn:SequenceFlow") ? { on: element } : { after: element })]);
      if (what === "branch") this.model.select([this.model.addBranch(element).target]);
      if (what === "wrap") this.model.select([this.model.wrap(elements, "unit_procedure")]);
      if (what === "remove") this.model.remove(elements);
    });
  }

  // The modeler's own keys go through the model: undo takes an automatic tidying back too, removing leads the flow on.
  #takeOverKeys() {
    const actions = this.modeler.get("editorActions");
    for (const [name, act] of Object.entries({
      undo: () => this.model.undo(),
      redo: () => this.model.redo(),
      removeSelection: () => this.model.selection().length && this.try(() => this.model.remove(this.model.selection())),
    })) {
      if (actions.isRegistered(name)) actions.unregister(name);
      actions.register(name, act);
    }
    // a locked revision is looked at, not edited
    const bus = this.modeler.get("eventBus");
    for (const command of EDITS) bus.on(`commandStack.${command}.canExecute`, 5000, () => (this.model.readOnly ? false : undefined));
    bus.on(["element.dblclick", "spaceTool.start"], 5000, (event) => void (this.model.readOnly && event.stopPropagation()));
  }

  #zoom(factor) {
    this.canvas.zoom(this.canvas.zoom() * factor, "auto");
  }

  // The width of the drawing, but never so small that names can't be read.
  fit() {
    const { inner, outer } = this.canvas.viewbox();
    if (!outer.width) return;
    const scale = Math.min(1, Math.max(READABLE_SCALE, outer.width / (inner.width + 2 * MARGIN)));
    this.canvas.viewbox({ x: inner.x - MARGIN, y: inner.y - MARGIN, width: outer.width / scale, height: outer.height / scale });
  }
}
