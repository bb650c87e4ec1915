// Every edit of our own data: steps and their parameters, the recipe, loops, timers, conditions.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";
import { Extensions, filled } from "./extensions.js";
import { flowId, followsTitle, free, nameOf, nextId, parameterId } from "./names.js";
import { within } from "./places.js";
import { referencesTo, short } from "./references.js";
import { flowsOut } from "./runs.js";

const PERFORMER = { code: "P", roles: "MFG_OP", meanings: "performed_by" };

const LIMITS = ["norLow", "norHigh", "parLow", "parHigh"];

// Limits at which nothing happens would judge nothing: with its first limit a parameter flags what is outside, until its
// author says otherwise.
function judged(properties, parameter) {
  const first = LIMITS.some((name) => properties[name]) && !LIMITS.some((name) => parameter?.get(name));
  return first && !(parameter && Object.hasOwn(parameter, "limitAction")) ? { limitAction: "flag" } : {};
}

export class Data extends Extensions {
  static EDITS = [
    "setName", "setId", "setStep", "becomeStep", "setSignatures", "setParameter", "addParameter", "removeParameter",
    "moveParameter", "setRecipe", "setHoldTime", "removeHoldTime", "setOrderField", "removeOrderField", "setLoop",
    "setTimer", "setService", "setScript", "setCalled", "setMessage", "setEscalation", "setFlow", "setAttribute",
  ];

  // The steps of a unit procedure say its name, and go on saying it when it is renamed.
  setName(element, text) {
    const before = getBusinessObject(element).name ?? "";
    if (before === text) return;
    this.modeling.updateProperties(element, { name: filled(text) });
    if (!before || !is(element, "bpmn:SubProcess")) return;
    const steps = within(element).filter((inner) => this.step(inner)?.get("unitProcedure") === before);
    this.set(steps, steps.map((inner) => ({ target: this.step(inner), properties: { unitProcedure: filled(text) } })));
  }

  setAttribute(element, properties) {
    const values = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, filled(value)]));
    this.modeling.updateProperties(element, values);
  }

  // A new id everywhere it is named: in conditions, formulas, hold times, timers, loops and flows.
  setId(element, id) {
    const old = element.id;
    if (old === id) return;
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(id)) {
      throw new RangeError(`An id has letters (A-Z, a-z), digits, _ and -, and begins with a letter: not “${id}”.`);
    }
    if (this.moddle.ids.assigned(id)) throw new RangeError(`${id} is the id of something else in this diagram.`);
    const title = this.step(element)?.get("title") ?? "";
    const name = getBusinessObject(element).name ?? "";
    const named = this.step(element) && name && followsTitle(name, old, title) && name !== title;
    this.#identify(element, id);
    if (named) this.setName(element, nameOf(id, title));
    this.set(element, referencesTo(this.elementRegistry.getAll(), this.recipe(), old, id));
    for (const flow of [...element.incoming, ...element.outgoing]) this.renameFlow(flow);
  }

  // Its shape's id goes along: the next element that gets the old id draws its shape under that name.
  #identify(element, id) {
    this.modeling.updateProperties(element, { id, di: { id: this.freeId(`${id}_di`) } });
  }

  renameFlow(flow) {
    if (!/_to_/.test(flow.id)) return;
    const wanted = `${flow.source.id}_to_${flow.target.id}`;
    if (flow.id === wanted || flow.id.replace(/_\d+$/, "") === wanted) return;
    this.#identify(flow, flowId(this.moddle.ids, flow.source, flow.target));
  }

  freeId(wanted) {
    return free(this.moddle.ids, wanted);
  }

  nextId(type, loop) {
    return nextId(this.moddle.ids, this.moddle.create(type), this.elementRegistry.getAll(), loop);
  }

  // ---------------------------------------------------------------- steps
  // A fresh user task as a step of the recipe: a title, and somebody who performs it.
  becomeStep(element, { id, title = "", parameters = [], signatures = [PERFORMER], unitProcedure = this.partOf(element), ...rest } = {}) {
    if (id && id !== element.id && !this.moddle.ids.assigned(id)) this.#identify(element, id);
    this.ours(element, "mes:Step", { title, signatures, parameters, unitProcedure, ...rest });
    this.setName(element, nameOf(element.id, title));
  }

  // The name of the unit procedure around a step.
  partOf(element) {
    let scope = element.parent;
    while (scope && (!is(scope, "bpmn:SubProcess") || getBusinessObject(scope).loopCharacteristics)) scope = scope.parent;
    return scope ? getBusinessObject(scope).name ?? "" : "";
  }

  setStep(element, properties) {
    const before = this.step(element)?.get("title") ?? "";
    this.ours(element, "mes:Step", properties);
    const { title } = properties;
    if (title === undefined && !("title" in properties)) return;
    if (followsTitle(getBusinessObject(element).name ?? "", element.id, before)) this.setName(element, nameOf(element.id, title ?? ""));
  }

  setSignatures(element, list) {
    this.setStep(element, { signatures: list });
  }

  // `properties` by our attribute names in camelCase; undefined or "" removes one; `choices` is a list.
  setParameter(element, index, properties) {
    const target = this.step(element).get("parameters")[index];
    const changes = [{ target, properties: this.values(target, { ...judged(properties, target), ...properties }) }];
    const { id } = properties;
    if (id && target.id && id !== target.id) {
      const names = referencesTo(this.elementRegistry.getAll(), this.recipe(), `${element.id}.${target.id}`, `${element.id}.${id}`);
      changes.push(...names);
    }
    this.set(element, changes);
  }

  addParameter(element, index, properties = {}) {
    if (!this.step(element)) this.becomeStep(element, {});
    const step = this.step(element);
    const list = step.get("parameters");
    const id = properties.id || parameterId(properties.name ?? "", list.map((parameter) => parameter.id));
    const parameter = this.make("mes:Parameter", { type: "num", ...judged(properties), ...properties, id }, step);
    const at = index === undefined || index < 0 ? list.length : index;
    this.list(element, step, "parameters", [...list.slice(0, at), parameter, ...list.slice(at)]);
    return at;
  }

  removeParameter(element, index) {
    const step = this.step(element);
    this.list(element, step, "parameters", step.get("parameters").filter((_, place) => place !== index));
  }

  moveParameter(element, index, to) {
    const step = this.step(element);
    const list = [...step.get("parameters")];
    list.splice(to, 0, ...list.splice(index, 1));
    this.list(element, step, "parameters", list);
  }

  list(element, target, name, list) {
    this.set(element, [{ target, properties: { [name]: list } }]);
  }

  // ---------------------------------------------------------------- recipe
  setRecipe(properties) {
    const root = this.processElement();
    const found = this.recipe();
    if (found) this.set(root, [{ target: found, properties: this.values(found, properties) }]);
    else this.set(root, this.hung(this.processObject(), "mes:Recipe", this.make("mes:Recipe", properties)));
  }

  #entry(name, type, index, properties) {
    if (!this.recipe()) this.setRecipe({});
    const list = this.recipe().get(name);
    if (index >= 0) {
      const target = list[index];
      return this.set(this.processElement(), [{ target, properties: this.values(target, properties) }]);
    }
    return this.list(this.processElement(), this.recipe(), name, [...list, this.make(type, properties, this.recipe())]);
  }

  #without(name, index) {
    const list = this.recipe().get(name).filter((_, place) => place !== index);
    this.list(this.processElement(), this.recipe(), name, list);
  }

  setHoldTime(index, properties) {
    this.#entry("holdTimes", "mes:HoldTime", index, properties);
  }

  removeHoldTime(index) {
    this.#without("holdTimes", index);
  }

  setOrderField(index, properties) {
    this.#entry("orderFields", "mes:OrderField", index, properties);
  }

  removeOrderField(index) {
    this.#without("orderFields", index);
  }

  // ---------------------------------------------------------------- nodes
  expression(text, parent) {
    if (!text) return undefined;
    const expression = this.moddle.create("bpmn:FormalExpression", { body: text });
    expression.$parent = parent;
    return expression;
  }

  // Makes a subprocess a loop, changes it, or (no properties) makes it run once.
  setLoop(element, properties) {
    const node = getBusinessObject(element);
    if (!properties) {
      this.set(element, [{ target: node, properties: { loopCharacteristics: undefined } }, ...this.hung(node, "mes:Loop")]);
      return;
    }
    const { maximum, again, times, ...names } = properties;
    const type = times ? "bpmn:MultiInstanceLoopCharacteristics" : "bpmn:StandardLoopCharacteristics";
    const old = node.loopCharacteristics;
    const mark = old && (is(old, type) || times === undefined) ? old : this.moddle.create(type, times ? { isSequential: true } : { testBefore: false });
    const wanted = {};
    if (maximum !== undefined) wanted.loopMaximum = filled(Number.isNaN(Number(maximum)) ? maximum : maximum && Number(maximum));
    if (again !== undefined) wanted.loopCondition = this.expression(again, mark);
    if (times) wanted.loopCardinality = this.expression(times, mark);
    const changes = [{ target: mark, properties: wanted }];
    if (mark !== old) {
      mark.$parent = node;
      changes.push({ target: node, properties: { loopCharacteristics: mark } });
    }
    this.set(element, changes);
    if (Object.keys(names).length) {
      if ("first" in names) names.first = Number(names.first) || 0;
      this.ours(element, "mes:Loop", names);
    }
  }

  setTimer(element, properties) {
    this.ours(element, "mes:Timer", properties);
  }

  setService(element, properties) {
    this.ours(element, "mes:Service", properties);
  }

  setScript(element, script) {
    this.set(element, [{ target: getBusinessObject(element), properties: { script: filled(script) } }]);
  }

  setCalled(element, called) {
    this.set(element, [{ target: getBusinessObject(element), properties: { calledElement: filled(called) } }]);
  }

  // The escalation by which a part of the recipe ends the whole batch.
  setEscalation(element, scopeId) {
    const roots = this.processObject().$parent;
    const id = `${scopeId}_escalation`;
    let escalation = roots.get("rootElements").find((root) => root.id === id);
    const changes = [];
    if (!escalation) {
      const attributes = { id, name: `${scopeId} terminated`, escalationCode: `${scopeId}_terminated` };
      escalation = this.bpmnFactory.create("bpmn:Escalation", attributes);
      escalation.$parent = roots;
      changes.push({ target: roots, properties: { rootElements: [escalation, ...roots.get("rootElements")] } });
    }
    const definition = getBusinessObject(element).get("eventDefinitions")[0];
    this.set(element, [...changes, { target: definition, properties: { escalationRef: escalation } }]);
  }

  // The message an event waits for, by its name; made anew where the diagram has none of that name.
  setMessage(element, name = "") {
    const definition = getBusinessObject(element).get("eventDefinitions")[0];
    const roots = this.processObject().$parent;
    let message = roots.get("rootElements").find((root) => is(root, "bpmn:Message") && root.name === name);
    const changes = [];
    if (!message && name) {
      message = this.bpmnFactory.create("bpmn:Message", { id: this.freeId(`message_${parameterId(name, [])}`), name });
      message.$parent = roots;
      changes.push({ target: roots, properties: { rootElements: [...roots.get("rootElements"), message] } });
    }
    this.set(element, [...changes, { target: definition, properties: { messageRef: message } }]);
  }

  // ---------------------------------------------------------------- flows
  setFlow(flow, { condition, name, isDefault }) {
    const node = getBusinessObject(flow);
    const source = getBusinessObject(flow.source);
    const before = node.conditionExpression?.body ?? "";
    if (isDefault !== undefined) {
      const other = isDefault ? node : source.default === node ? undefined : source.default;
      const freed = isDefault ? { conditionExpression: undefined } : {};
      const affected = [flow, flow.source, ...flowsOut(flow.source)];
      this.set(affected, [{ target: source, properties: { default: other } }, { target: node, properties: freed }]);
    }
    if (condition !== undefined && condition !== before) {
      const changes = [{ target: node, properties: { conditionExpression: this.expression(condition, node) } }];
      if (condition && source.default === node) changes.push({ target: source, properties: { default: undefined } });
      this.set([flow, flow.source], changes);
    }
    const shown = node.name ?? "";
    if (name !== undefined) this.setName(flow, name);
    else if (condition !== undefined && (!shown || shown === short(before))) this.setName(flow, short(condition));
  }
}
