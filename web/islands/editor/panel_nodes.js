// Everything in the diagram that is no step: flows, gateways, events, parts, tasks of the system.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { button, make } from "./dom.js";
import { idField } from "./panel_step.js";
import { flowsOut } from "./runs.js";

const nameOf = (element) => element.businessObject.name || element.id;

function conditionFields(panel, flow) {
  const { model, fields, disabled } = panel;
  const decides = is(flow.source, "bpmn:ExclusiveGateway") && flowsOut(flow.source).length > 1;
  return [
    decides && fields.text("Condition", {
      read: () => model.condition(flow), write: (condition) => model.setFlow(flow, { condition }), at: { element: flow.id, property: "condition" }, disabled, rows: 2,
    }),
    decides && fields.check("Taken when no other condition holds", {
      read: () => model.isDefault(flow), write: (isDefault) => model.setFlow(flow, { isDefault }), at: { element: flow.id, property: "default" }, disabled,
    }),
    fields.text("Name", { read: () => flow.businessObject.name, write: (name) => model.setFlow(flow, { name }), at: { element: flow.id, property: "name" }, disabled }),
  ];
}

export function flowPart(panel, flow) {
  return [make("p", { class: "quiet" }, `From ${nameOf(flow.source)} to ${nameOf(flow.target)}`), ...conditionFields(panel, flow)];
}

export function decisionPart(panel, gateway) {
  const flows = flowsOut(gateway);
  if (flows.length < 2) return [];
  const ways = flows.map((flow) => make("fieldset", { class: "entry" }, make("legend", {}, `To ${nameOf(flow.target)}`), conditionFields(panel, flow)));
  return [...ways, !panel.disabled && button("Add branch", () => panel.model.addBranch(gateway))];
}

export function loopPart(panel, element) {
  const { model, fields, disabled } = panel;
  const loop = () => model.loop(element);
  const repeated = fields.check("Repeated", {
    read: () => Boolean(loop()), disabled, at: { property: "loop" },
    write: (on) => model.setLoop(element, on ? { maximum: 10, again: "", label: "#" } : undefined),
  });
  if (!loop()) return [repeated];
  const text = (name, label, more = {}) => fields.text(label, {
    read: () => loop()?.[name], write: (value) => model.setLoop(element, { [name]: value }), disabled, at: { element: element.id, property: name }, ...more,
  });
  const counted = Boolean(loop().times);
  return [
    repeated,
    counted ? text("times", "How often", { at: { element: element.id, property: "loopCardinality" } })
      : text("again", "Again while", { at: { element: element.id, property: "loopCondition" }, rows: 2, hint: "A condition on what was recorded in it" }),
    !counted && text("maximum", "At most how often", { at: { element: element.id, property: "loopMaximum" } }),
    make("div", { class: "pair" }, text("label", "Label"), text("first", "First number")),
    text("name", "Name of the number in formulas"), text("previous", "“previous” of the first time is step"),
  ];
}

// Kinds that one element can be changed between.
const TYPES = [
  { of: "bpmn:Gateway", kinds: [["bpmn:ExclusiveGateway", "", "Choice: one way is taken"], ["bpmn:ParallelGateway", "", "In parallel: all ways are taken"]] },
  { of: "bpmn:EndEvent", kinds: [["bpmn:EndEvent", "", "The way ends here"], ["bpmn:EndEvent", "bpmn:TerminateEventDefinition", "Everything around it ends"]] },
  { of: "bpmn:IntermediateCatchEvent", kinds: [["bpmn:IntermediateCatchEvent", "bpmn:TimerEventDefinition", "Waits for a time"], ["bpmn:IntermediateCatchEvent", "bpmn:MessageEventDefinition", "Waits for a message"]] },
];

function typeField(panel, element) {
  const kinds = TYPES.find(({ of }) => is(element, of))?.kinds;
  const now = `${element.type} ${definition(element)}`;
  if (!kinds?.some(([type, event]) => `${type} ${event}` === now)) return null;
  return panel.fields.select("Kind", {
    read: () => now, disabled: panel.disabled, at: { element: element.id, property: "type" }, options: kinds.map(([type, event, label]) => [`${type} ${event}`, label]),
    write: (chosen) => {
      const [type, event] = chosen.split(" ");
      panel.model.select([panel.model.changeType(element, { type, ...(event ? { eventDefinitionType: event } : {}) })]);
    },
  });
}

const definition = (element) => element.businessObject.get("eventDefinitions")?.[0]?.$type ?? "";

export function nodePart(panel, element) {
  const { model, fields, disabled } = panel;
  const plain = (property, label, write, more = {}) => fields.text(label, {
    read: () => element.businessObject.get(property), write, at: { element: element.id, property }, disabled, ...more,
  });
  const parts = [plain("name", "Name", (text) => model.setName(element, text)), idField(panel, element), typeField(panel, element)].filter(Boolean);
  if (definition(element) === "bpmn:TimerEventDefinition") parts.push(...timerFields(panel, element));
  if (definition(element) === "bpmn:MessageEventDefinition") parts.push(messageField(panel, element));
  if (is(element, "bpmn:BoundaryEvent")) {
    parts.push(fields.check("Ends the step it sits on", {
      read: () => element.businessObject.cancelActivity !== false, write: (cancelActivity) => model.setAttribute(element, { cancelActivity }),
      at: { element: element.id, property: "cancelActivity" }, disabled,
    }));
  }
  if (is(element, "bpmn:ServiceTask")) {
    const service = (name, label, list) => fields.text(label, {
      read: () => model.service(element)?.get(name), write: (value) => model.setService(element, { [name]: value }), at: { element: element.id, property: name }, disabled, list,
    });
    parts.push(service("action", "What the system does", "editor-services"), service("value", "With"));
  }
  if (is(element, "bpmn:ScriptTask")) parts.push(plain("script", "Calculation", (text) => model.setScript(element, text), { rows: 4, hint: "One line for each: name = formula" }));
  if (is(element, "bpmn:BusinessRuleTask")) parts.push(make("p", {}, make("a", { href: `${location.pathname.replace(/edit$/, "decisions/")}${encodeURIComponent(element.id)}` }, "Open its decision table")));
  if (is(element, "bpmn:CallActivity")) parts.push(plain("calledElement", "Called part", (text) => model.setCalled(element, text)));
  if (is(element, "bpmn:ParallelGateway") && flowsOut(element).length > 1 && !disabled) parts.push(button("Add branch", () => model.addBranch(element)));
  return parts;
}

function timerFields(panel, element) {
  const { model, fields, disabled } = panel;
  const set = (name) => (value) => model.setTimer(element, name === "hold" && value ? { hold: value, due: "" } : { [name]: value });
  const holds = (model.recipe()?.get("holdTimes") ?? []).map((hold) => [hold.get("id"), `${hold.get("id")}: ${hold.get("from")} → ${hold.get("to")}`]);
  const field = (name) => ({ read: () => model.timer(element)?.get(name), write: set(name), at: { element: element.id, property: name }, disabled });
  return [
    fields.text("Due", { ...field("due"), hint: "An instant, like S16.end + hours(3)" }),
    fields.check("Only working days count", { ...field("working"), write: (working) => model.setTimer(element, { working }) }),
    is(element, "bpmn:BoundaryEvent") && fields.select("Or the limit of hold time", { ...field("hold"), options: [["", "–"], ...holds] }),
  ];
}

function messageField(panel, element) {
  const { model, fields, disabled } = panel;
  return fields.text("Message", {
    read: () => element.businessObject.get("eventDefinitions")[0].messageRef?.name, write: (name) => model.setMessage(element, name),
    at: { element: element.id, property: "messageRef" }, disabled,
  });
}
