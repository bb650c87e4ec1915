// Reading the flow of a diagram: neighbours, the run that some elements form, the join that belongs to a split.
import { is } from "bpmn-js/lib/util/ModelUtil";

export class StructureError extends Error {}

const isFlow = (connection) => is(connection, "bpmn:SequenceFlow");

export const flowsIn = (element) => element.incoming.filter(isFlow);
export const flowsOut = (element) => element.outgoing.filter(isFlow);
export const nodesOf = (scope) => scope.children.filter((child) => is(child, "bpmn:FlowNode") && child.type !== "label");
export const startOf = (scope) => nodesOf(scope).find((node) => is(node, "bpmn:StartEvent"));
export const isEnd = (node) => is(node, "bpmn:EndEvent");
export const isPlainEnd = (node) => isEnd(node) && !node.businessObject.get("eventDefinitions").length;

// Nodes in the order a token would pass them, boundary events after the step they sit on.
export function inFlowOrder(scope) {
  const order = [];
  const seen = new Set();
  const visit = (node) => {
    const waiting = [node];
    while (waiting.length) {
      const next = waiting.shift();
      if (seen.has(next)) continue;
      seen.add(next);
      order.push(next);
      waiting.unshift(...(next.attachers ?? []), ...flowsOut(next).map((flow) => flow.target));
    }
  };
  nodesOf(scope).filter((node) => is(node, "bpmn:StartEvent")).forEach(visit);
  nodesOf(scope).forEach(visit);
  return order;
}

function reachable(from) {
  const distance = new Map();
  let wave = [from];
  for (let step = 0; wave.length; step += 1) {
    const next = [];
    for (const node of wave) {
      if (distance.has(node)) continue;
      distance.set(node, step);
      next.push(...flowsOut(node).map((flow) => flow.target));
    }
    wave = next;
  }
  return distance;
}

// Where the ways out of a gateway meet again: the nearest node that every way reaches, ways to an end aside.
export function joinOf(gateway) {
  const ways = flowsOut(gateway).map((flow) => reachable(flow.target));
  const meeting = (ways) => {
    const common = [...(ways[0]?.keys() ?? [])].filter((node) => ways.every((way) => way.has(node)) && node !== gateway);
    const far = (node) => Math.max(...ways.map((way) => way.get(node)));
    return common.sort((a, b) => far(a) - far(b))[0];
  };
  const all = meeting(ways);
  if (all && !isPlainEnd(all)) return all;
  const going = ways.filter((way) => [...way.keys()].some((node) => ways.some((other) => other !== way && other.has(node))));
  return (going.length > 1 && meeting(going)) || all;
}

// Events on the edge of a step belong to it, and so do ends that nothing else leads to.
function withSatellites(elements) {
  const found = new Set(elements);
  for (const element of found) {
    for (const event of element.attachers ?? []) {
      found.add(event);
      for (const { target } of flowsOut(event)) if (isEnd(target) && flowsIn(target).length === 1) found.add(target);
    }
  }
  return [...found];
}

// Elements that stand in one row: `entry` is the one flow that leads in, `exit` the one that leads on.
export function runOf(elements) {
  const nodes = withSatellites(elements.filter((element) => is(element, "bpmn:FlowNode") && element.type !== "label"));
  if (!nodes.length) throw new StructureError("Select one or more steps first.");
  const scope = nodes[0].parent;
  if (nodes.some((node) => node.parent !== scope)) {
    throw new StructureError("The selected rows stand in different parts. Select rows of one part.");
  }
  const inside = new Set(nodes);
  const entries = nodes.flatMap(flowsIn).filter((flow) => !inside.has(flow.source));
  const exits = nodes.flatMap(flowsOut).filter((flow) => !inside.has(flow.target));
  const inner = nodes.flatMap(flowsOut).filter((flow) => inside.has(flow.target));
  return { nodes, scope, inner, entries, exits, entry: entries[0], exit: exits[0] };
}

// A run that can be taken out as a whole, or the reason why not.
export function wholeRun(elements) {
  const run = runOf(elements);
  if (run.entries.length !== 1 || run.exits.length > 1) {
    throw new StructureError("The selected rows are not one connected part with one way in and one way out.");
  }
  return run;
}
