// Readable ids for what is drawn: they go on where the recipe's own ids stop (S41 follows S40, UP8 follows UP7).
import { is } from "bpmn-js/lib/util/ModelUtil";

const PREFIXES = [
  ["bpmn:UserTask", "S", 2],
  ["bpmn:ManualTask", "S", 2],
  ["bpmn:SubProcess", "UP", 1],
  ["bpmn:ExclusiveGateway", "G", 1],
  ["bpmn:ParallelGateway", "P", 1],
  ["bpmn:BusinessRuleTask", "D", 1],
  ["bpmn:CallActivity", "call", 1],
  ["bpmn:ScriptTask", "script", 1],
  ["bpmn:ServiceTask", "service", 1],
  ["bpmn:StartEvent", "start", 1],
  ["bpmn:EndEvent", "end", 1],
  ["bpmn:BoundaryEvent", "timer", 1],
  ["bpmn:IntermediateCatchEvent", "wait", 1],
  ["bpmn:IntermediateThrowEvent", "event", 1],
];

const NUMBERED = /^(.*?)(\d+)$/;

// The prefix and the digits that most of these ids share, or nothing.
function pattern(ids) {
  const found = new Map();
  for (const id of ids) {
    const [, prefix, digits] = NUMBERED.exec(id) ?? [];
    if (digits === undefined) continue;
    const seen = found.get(prefix) ?? { prefix, count: 0, last: 0, width: 1 };
    seen.count += 1;
    seen.last = Math.max(seen.last, Number(digits));
    seen.width = Math.max(seen.width, digits.length);
    found.set(prefix, seen);
  }
  return [...found.values()].sort((a, b) => b.count - a.count)[0];
}

function isLoop(node) {
  return Boolean(node.loopCharacteristics);
}

export function free(ids, wanted) {
  if (!ids.assigned(wanted)) return wanted;
  let number = 2;
  while (ids.assigned(`${wanted}_${number}`)) number += 1;
  return `${wanted}_${number}`;
}

function following(ids, similar, prefix, width) {
  const seen = pattern(similar) ?? { prefix, last: 0, width };
  let number = seen.last + 1;
  const id = () => `${seen.prefix}${String(number).padStart(seen.width, "0")}`;
  while (ids.assigned(id())) number += 1;
  return id();
}

// The next id for a new element of a type. `ids`: moddle's register; `drawn`: the elements whose pattern goes on.
export function nextId(ids, element, drawn, loop = isLoop(element)) {
  const [type, prefix, width] = PREFIXES.find(([name]) => is(element, name)) ?? [];
  if (!type) return free(ids, element.$type.replace(/^.*:/, "").replace(/^./, (first) => first.toLowerCase()));
  const similar = drawn.filter((other) => is(other, type) && isLoop(other.businessObject) === loop);
  return following(ids, similar.map((other) => other.id), loop ? "L" : prefix, width);
}

export function flowId(ids, source, target) {
  return free(ids, `${source.id}_to_${target.id}`);
}

// A parameter's id: short, of letters, digits and _, made of its name, and new in its step.
export function parameterId(name, taken) {
  const words = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const text = words.join("_").slice(0, 24).replace(/_$/, "") || "value";
  const base = /^[a-z]/.test(text) ? text : `p_${text}`;
  let id = base;
  for (let number = 2; taken.includes(id); number += 1) id = `${base}_${number}`;
  return id;
}

// Names start with the step's id, unless the recipe's author named the shape differently.
export function nameOf(id, title) {
  return title ? `${id} ${title}` : id;
}

export function followsTitle(name, id, title) {
  return !name || name === title || name.trim() === nameOf(id, title).trim();
}
