// The one model behind the step table and the diagram: a recipe as the modeler holds it. Every edit is a command on the
// modeler's one stack, whoever makes it; reading never changes anything.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { Data } from "./data.js";
import { free, nextId } from "./names.js";
import { StructureError, blockOf, inFlowOrder, isScope, joinOf } from "./runs.js";
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

export function createModel(modeler) {
  const [stack, bus, registry, canvas] = ["commandStack", "eventBus", "elementRegistry", "canvas"].map((n) => modeler.get(n));
  const moddle = modeler.get("moddle");
  const listeners = new Map();
  stack.registerHandler("edit.together", Together);

  const emit = (event, payload = {}) => listeners.get(event)?.forEach((listener) => void listener(payload));
  const on = (event, listener) => {
    if (!listeners.has(event)) listeners.set(event, new Set());
    listeners.get(event).add(listener);
    return () => listeners.get(event).delete(listener);
  };

  // All commands inside are one entry of the undo stack. When `run` fails, everything it did is taken back.
  let depth = 0;
  function transaction(label, run) {
    if (depth) return run();
    const context = { label, run };
    depth += 1;
    try {
      stack.execute("edit.together", context);
      if (!context.error) return context.answer;
      stack.undo();
      stack._stack.length = stack._stackIdx + 1; // nobody can redo what was refused
    } finally {
      depth -= 1;
    }
    throw context.error;
  }

  const data = new Data(modeler, transaction);
  modeler.get("behaviours").data = data;
  const structure = new Structure(modeler, data);
  const structural = (label, run) => {
    if (readOnly) throw new StructureError("This revision is locked.");
    const answer = transaction(label, run);
    emit("restructured", {});
    return answer;
  };

  let written = {};
  let restructured = true;
  let readOnly = false;
  for (const command of STRUCTURAL) {
    bus.on([`commandStack.${command}.executed`, `commandStack.${command}.reverted`], () => void (restructured = true));
  }
  bus.on("elements.changed", ({ elements }) => {
    const structureChanged = restructured;
    restructured = false;
    emit("changed", { elements, structure: structureChanged });
  });
  bus.on("selection.changed", ({ newSelection }) => void emit("selected", { elements: newSelection }));
  let edition = 0;
  bus.on("commandStack.changed", ({ trigger }) => {
    edition += 1;
    emit("stack", { trigger });
  });

  const top = () => stack._stack[stack._stackIdx];
  const next = () => stack._stack[stack._stackIdx + 1];
  const isAutomatic = (entry) => entry?.command === "edit.places" && entry.context.automatic;

  const model = {
    modeler,
    on,
    emit,
    transaction,
    get(id) {
      return registry.get(id);
    },
    // The process element of the diagram, which is also the canvas's root.
    get process() {
      const roots = canvas.getRootElements();
      return roots.find((root) => is(root, "bpmn:Process") || is(root, "bpmn:Collaboration")) ?? canvas.getRootElement();
    },
    processes: () => modeler.getDefinitions().get("rootElements").filter((root) => is(root, "bpmn:Process")),
    recipe: () => data.recipe(),
    step: (element) => data.step(element),
    parameters: (element) => data.step(element)?.get("parameters") ?? [],
    service: (element) => data.extension(element, "mes:Service"),
    timer: (element) => data.extension(element, "mes:Timer"),
    loop: (element) => data.loop(element),
    steps: () => registry.filter((element) => element.type !== "label" && data.step(element)),
    inFlowOrder,
    joinOf,
    blockOf,
    isScope,
    condition: (flow) => flow.businessObject.conditionExpression?.body ?? "",
    isDefault: (flow) => flow.source?.businessObject.default === flow.businessObject,

    freeId: (wanted) => free(moddle.ids, wanted),
    nextStepId: () => nextId(moddle.ids, moddle.create("bpmn:UserTask"), registry.getAll()),

    insertNode: (kind, where, props = {}) => structural(`Insert ${kind}`, () => structure.insertNode(kind, where, props)),
    insertStep: (where, props = {}) => model.insertNode("step", where, props),
    insertUnitProcedure: (where, props = {}) => model.insertNode("unit_procedure", where, props),
    insertTimer: (where, props = {}) => model.insertNode("timer", where, props),
    wrap: (elements, kind, props = {}) => structural(`Wrap in ${kind}`, () => structure.wrap(elements, kind, props)),
    unwrap: (element) => structural("Unwrap", () => structure.unwrap(element)),
    addBranch: (gateway, props = {}) => structural("Add branch", () => structure.addBranch(gateway, props)),
    remove: (elements) => structural("Remove", () => structure.remove(elements)),
    changeType: (element, target) => structural("Change type", () => structure.changeType(element, target)),
    move: (elements, where) => structural("Move", () => structure.move(elements, where)),
    duplicate: (elements) => structural("Duplicate", () => structure.duplicate(elements)),

    select(elements) {
      modeler.get("selection").select(elements);
    },
    selection: () => modeler.get("selection").get(),

    // An automatic tidying belongs to the edit before it: both go and come back together.
    undo() {
      if (readOnly || !stack.canUndo()) return;
      const automatic = isAutomatic(top());
      stack.undo();
      if (automatic && stack.canUndo()) stack.undo();
    },
    redo() {
      if (readOnly || !stack.canRedo()) return;
      stack.redo();
      if (isAutomatic(next()) && stack.canRedo()) stack.redo();
    },
    canUndo: () => !readOnly && stack.canUndo(),
    canRedo: () => !readOnly && stack.canRedo(),
    // How often the model was edited, undone or redone: tells whether an answer still fits the drawing.
    get edition() {
      return edition;
    },

    // The diagram as text; written once for each state of it.
    async xml() {
      if (written.edition !== edition) {
        const now = edition;
        written = { edition: now, xml: exact((await modeler.saveXML({ format: true })).xml) };
      }
      return written.xml;
    },
    async open(xml) {
      const { warnings } = await modeler.importXML(xml);
      edition += 1;
      restructured = true;
      const lost = unread(modeler.getDefinitions(), warnings);
      emit("opened", { unread: lost });
      return lost;
    },
    get readOnly() {
      return readOnly;
    },
    lock() {
      readOnly = true;
      emit("locked", {});
    },
    unlock() {
      readOnly = false;
      emit("locked", {});
    },
  };
  for (const name of Data.EDITS) {
    model[name] = (...values) => {
      if (readOnly) throw new StructureError("This revision is locked.");
      return transaction(name, () => data[name](...values));
    };
  }
  return model;
}

export { StructureError };
