// What the modeler does by itself, beside what it was told: ids and names of flows, steps that are steps of the recipe,
// decisions with a default. All of it as commands, so that undo takes it back with the edit.
import CommandInterceptor from "diagram-js/lib/command/CommandInterceptor";
import RuleProvider from "diagram-js/lib/features/rules/RuleProvider";
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";
import { flowId, free, nameOf } from "./names.js";
import { flowsOut } from "./runs.js";

class Behaviours extends CommandInterceptor {
  static $inject = ["eventBus", "moddle"];

  constructor(eventBus, moddle) {
    super(eventBus);
    this.moddle = moddle;
    this.preExecute("connection.create", 2000, ({ context }) => void this.#nameFlow(context));
    this.postExecuted("connection.create", ({ context }) => void this.#giveDefault(context.source));
    this.postExecuted("shape.create", ({ context }) => void (this.replacing || this.#makeStep(context.shape)));
    this.preExecute("shape.replace", () => void (this.replacing = true));
    this.postExecuted("shape.replace", 500, ({ context }) => { // the new shape has the id of the old one by now
      this.replacing = false;
      this.#makeStep(context.newShape);
    });
    this.postExecuted("element.updateLabel", ({ context }) => void this.#retitle(context));
  }

  // A flow is named by what it connects; its ends are known only when it is drawn.
  #nameFlow({ connection, source, target }) {
    const node = connection?.businessObject;
    if (!is(node, "bpmn:SequenceFlow") || !/^sequenceFlow(_\d+)?$/.test(node.id)) return;
    const { ids } = this.moddle;
    ids.unclaim(node.id);
    node.id = flowId(ids, source, target);
    ids.claim(node.id, node);
    connection.id = node.id;
    connection.di.id = free(ids, `${node.id}_di`);
  }

  #giveDefault(source) {
    if (!is(source, "bpmn:ExclusiveGateway") || source.businessObject.default) return;
    const flows = flowsOut(source);
    if (flows.length < 2) return;
    const [plain] = flows.filter((flow) => !flow.businessObject.conditionExpression);
    if (plain) this.data.setFlow(plain, { isDefault: true });
  }

  #makeStep(shape) {
    if (shape.labelTarget || !(is(shape, "bpmn:UserTask") || is(shape, "bpmn:ManualTask"))) return;
    const step = this.data.step(shape);
    if (!step) return void this.data.becomeStep(shape, { title: getBusinessObject(shape).name ?? "" });
    // a copy: its name still starts with the id of the original
    const [title, name] = [step.get("title") ?? "", getBusinessObject(shape).name ?? ""];
    if (title && name.endsWith(` ${title}`) && name !== nameOf(shape.id, title)) this.data.setName(shape, nameOf(shape.id, title));
  }

  // The name that was typed on the canvas is the step's title.
  #retitle({ element, newLabel, oldLabel }) {
    const step = !element.labelTarget && this.data.step(element);
    if (!step) return;
    const prefix = `${element.id} `;
    const text = (newLabel ?? "").trim();
    const title = text.startsWith(prefix) ? text.slice(prefix.length) : text === element.id ? "" : text;
    if (title === (step.get("title") ?? "") || text === (oldLabel ?? "")) return;
    this.data.setStep(element, { title });
    if (!text.startsWith(prefix) && (oldLabel ?? "").startsWith(element.id)) this.data.setName(element, nameOf(element.id, title));
  }
}

class Rules extends RuleProvider {
  static $inject = ["eventBus"];

  init() {
    this.addRule("connection.create", 2000, ({ source, target }) => this.#mayLead(source, target));
    this.addRule("connection.reconnect", 2000, ({ connection, source, target }) => this.#mayLead(source, target, connection));
  }

  // Only gateways split: a second flow out of a step would run both ways at once without saying so.
  #mayLead(source, target, flow) {
    if (!source || !target || !is(source, "bpmn:FlowNode") || !is(target, "bpmn:FlowNode")) return undefined;
    const others = flowsOut(source).filter((other) => other !== flow);
    if (others.length && !is(source, "bpmn:Gateway")) return false;
    if (others.some((other) => other.target === target)) return false;
    return undefined;
  }
}

export default {
  __init__: ["behaviours", "rulesOfRecipes"],
  behaviours: ["type", Behaviours],
  rulesOfRecipes: ["type", Rules],
};
