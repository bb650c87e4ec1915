// The one model behind the step table and the diagram: a recipe as the modeler holds it. Every edit is a command on the
// modeler's one stack, whoever makes it; reading never changes anything.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { Data } from "./data.js";
import { free, nextId } from "./names.js";
import { StructureError, inFlowOrder, joinOf } from "./runs.js";
import { Structure } from "./structure.js";
import { unread } from "./unread.js";
import { exact } from "./written.js";

const STRUCTURAL = [
  "shape.create", "shape.delete", "shape.move", "connection.create", "connection.delete", "connection.reconnect",
  "connection.move", "shape.replace", "element.updateAttachment",
];

// Several commands as one. When one fails, the others still end as an entry of the stack, which is then taken back.
class Together {
  static $inject = ["commandStack"];

  constructor(commandStack) {
    this.running = commandStack._currentExecution;
  }

  preExecute(context) {
    const { length } = this.running.actions;
    try {
      context.answer = context.run();
    } catch (error) {
      context.error = error;
      this.running.actions.length = length; // commands that never came to their end
      this.running.atomic = false;
    }
  }
}

const top = (stack) => stack._stack[stack._stackIdx];
const next = (stack) => stack._stack[stack._stackIdx + 1];
const isAutomatic = (entry) => entry?.command === "edit.places" && entry.context.automatic;

export class Model {
  #listeners = new Map();
  #depth = 0;
  #written = {};
  #restructured = true;

  constructor(modeler) {
    this.modeler = modeler;
    this.readOnly = false;
    this.edition = 0; // how often it was edited, undone or redone: tells whether an answer still fits the drawing
    for (const name of ["commandStack", "elementRegistry", "canvas", "moddle"]) this[name] = modeler.get(name);
    this.commandStack.registerHandler("edit.together", Together);
    this.data = modeler.get("behaviours").data = new Data(modeler);
    this.structure = new Structure(modeler, this.data);
    for (const name of Data.EDITS) this[name] = (...values) => this.#edit(name, () => this.data[name](...values));
    this.#listen(modeler.get("eventBus"));
  }

  // ---------------------------------------------------------------- events
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  emit(event, payload = {}) {
    this.#listeners.get(event)?.forEach((listener) => void listener(payload));
  }

  #listen(bus) {
    for (const command of STRUCTURAL) {
      bus.on([`commandStack.${command}.executed`, `commandStack.${command}.reverted`], () => void (this.#restructured = true));
    }
    bus.on("elements.changed", ({ elements }) => {
      const structure = this.#restructured;
      this.#restructured = false;
      this.emit("changed", { elements, structure });
    });
    bus.on("selection.changed", ({ newSelection }) => void this.emit("selected", { elements: newSelection }));
    bus.on("commandStack.changed", ({ trigger }) => {
      this.edition += 1;
      this.emit("stack", { trigger });
    });
  }

  // ---------------------------------------------------------------- reading
  get(id) {
    return this.elementRegistry.get(id);
  }

  // What the recipe's steps are drawn in: the canvas's root, or the pool in it.
  get process() {
    const root = this.data.processElement();
    return root.children.find((child) => child.businessObject.processRef === this.processObject) ?? root;
  }

  get processObject() {
    return this.data.processObject();
  }

  // The drawings of the file: the recipe's own, and one for each part that it calls.
  drawings() {
    return this.modeler.getDefinitions().get("diagrams").map((diagram) => ({ id: diagram.id, element: diagram.plane?.bpmnElement }));
  }

  recipe() {
    return this.data.recipe();
  }

  step(element) {
    return this.data.step(element);
  }

  parameters(element) {
    return this.step(element)?.get("parameters") ?? [];
  }

  service(element) {
    return this.data.extension(element, "mes:Service");
  }

  timer(element) {
    return this.data.extension(element, "mes:Timer");
  }

  loop(element) {
    return this.data.loop(element);
  }

  steps() {
    return this.elementRegistry.filter((element) => element.type !== "label" && this.step(element));
  }

  condition(flow) {
    return flow.businessObject.conditionExpression?.body ?? "";
  }

  isDefault(flow) {
    return flow.source?.businessObject.default === flow.businessObject;
  }

  joinOf(gateway) {
    return joinOf(gateway);
  }

  inFlowOrder(scope) {
    return inFlowOrder(scope);
  }

  freeId(wanted) {
    return free(this.moddle.ids, wanted);
  }

  nextStepId() {
    return nextId(this.moddle.ids, this.moddle.create("bpmn:UserTask"), this.elementRegistry.getAll());
  }

  // ---------------------------------------------------------------- editing
  // All commands inside are one entry of the undo stack. When `run` fails, everything it did is taken back.
  transaction(label, run) {
    if (this.#depth) return run();
    const context = { label, run };
    this.#depth += 1;
    try {
      this.commandStack.execute("edit.together", context);
      if (!context.error) return context.answer;
      this.commandStack.undo();
      this.commandStack._stack.length = this.commandStack._stackIdx + 1; // nobody can redo what was refused
    } finally {
      this.#depth -= 1;
    }
    throw context.error;
  }

  #edit(label, run) {
    if (this.readOnly) throw new StructureError("This revision is locked.");
    return this.transaction(label, run);
  }

  #restructure(label, run) {
    const answer = this.#edit(label, run);
    this.emit("restructured");
    return answer;
  }

  // kind: one of kinds.js; where: {after}, {before}, {on: flow} or {into: scope}.
  insertNode(kind, where, props = {}) {
    return this.#restructure(`Insert ${kind}`, () => this.structure.insertNode(kind, where, props));
  }

  insertStep(where, props = {}) {
    return this.insertNode("step", where, props);
  }

  insertUnitProcedure(where, props = {}) {
    return this.insertNode("unit_procedure", where, props);
  }

  insertTimer(where, props = {}) {
    return this.insertNode("timer", where, props);
  }

  wrap(elements, kind, props = {}) {
    return this.#restructure(`Wrap in ${kind}`, () => this.structure.wrap(elements, kind, props));
  }

  unwrap(element) {
    return this.#restructure("Unwrap", () => this.structure.unwrap(element));
  }

  addBranch(gateway, props = {}) {
    return this.#restructure("Add branch", () => this.structure.addBranch(gateway, props));
  }

  remove(elements) {
    return this.#restructure("Remove", () => this.structure.remove(elements));
  }

  changeType(element, target) {
    return this.#restructure("Change type", () => this.structure.changeType(element, target));
  }

  move(elements, where) {
    return this.#restructure("Move", () => this.structure.move(elements, where));
  }

  duplicate(elements) {
    return this.#restructure("Duplicate", () => this.structure.duplicate(elements));
  }

  select(elements) {
    this.modeler.get("selection").select(elements);
  }

  selection() {
    return this.modeler.get("selection").get();
  }

  // An automatic tidying belongs to the edit before it: both go and come back together.
  undo() {
    if (!this.canUndo()) return;
    const automatic = isAutomatic(top(this.commandStack));
    this.commandStack.undo();
    if (automatic && this.canUndo()) this.commandStack.undo();
  }

  redo() {
    if (!this.canRedo()) return;
    this.commandStack.redo();
    if (isAutomatic(next(this.commandStack))) this.commandStack.redo();
  }

  canUndo() {
    return !this.readOnly && this.commandStack.canUndo();
  }

  canRedo() {
    return !this.readOnly && this.commandStack.canRedo();
  }

  // ---------------------------------------------------------------- the whole diagram
  // The diagram as text; written once for each state of it.
  async xml() {
    if (this.#written.edition !== this.edition) {
      const { edition } = this;
      this.#written = { edition, xml: exact((await this.modeler.saveXML({ format: true })).xml) };
    }
    return this.#written.xml;
  }

  // Answers what could not be read of it.
  async open(xml) {
    const { warnings } = await this.modeler.importXML(xml);
    const own = this.drawings().find(({ element }) => element && element === this.recipe()?.$parent?.$parent);
    if (own && own.element !== this.processObject) await this.modeler.open(own.id);
    this.edition += 1;
    this.#restructured = true;
    const lost = unread(this.modeler.getDefinitions(), warnings);
    this.emit("opened", { unread: lost });
    return lost;
  }

  // Another drawing of the same file. What was done so far can't be undone afterwards.
  async show(drawing) {
    await this.modeler.open(drawing);
    this.#restructured = true;
    this.emit("opened", { unread: [] });
    this.emit("stack", {});
  }

  lock() {
    this.readOnly = true;
    this.emit("locked");
  }

  unlock() {
    this.readOnly = false;
    this.emit("locked");
  }
}

export function createModel(modeler) {
  return new Model(modeler);
}

export { StructureError };
