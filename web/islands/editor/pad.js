// The pad beside a selected shape: what most often comes next. Everything else is in the toolbar, the panel and the table.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { flowsOut } from "./runs.js";

class Pad {
  static $inject = ["contextPad", "connect", "rules", "eventBus"];

  constructor(contextPad, connect, rules, eventBus) {
    Object.assign(this, { connect, rules, eventBus });
    contextPad.registerProvider(this);
  }

  #ask(what, elements) {
    return () => void this.eventBus.fire("pad.chosen", { what, elements });
  }

  #entry(group, className, title, act) {
    return { group, className, title, action: { click: act } };
  }

  getContextPadEntries(element) {
    if (this.locked || element.type === "label") return {};
    const entries = {};
    const node = is(element, "bpmn:FlowNode");
    if (is(element, "bpmn:SequenceFlow")) {
      entries["insert-step"] = this.#entry("new", "bpmn-icon-user-task", "Insert a step here", this.#ask("step", [element]));
    } else if (node && !is(element, "bpmn:EndEvent")) {
      entries["append-step"] = this.#entry("new", "bpmn-icon-user-task", "Add a step after this", this.#ask("step", [element]));
      if (is(element, "bpmn:Gateway")) {
        entries["add-branch"] = this.#entry("new", "bpmn-icon-gateway-none", "Add a branch", this.#ask("branch", [element]));
      }
      if (!flowsOut(element).length || is(element, "bpmn:Gateway")) {
        const start = (event) => this.connect.start(event, element);
        entries.connect = { group: "connect", className: "bpmn-icon-connection-multi", title: "Draw a flow", action: { click: start, dragstart: start } };
      }
    }
    entries.delete = this.#entry("edit", "bpmn-icon-trash", "Remove", this.#ask("remove", [element]));
    return entries;
  }

  getMultiElementContextPadEntries(elements) {
    if (this.locked) return {};
    return {
      wrap: this.#entry("new", "bpmn-icon-subprocess-expanded", "Make a unit procedure of these", this.#ask("wrap", elements)),
      delete: this.#entry("edit", "bpmn-icon-trash", "Remove", this.#ask("remove", elements)),
    };
  }
}

export default { __init__: ["recipePad"], recipePad: ["type", Pad] };
