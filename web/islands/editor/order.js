// The order of flows is meaning: of the ways out of a choice, the first whose condition holds is taken. The modeler's undo
// puts what it brings back at the end of every list; here each list gets the order back that it had.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { flowsOut } from "./runs.js";

class Order {
  static $inject = ["eventBus", "commandStack", "elementRegistry"];

  constructor(eventBus, commandStack, elementRegistry) {
    Object.assign(this, { stack: commandStack, registry: elementRegistry, kept: new Map(), now: new Map() });
    eventBus.on("elements.changed", 10000, () => void this.#after(commandStack._currentExecution.trigger));
    eventBus.on("import.done", () => {
      this.kept.clear();
      this.now = this.#snapshot();
    });
  }

  #after(trigger) {
    const { _stack: entries, _stackIdx: index } = this.stack;
    const entry = trigger === "undo" ? entries[index + 1] : entries[index];
    const known = entry && this.kept.get(entry.id);
    if (trigger === "undo" && known) restore(known.before);
    else if (trigger === "redo" && known) restore(known.after);
    else if (trigger === "execute") this.#waysInOrder();
    const before = this.now;
    this.now = this.#snapshot();
    if (trigger === "execute" && entry) this.kept.set(entry.id, changes(before, this.now));
  }

  // Flows out of one gateway stand in the text as they leave its shape, wherever a command has put them.
  #waysInOrder() {
    for (const gateway of this.registry.filter((element) => is(element, "bpmn:Gateway") && element.type !== "label")) {
      const flows = flowsOut(gateway).map((flow) => flow.businessObject);
      if (flows.length < 2) continue;
      const list = gateway.businessObject.$parent?.flowElements;
      const places = flows.map((flow) => list.indexOf(flow)).sort((a, b) => a - b);
      if (!places.includes(-1)) flows.forEach((flow, index) => void (list[places[index]] = flow));
      const outgoing = gateway.businessObject.get("outgoing");
      outgoing.sort((a, b) => flows.indexOf(a) - flows.indexOf(b));
    }
  }

  #snapshot() {
    const lists = new Map();
    const keep = (list) => list && lists.set(list, [...list]);
    this.registry.forEach((element) => {
      if (element.type === "label") return;
      const node = element.businessObject;
      [node.flowElements, node.incoming, node.outgoing, element.incoming, element.outgoing].forEach(keep);
    });
    return lists;
  }
}

const same = (one, other) => one?.length === other.length && other.every((entry, at) => one[at] === entry);

// Only the lists that a command changed are kept with it; those of removed elements are among them.
function changes(before, after) {
  const differ = (lists, others) => new Map([...lists].filter(([list, entries]) => !same(others.get(list), entries)));
  return { before: differ(before, after), after: differ(after, before) };
}

function restore(lists) {
  for (const [list, wanted] of lists) {
    if (list.length === wanted.length && wanted.every((entry) => list.includes(entry))) wanted.forEach((entry, at) => void (list[at] = entry));
  }
}

export default { __init__: ["orderOfFlows"], orderOfFlows: ["type", Order] };
