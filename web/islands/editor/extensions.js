// Reading our own data (`mes:` elements) in the diagram, and the one command that writes them.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

const LISTS = {
  signatures: "mes:Signature", scans: "mes:Scan", deviations: "mes:Deviation", origins: "mes:Origin",
  equipment: "mes:Equipment", materials: "mes:Material", choices: "mes:Choice", parameters: "mes:Parameter",
};
const PLAIN = { equipment: "class", materials: "name" };

// Sets properties of moddle objects: `changes` is a list of {target, properties}.
class SetHandler {
  execute(context) {
    context.before = context.changes.map(({ target, properties }) => ({
      target,
      properties: Object.fromEntries(Object.keys(properties).map((name) => [name, target.get(name)])),
    }));
    write(context.changes);
    return context.elements;
  }

  revert(context) {
    write(context.before);
    return context.elements;
  }
}

function write(changes) {
  for (const { target, properties } of changes) {
    for (const [name, value] of Object.entries(properties)) target.set(name, value);
  }
}

export const filled = (value) => (value === "" || value === null ? undefined : value);

export class Extensions {
  constructor(modeler) {
    for (const name of ["commandStack", "modeling", "moddle", "elementRegistry", "canvas", "bpmnFactory"]) {
      this[name] = modeler.get(name);
    }
    this.modeler = modeler;
    this.commandStack.registerHandler("edit.set", SetHandler);
  }

  // ---------------------------------------------------------------- reading
  extension(element, type) {
    const node = element && getBusinessObject(element);
    return node?.extensionElements?.get("values").find((value) => is(value, type));
  }

  step(element) {
    return element && is(element, "bpmn:Activity") ? this.extension(element, "mes:Step") : undefined;
  }

  processElement() {
    const roots = this.canvas.getRootElements();
    return roots.find((root) => is(root, "bpmn:Process") || is(root, "bpmn:Collaboration")) ?? roots[0];
  }

  processObject() {
    const root = this.processElement();
    const node = getBusinessObject(root);
    if (is(node, "bpmn:Process")) return node;
    return node.get("participants")?.map((participant) => participant.processRef).find(Boolean);
  }

  recipe() {
    const processes = this.definitions().get("rootElements").filter((root) => is(root, "bpmn:Process"));
    return processes.flatMap((node) => node.extensionElements?.get("values") ?? []).find((value) => is(value, "mes:Recipe"));
  }

  definitions() {
    return this.modeler.getDefinitions();
  }

  loop(element) {
    const mark = getBusinessObject(element).loopCharacteristics;
    if (!mark) return undefined;
    const names = this.extension(element, "mes:Loop");
    return {
      maximum: mark.get("loopMaximum"), again: mark.get("loopCondition")?.body ?? "",
      times: mark.get("loopCardinality")?.body ?? "", label: names?.get("label") ?? "", first: names?.get("first") ?? 1,
      name: names?.get("name") ?? "iteration", previous: names?.get("previous") ?? "",
    };
  }

  // ---------------------------------------------------------------- writing
  set(elements, changes) {
    const effective = changes.filter(({ target, properties }) => Object.entries(properties).some(([n, v]) => target.get(n) !== v));
    if (effective.length) this.commandStack.execute("edit.set", { elements: [].concat(elements), changes: effective });
  }

  make(type, properties, parent) {
    const made = this.moddle.create(type, {});
    for (const [name, value] of Object.entries(this.values(made, properties))) made.set(name, value);
    made.$parent = parent;
    return made;
  }

  // Plain objects and texts become elements of ours; an empty text is no attribute.
  values(parent, properties) {
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => {
      if (!LISTS[name] || !Array.isArray(value)) return [name, filled(value)];
      return [name, value.map((entry) => {
        if (entry?.$type) return entry;
        return this.make(LISTS[name], typeof entry === "string" ? { [PLAIN[name]]: entry } : entry, parent);
      })];
    }));
  }

  // The changes that put an element of ours on a node, or take it away (`value` undefined).
  hung(node, type, value) {
    const holder = node.extensionElements ?? this.moddle.create("bpmn:ExtensionElements", { values: [] });
    const others = holder.get("values").filter((entry) => !is(entry, type));
    const place = holder.get("values").findIndex((entry) => is(entry, type));
    if (value) others.splice(place < 0 ? others.length : place, 0, value);
    if (value) value.$parent = holder;
    if (!node.extensionElements) {
      holder.$parent = node;
      holder.set("values", others);
      return [{ target: node, properties: { extensionElements: holder } }];
    }
    if (!others.length) return [{ target: node, properties: { extensionElements: undefined } }];
    return [{ target: holder, properties: { values: others } }];
  }

  ours(element, type, properties) {
    const found = this.extension(element, type);
    if (found) return this.set(element, [{ target: found, properties: this.values(found, properties) }]);
    return this.set(element, this.hung(getBusinessObject(element), type, this.make(type, properties)));
  }
}
