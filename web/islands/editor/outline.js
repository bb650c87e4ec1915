// A diagram as an outline: the blocks that stand one after the other in a process or subprocess, and the blocks in them.
// Pure functions on moddle objects; the step table is a view of what they find.
//
//   Block = {kind, id, element, body?, branches?, attached?, flow?, join?, free?}
//   kinds: step unit_procedure loop parallel choice branch timer message start script service rule call event gateway stop end attached
//
// A scope that is not built of blocks (ways that cross, run back, or meet at a step) is listed in flow order and is
// `free`: its steps can be edited in the table, its structure only on the diagram.

const NODE_KINDS = {
  "bpmn:UserTask": "step",
  "bpmn:ManualTask": "step",
  "bpmn:ScriptTask": "script",
  "bpmn:ServiceTask": "service",
  "bpmn:BusinessRuleTask": "rule",
  "bpmn:CallActivity": "call",
  "bpmn:IntermediateThrowEvent": "event",
  "bpmn:StartEvent": "start",
  "bpmn:BoundaryEvent": "attached",
};
const GATEWAYS = { "bpmn:ParallelGateway": "parallel", "bpmn:ExclusiveGateway": "choice" };
const SCOPES = new Set(["bpmn:SubProcess", "bpmn:Transaction", "bpmn:AdHocSubProcess"]);
const NO_NODES = new Set([
  "bpmn:SequenceFlow", "bpmn:DataObject", "bpmn:DataObjectReference", "bpmn:DataStoreReference",
]);

class NotBlocks extends Error {}

function trigger(element) {
  return element.eventDefinitions?.[0]?.$type.replace("bpmn:", "").replace("EventDefinition", "") ?? "";
}

// The word for a flow node, as the rows and the menus use it.
function kindOf(element) {
  if (SCOPES.has(element.$type)) return element.loopCharacteristics ? "loop" : "unit_procedure";
  if (element.$type === "bpmn:IntermediateCatchEvent") return trigger(element) === "Timer" ? "timer" : "message";
  if (element.$type === "bpmn:EndEvent") return trigger(element) ? "stop" : "end";
  return GATEWAYS[element.$type] ?? NODE_KINDS[element.$type] ?? "other";
}

// The blocks of a process or subprocess: {body, free, start, end}. `end`: the plain end event that closes it.
export function outline(scope) {
  const graph = new Graph(scope);
  try {
    return graph.blocks();
  } catch (error) {
    if (!(error instanceof NotBlocks)) throw error;
    return { body: graph.listed(), free: true };
  }
}

class Graph {
  constructor(scope) {
    const elements = scope.flowElements ?? [];
    this.nodes = elements.filter((element) => !NO_NODES.has(element.$type));
    this.out = new Map(this.nodes.map((node) => [node, []]));
    this.in = new Map(this.nodes.map((node) => [node, []]));
    this.hosted = new Map();
    for (const flow of elements.filter((element) => element.$type === "bpmn:SequenceFlow")) {
      this.out.get(flow.sourceRef)?.push(flow);
      this.in.get(flow.targetRef)?.push(flow);
    }
    for (const [node, flows] of this.out) {
      // The order of the ways out is the one in which the engine asks for their conditions.
      const order = node.outgoing ?? [];
      flows.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    }
    for (const node of this.nodes.filter((node) => node.attachedToRef)) {
      this.hosted.set(node.attachedToRef, [...(this.hosted.get(node.attachedToRef) ?? []), node]);
    }
    this.seen = new Set();
    this.back = new Map(); // node -> how many ways from events at earlier steps lead back to it
  }

  waysInto(node) {
    return this.in.get(node).length - (this.back.get(node) ?? 0);
  }

  blocks() {
    const starts = this.nodes.filter((node) => node.$type === "bpmn:StartEvent");
    const first = starts.length ? starts : this.nodes.filter((node) => !this.in.get(node).length && !node.attachedToRef);
    if (!this.nodes.length) return { body: [], free: false };
    if (first.length !== 1) throw new NotBlocks();
    const { body, join } = this.sequence(first[0]);
    if (join || this.seen.size !== this.nodes.length) throw new NotBlocks();
    if (body[0]?.kind === "start" && !trigger(body[0].element)) body.shift();
    const end = body.at(-1)?.kind === "end" ? body.pop().element : undefined;
    return { body, free: false, start: first[0], end };
  }

  // The blocks from a node on, up to the end, or to a gateway where another way comes in (`join`).
  sequence(node) {
    const body = [];
    let at = node;
    while (at) {
      if (this.waysInto(at) > 1) return { body, join: at };
      if (this.seen.has(at)) throw new NotBlocks();
      this.seen.add(at);
      const flows = this.out.get(at);
      if (GATEWAYS[at.$type] && flows.length > 1) {
        const { block, rest, join, next } = this.split(at, flows);
        body.push(block, ...rest);
        if (join) return { body, join };
        at = next;
        continue;
      }
      if (flows.length > 1) throw new NotBlocks();
      const next = flows[0]?.targetRef;
      const isMerge = GATEWAYS[at.$type] && this.in.get(at).length > 1; // events at steps lead back here
      if (!isMerge) body.push(this.leaf(at, next));
      at = body.at(-1)?.join === next && next ? this.out.get(next)[0]?.targetRef : next;
    }
    return { body, join: undefined };
  }

  leaf(element, next) {
    const kind = GATEWAYS[element.$type] ? "gateway" : kindOf(element);
    const block = { kind, id: element.id, element, attached: this.attached(element) };
    const back = block.attached.filter((one) => one.rejoins);
    for (const { rejoins } of back) this.back.set(rejoins, (this.back.get(rejoins) ?? 0) + 1);
    if (back.length && next && back.every(({ rejoins }) => rejoins === next) && GATEWAYS[next.$type] && this.closes(next, 1)) {
      this.seen.add(next);
      block.join = next; // right behind it everything comes together: the gateway belongs to the block
    }
    return SCOPES.has(element.$type) ? { ...block, ...outline(element) } : block;
  }

  closes(join, ways) {
    return this.waysInto(join) === ways && this.out.get(join).length < 2 && !this.seen.has(join);
  }

  attached(host) {
    return (this.hosted.get(host) ?? []).map((element) => {
      this.seen.add(element);
      const [flow, ...more] = this.out.get(element);
      if (more.length) throw new NotBlocks();
      const { body, join } = flow ? this.sequence(flow.targetRef) : { body: [] };
      if (join && (this.seen.has(join) || join.$type === "bpmn:ParallelGateway")) throw new NotBlocks();
      const end = body.at(-1)?.kind === "end" ? body.pop().element : undefined;
      return { kind: "attached", id: element.id, element, body, end, rejoins: join };
    });
  }

  split(gateway, flows) {
    const kind = GATEWAYS[gateway.$type];
    const branches = flows.map((flow) => ({ kind: "branch", id: flow.id, flow, gateway, ...this.sequence(flow.targetRef) }));
    const block = { kind, id: gateway.id, element: gateway, branches };
    const joins = new Set(branches.map((branch) => branch.join).filter(Boolean));
    if (joins.size > 1) throw new NotBlocks();
    const [join] = joins;
    const going = branches.filter((branch) => (join ? branch.join === join : branch.body.at(-1)?.kind !== "stop"));
    if (going.length === 1 && flows.length > 1) {
      // Every other way ends: the one that goes on is the sequence itself, not a branch beside it.
      const rest = going[0].body;
      Object.assign(going[0], { body: [], goesOn: true });
      return { block, rest, join };
    }
    if (!join) return { block, rest: [] };
    if (GATEWAYS[join.$type] !== kind || !this.closes(join, going.length)) throw new NotBlocks();
    this.seen.add(join);
    block.join = join;
    return { block, rest: [], next: this.out.get(join)[0]?.targetRef };
  }

  // Every node after those that lead to it, as far as the ways do not run back.
  listed() {
    const order = [];
    const seen = new Set();
    const visit = (node) => {
      if (seen.has(node) || !this.out.has(node)) return;
      seen.add(node);
      const next = [...this.out.get(node).map((flow) => flow.targetRef), ...(this.hosted.get(node) ?? [])];
      next.reverse().forEach(visit);
      order.unshift(node);
    };
    const isEntry = (node) => !this.in.get(node).length && !node.attachedToRef;
    [...this.nodes.filter(isEntry), ...this.nodes].forEach(visit);
    const plain = (node) => ["start", "end"].includes(kindOf(node)) && !trigger(node);
    return order.filter((node) => !plain(node)).map((element) => {
      const block = { kind: GATEWAYS[element.$type] ? "gateway" : kindOf(element), id: element.id, element, attached: [] };
      return SCOPES.has(element.$type) ? { ...block, ...outline(element) } : block;
    });
  }
}

// The bodies directly inside a block.
function bodiesOf(block) {
  return block.branches ? block.branches.map((branch) => branch.body) : block.body ? [block.body] : [];
}

// The flow nodes that a block is made of on its own level: what is moved, wrapped or removed with it.
export function nodesOf(block) {
  const join = block.join ? [block.join] : [];
  const beside = (block.attached ?? []).flatMap((one) => [one.element, ...one.body.flatMap(nodesOf), ...(one.end ? [one.end] : [])]);
  const inside = (block.branches ?? []).flatMap((branch) => branch.body.flatMap(nodesOf));
  return [block.element, ...beside, ...inside, ...join];
}

// Whether an event at it leads back into the flow further on, so that it can't be taken out as it is.
export const leadsOn = (block) => (block.attached ?? []).some((one) => one.rejoins && one.rejoins !== block.join)
  || (block.branches ?? []).some((branch) => branch.body.some(leadsOn));

// The node at which a block begins, and the one at which it ends (undefined where nothing goes on from it).
export const firstNode = (block) => block.element;
export const lastNode = (block) => block.join ?? (block.branches || block.kind === "stop" ? undefined : block.element);

// Neighbouring steps of one operation stand under it; an operation of a single step is only its property.
function withOperations(body, operationOf) {
  const grouped = [];
  for (let i = 0; i < body.length;) {
    const name = body[i].kind === "step" ? operationOf(body[i].element) : "";
    let end = i + 1;
    while (name && end < body.length && body[end].kind === "step" && operationOf(body[end].element) === name) end += 1;
    const run = body.slice(i, end);
    grouped.push(...(run.length > 1 ? [{ kind: "operation", id: `operation:${run[0].id}`, name, element: run[0].element, body: run }] : run));
    i = end;
  }
  return grouped;
}

// The rows of the table, in order. `folded`: ids of groups whose rows are not shown. `pending`: the place where a person
// began a new row, {before | after: node} | {into: empty scope} | {on: flow of an empty branch} | {parameterOf: step}.
// `isQuiet`: whether something attached to a step needs no row of its own. A row is
// {key, kind, depth, parent, block, element, index, siblings, at, free}: `index` is the parameter it shows (-1 on groups),
// `siblings` and `at` say where its block stands. Empty groups and the end of the table always offer a new row.
export function rowsOf(tree, { parametersOf, operationOf = () => "", isQuiet = () => false, folded = new Set(), pending, process }) {
  const rows = [];
  const blank = (place, depth, parent) => rows.push({ key: `new:${placeKey(place)}`, kind: "new", depth, place, index: -1, parent });
  const wanted = pending && placeKey(pending);
  const blankAt = (how, node, depth, parent) => {
    if (node && wanted === placeKey({ [how]: node })) blank({ [how]: node }, depth, parent);
  };

  function list(body, depth, parent, place, free, shown = body) {
    for (const block of shown) {
      const isOperation = block.kind === "operation";
      const first = isOperation ? block.body[0] : block;
      if (!isOperation) blankAt("before", firstNode(first), depth, parent);
      add({ ...position(block, depth, parent), siblings: body, at: body.indexOf(first), free });
      if (!isOperation) blankAt("after", lastNode(block), depth, parent);
    }
    if (body.length || free) return;
    const mayBeEmpty = parent?.kind === "attached" || parent?.block.gateway?.$type === "bpmn:ExclusiveGateway";
    if (!mayBeEmpty || wanted === placeKey(place)) blank(place, depth, parent);
  }

  function position(block, depth, parent) {
    return { key: block.id, kind: block.kind, depth, block, element: block.element ?? block.flow, index: -1, parent };
  }

  function add(row) {
    const { block, depth } = row;
    if (row.kind !== "step") rows.push(row);
    else {
      const count = Math.max(1, parametersOf(block.element).length + (pending?.parameterOf === block.element ? 1 : 0));
      for (let index = 0; index < count; index += 1) rows.push({ ...row, key: `${block.id}#${index}`, index });
    }
    inside(row);
    for (const one of block.attached ?? []) if (!isQuiet(one)) add({ ...position(one, depth + 1, row), siblings: block.attached, at: 0 });
  }

  // What happens in it comes before what may happen to it.
  function inside(row) {
    const { block, depth } = row;
    if (folded.has(block.id)) return;
    if (row.kind === "operation") list(row.siblings, depth + 1, row, {}, false, block.body);
    else if (block.branches) {
      block.branches.forEach((branch, at) => {
        const branchRow = { ...position(branch, depth + 1, row), siblings: block.branches, at };
        rows.push(branchRow);
        if (!branch.goesOn && !folded.has(branch.id)) group(branch.body, depth + 2, branchRow, { on: branch.flow }, false);
      });
    } else if (block.body && (block.kind !== "attached" || block.body.length)) {
      group(block.body, depth + 1, row, { into: block.element }, block.free);
    }
  }

  function group(body, depth, parent, place, free) {
    list(body, depth, parent, place, free, free ? body : withOperations(body, operationOf));
  }

  group(tree.body, 0, undefined, { into: process }, tree.free);
  const tail = { key: "new:tail", kind: "new", depth: 0, place: { into: process }, index: -1, tail: true };
  if (!tree.free && rows.at(-1)?.key !== `new:${placeKey({ into: process })}`) rows.push(tail);
  return rows;
}

// The steps inside a block, at any depth.
export function stepsIn(block) {
  return [...(block.kind === "step" ? [block.element] : []), ...bodiesOf(block).flat().flatMap(stepsIn)];
}

function placeKey(place) {
  const [[how, where]] = Object.entries(place);
  return `${how}:${where?.id ?? ""}`;
}
