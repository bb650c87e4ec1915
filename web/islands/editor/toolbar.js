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
const OTHERS = [
  ["script", "Calculation"], ["rule", "Decision table"], ["hold", "Hold time's timer on the step"], ["message", "Wait for a message"],
  ["call", "Called part"], ["service", "Service of the system"], ["end", "This way ends here", {}],
  ["end", "The batch ends here", { terminate: true, name: "Batch terminated" }],
];
const DRAG_PX = 6;

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
    new ResizeObserver(() => this.canvas.resized()).observe(region); // also when the panel comes or goes
    this.#fill();
    modeler.get("eventBus").on("create.end", 2000, (event) => this.#dropped(event));
    modeler.get("eventBus").on("create.cleanup", (event) => void this.#forget(event));
    modeler.get("eventBus").on("pad.chosen", ({ what, elements }) => void this.#padChosen(what, elements));
    this.#takeOverKeys();
    model.on("locked", () => this.#fill());
  }

  #fill() {
    this.zoom ??= make("div", { class: "canvas-zoom", role: "group", "aria-label": "Zoom" },
      button("−", () => this.#zoom(1 / 1.25), { "aria-label": "Zoom out" }), button("+", () => this.#zoom(1.25), { "aria-label": "Zoom in" }),
      button("Fit", () => this.canvas.zoom("fit-viewport", "auto")));
    this.region.append(this.zoom);
    this.bar.replaceChildren(...(this.model.readOnly ? [] : [this.#parts(), this.#others(), this.#snippets(), this.#tools()]));
    this.bar.hidden = this.model.readOnly;
    this.modeler.get("recipePad").locked = this.model.readOnly;
  }

  #parts() {
    return make("span", { class: "canvas-bar-group" }, PARTS.map(([kind, label, shape]) => {
      const drag = shape ? { onmousedown: (event) => this.#drag(event, kind, shape) } : {};
      return button(label, () => this.insert(kind), { title: `${label}: press to insert it after what is selected`, ...drag });
    }));
  }

  // Pressed and moved: the shape goes with the pointer, to be dropped anywhere, also on a flow.
  #drag(pressed, kind, shape) {
    const stop = () => {
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", stop);
    };
    const move = (event) => {
      if (Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < DRAG_PX) return;
      stop();
      this.dragged = kind;
      this.modeler.get("create").start(event, this.modeler.get("elementFactory").createShape(shape));
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", stop);
  }

  // On a flow, it is inserted like everything else, with room made for it; the drag must have ended by then.
  #dropped({ context }) {
    const flow = context.target?.labelTarget ?? context.target;
    if (!is(flow, "bpmn:SequenceFlow")) return undefined;
    setTimeout(() => this.try(() => this.model.select([this.model.insertNode(this.dragged, { on: flow })])));
    return false;
  }

  // What was dragged and not drawn gives its id back.
  #forget({ context }) {
    const { ids } = this.modeler.get("moddle");
    for (const { id, parent } of context.elements ?? []) if (!parent) ids.unclaim(id);
  }

  #others() {
    const menu = make("details", { class: "editor-menu" }, make("summary", { class: "button" }, "Other"));
    menu.append(make("div", {}, OTHERS.map(([kind, label, props]) => button(label, () => {
      menu.open = false;
      this.insert(kind, props);
    }, { class: "button plain" }))));
    return menu;
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

  selectedStep() {
    const [selected] = this.model.selection();
    if (!selected || !this.model.step(selected)) throw new Error("Select the step that ends the hold time first.");
    return selected;
  }

  // After what is selected, on a selected flow, or at the end.
  where() {
    const [selected] = this.model.selection();
    if (!selected || selected === this.model.process) return { into: this.model.process };
    if (is(selected, "bpmn:SequenceFlow")) return { on: selected.labelTarget ?? selected };
    return { after: selected.labelTarget ?? selected };
  }

  insert(kind, props = {}) {
    this.try(() => {
      const made = this.model.insertNode(kind, kind === "hold" ? { on: this.selectedStep() } : this.where(), props);
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
